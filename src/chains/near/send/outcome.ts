/** What became of a transaction: of its call of the contract, and of what that hands its answer over to, whatever became of refunds and of all else that followed. */
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { badAnswer, type Refusal } from '../../../node/anchor/errors.ts'
import type { Mined } from '../../shared/delivery.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { envelopeIn, refusalIn, refusalToldBy } from '../contracts/codec.ts'
import { HASH, readBlock } from '../rpc/head.ts'
import { rpcErrorKind } from '../rpc/rpc-errors.ts'

/** Names of transactions: hash and account, for endpoints look them up by both. */
export const TRANSACTION: RegExp = /^[1-9A-HJ-NP-Za-km-z]{32,44}@[a-z\d._-]{2,64}$/

export function transactionName(hash: string, account: string): string {
  return `${hash}@${account}`
}

const OUTCOME = z.object({
  id: z.string(),
  block_hash: z.string().regex(HASH),
  outcome: z.object({
    executor_id: z.string(),
    receipt_ids: z.array(z.string()),
    gas_burnt: z.union([z.int(), z.string()]).transform(BigInt),
    tokens_burnt: z
      .string()
      .regex(/^\d{1,39}$/)
      .transform(BigInt),
    status: z.union([
      z.object({ SuccessValue: z.string() }),
      z.object({ SuccessReceiptId: z.string() }),
      z.object({ Failure: z.unknown() }),
      z.literal('Unknown'),
    ]),
  }),
})

const ACTION = z.union([
  z.object({ FunctionCall: z.object({ method_name: z.string(), args: z.string() }) }),
  z.unknown().transform(() => undefined),
])

const ANSWER = z.object({
  transaction: z
    .object({ receiver_id: z.string(), actions: z.array(ACTION), hash: z.string() })
    .optional(),
  transaction_outcome: OUTCOME.optional(),
  receipts_outcome: z.array(OUTCOME).optional(),
})

type Answer = z.infer<typeof ANSWER>
type Outcome = z.infer<typeof OUTCOME>

/** How far a transaction has come: `pending` it is known and its call was not executed yet. */
export type Seen =
  | { readonly state: 'pending'; readonly isIncluded: boolean }
  | ({ readonly state: 'done' } & Executed)

/** Its call was executed. */
export interface Executed {
  readonly mined: Mined
  /** Of the contract, when it refused in its own words. */
  readonly refusal?: Refusal | undefined
  /** The call of the contract that the transaction makes; undefined when it makes none, or more. */
  readonly call?: { readonly receiver: string; readonly method: string; readonly args: Uint8Array }
  /** Of all receipts together, as far as they are known. */
  readonly gasBurnt: bigint
  readonly tokensBurnt: bigint
}

/** Characters of a failure that are told on. */
const MAX_FAILURE_CHARS = 300

const numbers = new LRUCache<string, number>({ max: 256 })

/** What an endpoint knows of a transaction now; undefined when it does not know it. @throws ANCHOR_BAD_ANSWER (protocol), CHAIN_RPC */
export async function readOutcome(
  endpoint: Endpoint,
  transaction: string,
): Promise<Seen | undefined> {
  const [hash = '', account = ''] = transaction.split('@')
  let answer: unknown
  try {
    answer = await endpoint.send('tx', {
      tx_hash: hash,
      sender_account_id: account,
      wait_until: 'NONE',
    })
  } catch (error) {
    if (rpcErrorKind(error) === 'unknown') return undefined
    throw error
  }
  const { data } = ANSWER.safeParse(answer)
  if (data === undefined) throw badAnswer(endpoint.name, 'a transaction of another shape')
  const called = calledOf(data)
  if (called === undefined) {
    return { state: 'pending', isIncluded: data.transaction_outcome !== undefined }
  }
  const { status } = called.outcome
  if (status === 'Unknown') return { state: 'pending', isIncluded: true }
  const failure = 'Failure' in status ? JSON.stringify(status.Failure) : undefined
  const made = callOf(data)
  const all = [data.transaction_outcome, ...(data.receipts_outcome ?? [])]
  const sum = (of: 'gas_burnt' | 'tokens_burnt'): bigint =>
    all.reduce((total, each) => total + (each?.outcome[of] ?? 0n), 0n)
  return {
    state: 'done',
    mined: {
      transaction,
      block: BigInt(await heightOf(endpoint, called.block_hash)),
      succeeded: failure === undefined,
      ...(failure === undefined ? {} : { failure: failure.slice(0, MAX_FAILURE_CHARS) }),
    },
    refusal:
      failure === undefined
        ? refusalToldBy(made.call?.method, valueOf(status))
        : refusalIn(failure),
    ...made,
    ...{ gasBurnt: sum('gas_burnt'), tokensBurnt: sum('tokens_burnt') },
  }
}

/**
 * The outcome of the receipt that calls the contract, or of the one that answers in its place; of the transaction when there came none of it. Undefined while
 * that is not known.
 */
function calledOf({
  transaction_outcome: own,
  receipts_outcome: all = [],
}: Answer): Outcome | undefined {
  if (own === undefined) return undefined
  const { status, receipt_ids: ids } = own.outcome
  if (status !== 'Unknown' && 'Failure' in status) return own
  let found = all.find(({ id }) => id === (nextOf(own) ?? ids[0]))
  // each is looked at once: receipts of a lie might go in a circle
  for (let seen = 0; found !== undefined && seen < all.length; seen++) {
    const next = nextOf(found)
    if (next === undefined) return found
    found = all.find(({ id }) => id === next)
  }
  return undefined
}

/** The receipt that answers in the place of another. */
function nextOf({ outcome: { status } }: Outcome): string | undefined {
  return status !== 'Unknown' && 'SuccessReceiptId' in status ? status.SuccessReceiptId : undefined
}

function valueOf(status: Exclude<Outcome['outcome']['status'], 'Unknown'>): Uint8Array | undefined {
  if (!('SuccessValue' in status)) return undefined
  return new Uint8Array(Buffer.from(status.SuccessValue, 'base64'))
}

function callOf({ transaction }: Answer): Pick<Executed, 'call'> {
  const [action, ...others] = transaction?.actions ?? []
  if (transaction === undefined || action === undefined || others.length > 0) return {}
  const { method_name: method, args } = action.FunctionCall
  return {
    call: {
      receiver: transaction.receiver_id,
      method,
      args: new Uint8Array(Buffer.from(args, 'base64')),
    },
  }
}

async function heightOf(endpoint: Endpoint, hash: string): Promise<number> {
  const known = numbers.get(hash)
  if (known !== undefined) return known
  const { number } = await readBlock(endpoint, { block_id: hash })
  numbers.set(hash, number)
  return number
}

/** Where a transaction lies that delivers this very envelope to a contract; `another` when it does something else. */
export async function readDelivery(
  endpoint: Endpoint,
  address: string,
  transaction: string,
  envelope: Uint8Array,
): Promise<Mined | 'another' | undefined> {
  const seen = await readOutcome(endpoint, transaction)
  if (seen?.state !== 'done') return undefined
  const { call, mined } = seen
  const isOurs = call?.receiver === address && call.method === 'apply'
  const delivered = isOurs ? envelopeIn(call.args) : undefined
  return delivered !== undefined && Buffer.compare(delivered, envelope) === 0 ? mined : 'another'
}
