/** What the cycles ledger holds. Replaced and never changed in place. */

/** An operation that is not done twice. */
export interface LedgerBlock {
  /** Hash of who asked for what, with the time that the asker gave it. */
  readonly key: string
  readonly time: bigint
  /** Canister that it made. */
  readonly canister: Uint8Array | undefined
}

export interface LedgerState {
  /** Cycles by account: owner and sub-account, hexadecimal. */
  readonly balances: ReadonlyMap<string, bigint>
  /** By number. */
  readonly blocks: readonly LedgerBlock[]
}

export const EMPTY_LEDGER: LedgerState = { balances: new Map(), blocks: [] }
