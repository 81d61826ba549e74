/**
 * The port to the one database of a node: ordered bytes to bytes, atomic batches, point-in-time iteration. `LevelStore` keeps it in LevelDB on
 * disk; guests' worker threads open the same location to read state rows synchronously.
 */
import type { AbstractBatchOptions, AbstractLevel } from 'abstract-level'
import { Level } from 'level'
import { EMPTY } from '../primitives/bytes.ts'
import type { Clock, Timer } from '../primitives/clock.ts'
import { storeError } from './errors.ts'
import { globalKey } from './keys.ts'

/** Longest time between a batch and its safety from power loss, ms. */
export const SYNC_INTERVAL_MS = 50

const SYNC_KEY = globalKey('synced')

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
  /** All or nothing. `sync` waits for the disk (power loss); without it a process crash loses nothing. @default sync false */
  batch(ops: readonly BatchOp[], options?: { sync?: boolean }): Promise<void>
  /** A view of the moment it was started. */
  iterate(range: Range): AsyncIterable<[Uint8Array, Uint8Array]>
  keys(range: Range): AsyncIterable<Uint8Array>
  /** Removes a whole range. */
  clear(range: Range): Promise<void>
  close(): Promise<void>
}

type Db = AbstractLevel<string | Buffer | Uint8Array, Uint8Array, Uint8Array>

/** {@link Store} over any abstract-level database that was opened with `view` encodings. */
export class LevelStore implements Store {
  readonly #db: Db
  readonly #clock: Clock | undefined
  #timer: Timer | undefined

  /** With a clock, unsynced batches reach the disk for good within {@link SYNC_INTERVAL_MS}. */
  constructor(db: Db, clock?: Clock) {
    this.#db = db
    this.#clock = clock
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#guard(() => this.#db.get(key))
  }

  getSync(key: Uint8Array): Uint8Array | undefined {
    try {
      return this.#db.getSync(key)
    } catch (cause) {
      throw failure(cause)
    }
  }

  async batch(ops: readonly BatchOp[], options: { sync?: boolean } = {}): Promise<void> {
    if (ops.length === 0) return
    // classic-level takes `sync`, abstract-level's type does not know it
    const settings: AbstractBatchOptions<Uint8Array, Uint8Array> & { sync?: boolean } = options
    await this.#guard(() => this.#db.batch([...ops], settings))
    if (options.sync !== true) this.#syncSoon()
  }

  async *iterate(range: Range): AsyncIterable<[Uint8Array, Uint8Array]> {
    try {
      for await (const row of this.#db.iterator(range)) yield row
    } catch (cause) {
      throw failure(cause)
    }
  }

  async *keys(range: Range): AsyncIterable<Uint8Array> {
    try {
      for await (const key of this.#db.keys(range)) yield key
    } catch (cause) {
      throw failure(cause)
    }
  }

  async clear(range: Range): Promise<void> {
    await this.#guard(() => this.#db.clear(range))
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    await this.#db.close()
  }

  // A synced write takes everything before it along: LevelDB's log is one file.
  #syncSoon(): void {
    if (this.#clock === undefined || this.#timer !== undefined) return
    this.#timer = this.#clock.after(SYNC_INTERVAL_MS, () => {
      this.#timer = undefined
      const settings: AbstractBatchOptions<Uint8Array, Uint8Array> & { sync?: boolean } = {
        sync: true,
      }
      this.#db.batch([{ type: 'put', key: SYNC_KEY, value: EMPTY }], settings).catch(() => {
        // the next write meets the same disk, and its caller hears of it
      })
    })
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw failure(cause)
    }
  }
}

function failure(cause: unknown): Error {
  const code = codeOf(cause)
  if (code === 'LEVEL_DATABASE_NOT_OPEN' || code === 'LEVEL_ITERATOR_NOT_OPEN') {
    return storeError('STORE_CLOSED', 'the database is closed', {}, { cause })
  }
  return storeError('STORE_FAILED', `the database failed: ${String(cause)}`, {}, { cause })
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}

/** Opens or creates the database in a folder. @throws STORE_LOCKED, STORE_FAILED */
export async function openLevelStore(location: string, clock: Clock): Promise<Store> {
  const db = new Level<Uint8Array, Uint8Array>(location, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    multithreading: true,
  })
  try {
    await db.open()
  } catch (cause) {
    const inner = cause instanceof Error ? cause.cause : undefined
    if (codeOf(inner) === 'LEVEL_LOCKED') {
      throw storeError(
        'STORE_LOCKED',
        `another process uses ${location}: stop it, or choose another home`,
        { location },
        { cause },
      )
    }
    throw storeError(
      'STORE_FAILED',
      `cannot open the database in ${location}: ${String(inner ?? cause)}`,
      { location },
      { cause },
    )
  }
  return new LevelStore(db, clock)
}
