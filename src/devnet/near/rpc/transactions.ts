/** Sending transactions, and how far they are. */
import { z } from 'zod'
import { isMerogateError } from '../../../node/errors.ts'
import type { Chain, TransactionEntry } from '../chain/chain.ts'
import { TransactionRefused } from '../chain/failures.ts'
import { decodeTransaction } from '../codec/transaction.ts'
import type { Outcome, Transaction } from '../types.ts'
import { failure, parseError } from './errors.ts'
import { fromBase64, outcomeView, receiptView, statusView, transactionView } from './views.ts'

/** How far a transaction is, from nothing to all of it in final blocks. */
const LEVELS = [
  'NONE',
  'INCLUDED',
  'EXECUTED_OPTIMISTIC',
  'INCLUDED_FINAL',
  'EXECUTED',
  'FINAL',
] as const
export type Level = (typeof LEVELS)[number]

export interface SendParams {
  readonly signed_tx_base64: string
  readonly wait_until: Level
}

/** By hash, or by all of it. */
export interface LookupParams {
  readonly tx_hash?: string | undefined
  readonly signed_tx_base64?: string | undefined
  readonly wait_until: Level
}

export const sendSchema: z.ZodType<SendParams> = z.object({
  signed_tx_base64: z.string(),
  wait_until: z.enum(LEVELS).default('EXECUTED_OPTIMISTIC'),
})
export const lookupSchema: z.ZodType<LookupParams> = z.object({
  tx_hash: z.string().optional(),
  signed_tx_base64: z.string().optional(),
  wait_until: z.enum(LEVELS).default('EXECUTED_OPTIMISTIC'),
})

/** Waits until `look` finds something after a block, or undefined when it takes too long. */
export type WaitForBlocks = <T>(look: () => T | undefined) => Promise<T | undefined>

/** @throws RpcError */
export function decodeSigned(base64: string): Transaction {
  try {
    return decodeTransaction(fromBase64(base64))
  } catch (error) {
    if (!isMerogateError(error)) throw error
    throw parseError(`Failed parsing args: Failed to decode transaction: ${error.message}`)
  }
}

/** @throws RpcError */
export function submit(chain: Chain, transaction: Transaction): void {
  try {
    chain.submit(transaction)
  } catch (error) {
    if (!(error instanceof TransactionRefused)) throw error
    const data = { TxExecutionError: { InvalidTxError: error.error } }
    throw failure('INVALID_TRANSACTION', {}, data)
  }
}

/** What to look for. */
export interface StatusQuery {
  readonly hash: string
  readonly waitUntil: Level
  /** Known to whoever sends it: where a block left it out, the answer says why. */
  readonly transaction?: Transaction
  /** @default false */
  readonly withReceipts?: boolean
}

/** The answer when a transaction is as far as wanted; as with a node, one that nobody has seen is waited for. @throws RpcError */
export async function transactionStatus(
  chain: Chain,
  { hash, waitUntil, transaction, withReceipts = false }: StatusQuery,
  wait: WaitForBlocks,
): Promise<object> {
  const look = (): object | undefined => {
    const entry = chain.transaction(hash)
    if (entry === undefined && transaction !== undefined) submit(chain, transaction)
    if (entry?.outcome === undefined) return undefined
    const level = levelOf(chain, entry.outcome)
    if (LEVELS.indexOf(level) < LEVELS.indexOf(waitUntil)) return undefined
    return statusAnswer(chain, entry, entry.outcome, level, withReceipts)
  }
  const found = look() ?? (waitUntil === 'NONE' ? undefined : await wait(look))
  if (found !== undefined) return found
  if (waitUntil !== 'NONE') throw failure('TIMEOUT_ERROR', {}, 'Timeout', 408)
  throw failure(
    'UNKNOWN_TRANSACTION',
    { requested_transaction_hash: hash },
    `Transaction ${hash} doesn't exist`,
  )
}

/** Outcomes of all receipts that followed from a transaction, in the order of their parents. */
function outcomesOf(chain: Chain, { receiptIds }: Outcome): (Outcome | { readonly id: string })[] {
  return receiptIds.flatMap((id) => {
    const outcome = chain.outcome(id)
    return outcome === undefined ? [{ id }] : [outcome, ...outcomesOf(chain, outcome)]
  })
}

function levelOf(chain: Chain, outcome: Outcome): Level {
  const final = chain.blocks.final.height
  const all = outcomesOf(chain, outcome)
  const isRefund = ({ id }: { id: string }): boolean =>
    chain.receipt(id)?.predecessorId === 'system'
  const isDone = (one: object): one is Outcome => 'height' in one
  const isExecuted = all.every((one) => isDone(one) || isRefund(one))
  if (outcome.height > final) return isExecuted ? 'EXECUTED_OPTIMISTIC' : 'INCLUDED'
  if (!isExecuted) return 'INCLUDED_FINAL'
  return all.every((one) => isDone(one) && one.height <= final) ? 'FINAL' : 'EXECUTED'
}

/** Follows receipts that hand their result on. */
function finalStatus(chain: Chain, { status }: Outcome): object | string {
  if (status.type !== 'receipt') return statusView(status)
  const next = chain.outcome(status.id)
  return next === undefined ? 'Started' : finalStatus(chain, next)
}

function statusAnswer(
  chain: Chain,
  { transaction }: TransactionEntry,
  outcome: Outcome,
  level: Level,
  withReceipts: boolean,
): object {
  const outcomes = outcomesOf(chain, outcome).filter((one) => 'height' in one)
  const receipts = outcomes.flatMap(({ id }) => {
    const receipt = chain.receipt(id)
    return receipt === undefined ? [] : [receiptView(receipt)]
  })
  return {
    final_execution_status: level,
    status: finalStatus(chain, outcome),
    transaction: transactionView(transaction),
    transaction_outcome: outcomeView(outcome),
    receipts_outcome: outcomes.map(outcomeView),
    ...(withReceipts ? { receipts } : {}),
  }
}
