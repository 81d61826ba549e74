/**
 * The port to the one database of a node: ordered bytes to bytes, atomic batches, point-in-time iteration. `level-store.ts` keeps it in LevelDB on
 * disk; guests' worker threads open the same location to read state rows synchronously.
 */

export type BatchOp =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

/** Rows with `gte` <= key < `lt`. */
export interface Range {
  readonly gte: Uint8Array
  readonly lt: Uint8Array
  /** @default false: ascending */
  readonly reverse?: boolean
  /** @default no limit */
  readonly limit?: number
}

export interface Store {
  get(key: Uint8Array): Promise<Uint8Array | undefined>
  /** Blocks the thread for some microseconds; for single rows on hot paths. */
  getSync(key: Uint8Array): Uint8Array | undefined
  /**
   * All or nothing. `sync` waits for the disk (power loss); without it a process crash loses nothing. @default sync false
   * @throws STORE_FAILED the disk refused, nothing was stored; STORE_UNAVAILABLE it refused another batch before and is being looked at
   */
  batch(ops: readonly BatchOp[], options?: { sync?: boolean }): Promise<void>
  /** A view of the moment it was started. */
  iterate(range: Range): AsyncIterable<[Uint8Array, Uint8Array]>
  keys(range: Range): AsyncIterable<Uint8Array>
  /** Removes a whole range, in several batches when it is long. */
  clear(range: Range): Promise<void>
  close(): Promise<void>
}

/** Somebody who holds the database open beside the store: it is closed and opened again when the disk refused a batch. */
export interface StoreHolder {
  /** Closes it; resolves when it is closed. What wants to read waits. */
  release(): Promise<void>
  /** Opens it again. */
  resume(): Promise<void>
}

/** Why nothing is stored at present. */
export interface StoreTrouble {
  readonly sinceMs: number
  /** Why the disk refused. */
  readonly reason: string
  /** Times it was looked at in vain. */
  readonly tries: number
  /** Why the last look was in vain. */
  readonly lastLook?: string
}

/** The store as the node that owns it sees it. */
export interface NodeStore extends Store {
  /** Undefined while batches are taken. */
  readonly trouble: StoreTrouble | undefined
  /** Names who else holds the database open. */
  shareWith(holder: StoreHolder): void
  /** Calls when batches are taken again after a {@link trouble}. */
  whenMended(call: () => void): void
}
