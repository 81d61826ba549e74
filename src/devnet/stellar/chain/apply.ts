/** Applies one transaction: fee and sequence number first, which stay whatever happens, then its operations, of which all succeed or none. */
import { sha256 } from '../../../node/primitives/hash.ts'
import { nativeContract } from '../host/creation.ts'
import type { LedgerInfo } from '../storage/storage.ts'
import { XdrWriter } from '../codec/xdr.ts'
import { bidOf, fixedFee, levelOf, paidOperations } from './admit.ts'
import { accountOf, Changes, type Entries } from './changes.ts'
import { applyClassic } from './classic.ts'
import {
  applyExtend,
  applyInvoke,
  applyRestore,
  type ContractContext,
  type ContractOutcome,
} from './contracts.ts'
import { type Declared, publicKeyOf, type Transaction } from './envelope.ts'
import { feeEvent, transactionMeta } from './meta.ts'
import type { TransactionRecord } from './records.ts'
import { feeBumpResult, type OperationResult, transactionResult, TX, untried } from './results.ts'
import { SignatureChecker } from './signatures.ts'

export interface ApplyInit {
  readonly entries: Entries
  readonly info: LedgerInfo
  /** What randomness of contracts follows from. */
  readonly seed: Uint8Array
  readonly order: number
  /** What an operation pays in this ledger. */
  readonly rate: bigint
}

interface Applied {
  readonly results: readonly OperationResult[]
  readonly operations: readonly Changes[]
  readonly contract: ContractOutcome | undefined
}

export function applyTransaction(tx: Transaction, init: ApplyInit): TransactionRecord {
  const { entries, info, order } = init
  const { sequence, parameters } = info
  const before = new Changes(entries, sequence)
  const after = new Changes(entries, sequence)
  const payer = tx.outer?.source ?? tx.source
  const rate = init.rate * BigInt(paidOperations(tx))
  const inclusion = rate < bidOf(tx) ? rate : bidOf(tx)
  const declared = tx.declared?.fee ?? 0n
  addBalance(before, payer, -(inclusion + declared))
  const account = accountOf(entries, tx.source)
  if (account !== undefined) before.setAccount({ ...account, sequence: tx.body.seqNum })
  const { results, operations, contract } = applyOperations(tx, init)
  const isOk = results.every((one) => one.isOk)
  if (!isOk) for (const changes of [...operations].reverse()) changes.rollback()
  const fixed = tx.declared === undefined ? 0n : fixedFee(tx, tx.declared, parameters)
  const used = isOk ? (contract?.used ?? 0n) : 0n
  const refund = tx.declared === undefined ? 0n : declared - fixed - used
  if (refund > 0n) addBalance(after, payer, refund)
  const fee = inclusion + declared - refund
  const native = nativeContract(info.networkId)
  const feeEvents = [feeEvent(native, payer, inclusion + declared)]
  if (refund > 0n) feeEvents.push(feeEvent(native, payer, -refund))
  const events = isOk ? (contract?.events ?? []) : []
  const diagnostics = contract?.diagnostics ?? []
  const value = isOk ? contract?.value : undefined
  const rent = isOk ? (contract?.rent ?? 0n) : 0n
  const contracts = tx.declared === undefined ? undefined : { fixed, used, rent, value }
  return {
    ...{ id: tx.id, innerId: tx.innerId, envelope: tx.envelope, isOk, ledger: sequence, order },
    ...{ closeTime: Number(info.timestamp), isFeeBump: tx.outer !== undefined },
    ...{ events, diagnostics, feeEvents, hasContracts: tx.declared !== undefined },
    fee,
    inclusionFee: inclusion / BigInt(paidOperations(tx)),
    result: resultOf(tx, isOk, fee, results),
    meta: transactionMeta({
      ...{ before, operations, after, events, diagnostics, feeEvents, contracts },
    }),
  }
}

function addBalance(changes: Changes, publicKey: Uint8Array, amount: bigint): void {
  const account = accountOf(changes.entries, publicKey)
  if (account === undefined) return
  changes.setAccount({ ...account, balance: account.balance + amount })
}

function applyOperations(tx: Transaction, init: ApplyInit): Applied {
  const { entries, info } = init
  const results: OperationResult[] = []
  const operations: Changes[] = []
  let contract: ContractOutcome | undefined
  const checker = new SignatureChecker(tx)
  for (const { sourceAccount, body } of tx.body.operations) {
    const changes = new Changes(entries, info.sequence)
    operations.push(changes)
    const source = sourceAccount ? publicKeyOf(sourceAccount) : tx.source
    const account = accountOf(entries, source)
    if (account === undefined || !checker.agrees(account, levelOf(body))) {
      results.push(untried(account === undefined ? 'noAccount' : 'badAuth'))
    } else if (tx.declared === undefined) {
      results.push(applyClassic(body, source, changes, info.parameters))
    } else {
      contract = applyContract(tx, tx.declared, source, changes, init)
      results.push(contract.result)
    }
    // the others are tried nevertheless: each has a result of its own
    if (results.at(-1)?.isOk === false) changes.rollback()
  }
  return { results, operations, contract }
}

function applyContract(
  tx: Transaction,
  declared: Declared,
  source: Uint8Array,
  changes: Changes,
  { info, seed }: ApplyInit,
): ContractOutcome {
  const own = sha256(seed, tx.hash, new XdrWriter().u32(info.sequence).done())
  const refundable = declared.fee - fixedFee(tx, declared, info.parameters)
  const context: ContractContext = { changes, info, declared, refundable, seed: own }
  const body = tx.body.operations[0]?.body
  if (body?.type === 'extendFootprintTtl') return applyExtend(body.value, context)
  if (body?.type === 'restoreFootprint') return applyRestore(context)
  if (body?.type === 'invokeHostFunction') return applyInvoke(body.value, source, context)
  const result = untried('notSupported')
  return { result, used: 0n, rent: 0n, events: [], diagnostics: [], value: undefined }
}

function resultOf(
  tx: Transaction,
  isOk: boolean,
  fee: bigint,
  results: readonly OperationResult[],
): Uint8Array {
  const code = isOk ? TX.success : TX.failed
  const operations = results.map(({ xdr }) => xdr)
  if (tx.outer === undefined) return transactionResult(code, fee, operations)
  const result = transactionResult(code, 0n, operations)
  return feeBumpResult({ hash: tx.hash, result, isOk }, fee)
}
