/** What is kept of ledgers and transactions for those who ask. */
import type { HostEvent } from '../host/events.ts'

export interface TransactionRecord {
  /** Hexadecimal hash. */
  readonly id: string
  /** That of the transaction within, where another pays around it; otherwise the same. */
  readonly innerId: string
  readonly envelope: Uint8Array
  /** XDR of its result and of what it changed. */
  readonly result: Uint8Array
  readonly meta: Uint8Array
  readonly isOk: boolean
  readonly ledger: number
  /** Seconds since the Unix epoch. */
  readonly closeTime: number
  /** Place in the ledger, from 1. */
  readonly order: number
  readonly isFeeBump: boolean
  readonly events: readonly HostEvent[]
  readonly diagnostics: readonly HostEvent[]
  /** XDR of events about fees. */
  readonly feeEvents: readonly Uint8Array[]
  /** Stroops that it paid. */
  readonly fee: bigint
  /** What it paid for being taken, an operation. */
  readonly inclusionFee: bigint
  readonly hasContracts: boolean
}

export interface LedgerRecord {
  readonly sequence: number
  /** Seconds since the Unix epoch. */
  readonly closeTime: number
  readonly hash: Uint8Array
  /** XDR of header and meta. */
  readonly header: Uint8Array
  readonly meta: Uint8Array
  readonly transactions: readonly TransactionRecord[]
}
