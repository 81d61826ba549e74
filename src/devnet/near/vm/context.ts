/** What a call knows of the chain, and what it leaves behind. */
import type { Action } from '../types.ts'
import type { VmError } from './errors.ts'

export interface CallContext {
  readonly accountId: string
  readonly signerId: string
  /** Type and key, as bytes. */
  readonly signerKey: Uint8Array
  readonly predecessorId: string
  readonly input: Uint8Array
  readonly chainId: string
  readonly height: number
  /** Nanoseconds. */
  readonly timestamp: bigint
  readonly epoch: number
  /** With the deposit. */
  readonly balance: bigint
  readonly locked: bigint
  readonly storage: bigint
  readonly deposit: bigint
  readonly gas: bigint
  readonly seed: Uint8Array
  readonly isView: boolean
  /** Undefined: that promise failed. */
  readonly results: readonly (Uint8Array | undefined)[]
  /** Where the returned value will be sent. */
  readonly outputs: number
}

/** The contract's own storage, and ids for what it makes. */
export interface CallState {
  read(key: Uint8Array): Uint8Array | undefined
  /** @returns what was there */
  write(key: Uint8Array, value: Uint8Array | undefined): Uint8Array | undefined
  newDataId(): string
}

/** A receipt that the contract made. */
export interface PromisedReceipt {
  readonly receiverId: string
  readonly actions: Action[]
  readonly inputs: string[]
  readonly outputs: { readonly dataId: string; readonly receiverId: string }[]
}

export interface CallOutcome {
  readonly error: VmError | undefined
  readonly logs: readonly string[]
  readonly gasBurnt: bigint
  /** With what was given to promises. */
  readonly gasUsed: bigint
  readonly balance: bigint
  readonly storage: bigint
  /** A value, or the receipt whose result is the call's. */
  readonly result: { readonly value: Uint8Array } | { readonly receipt: number }
  readonly receipts: readonly PromisedReceipt[]
}
