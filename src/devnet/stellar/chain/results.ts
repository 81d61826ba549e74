/** Results of transactions and operations, as XDR and by the numbers that XDR gives them. */
import { XdrWriter } from '../codec/xdr.ts'

export const TX = {
  success: 0,
  feeBumpSuccess: 1,
  failed: -1,
  tooEarly: -2,
  tooLate: -3,
  noOperation: -4,
  badSequence: -5,
  badAuth: -6,
  insufficientBalance: -7,
  noAccount: -8,
  insufficientFee: -9,
  badAuthExtra: -10,
  notSupported: -12,
  feeBumpFailed: -13,
  malformed: -16,
  contractInvalid: -17,
} as const

/** Kinds of operations, as they stand in results. */
export const OPERATION = {
  createAccount: 0,
  payment: 1,
  setOptions: 5,
  accountMerge: 8,
  bumpSequence: 11,
  invoke: 24,
  extend: 25,
  restore: 26,
} as const

/** Of operations that were not tried. */
const OP = { badAuth: -1, noAccount: -2, notSupported: -3 } as const

/** A result of an operation: XDR, and whether it went well. */
export interface OperationResult {
  readonly xdr: Uint8Array
  readonly isOk: boolean
}

/** A result of an operation that was tried; 0: it went well. `more`: what its kind has behind that. */
export function operationResult(kind: number, code: number, more?: Uint8Array): OperationResult {
  const w = new XdrWriter().u32(0).u32(kind).u32(code)
  return { xdr: (more === undefined ? w : w.raw(more)).done(), isOk: code === 0 }
}

export function untried(code: keyof typeof OP): OperationResult {
  return { xdr: new XdrWriter().u32(OP[code]).done(), isOk: false }
}

/** XDR of `TransactionResult`; `operations` where they were tried. */
export function transactionResult(
  code: number,
  fee = 0n,
  operations?: readonly Uint8Array[],
): Uint8Array {
  const w = new XdrWriter().u64(fee).u32(code)
  if (operations !== undefined) {
    w.u32(operations.length)
    for (const one of operations) w.raw(one)
  }
  return w.u32(0).done()
}

/** The result of a transaction whose fee another account pays. */
export function feeBumpResult(
  inner: { readonly hash: Uint8Array; readonly result: Uint8Array; readonly isOk: boolean },
  fee: bigint,
): Uint8Array {
  const w = new XdrWriter().u64(fee).u32(inner.isOk ? TX.feeBumpSuccess : TX.feeBumpFailed)
  return w.raw(inner.hash).raw(inner.result).u32(0).done()
}
