/**
 * {@link Store} in LevelDB. After a batch that the disk refused nothing is believed of the handle it was given to: LevelDB goes on after a
 * damaged record of its log, and all that it acknowledges from then on is gone at the next opening. So the database is closed, opened alone, compared
 * with what was acknowledged, and nothing is stored until it was.
 */
import type { AbstractBatchOptions } from 'abstract-level'
import { isMerogateError, toMerogateError } from '../errors.ts'
import { type Metrics, noMetrics } from '../metrics.ts'
import type { Clock, Timer } from '../primitives/clock.ts'
import { type Logger, silentLogger } from '../primitives/logger.ts'
import { storeError } from './errors.ts'
import { type Attempt, Journal, markOf } from './journal.ts'
import { type Db, type Disk, levelDisk } from './level-disk.ts'
import {
  CLEAR_BATCH_ROWS,
  MAX_GROUPED_BATCHES,
  MEND_MAX_MS,
  MEND_MIN_MS,
  SYNC_INTERVAL_MS,
} from './limits.ts'
import { type StoreMetrics, storeMetrics } from './metrics.ts'
import type { BatchOp, NodeStore, Range, StoreHolder, StoreTrouble } from './store.ts'

export interface LevelStoreInit {
  readonly disk: Disk
  /** What {@link disk} opened, and the number of the newest batch in it. */
  readonly db: Db
  readonly newest: bigint
}

export interface LevelStoreComponents {
  /** @default none: nothing is synced by itself, and a refused batch ends it all */
  readonly clock?: Clock
  readonly logger?: Logger
  readonly metrics?: Metrics
}

/** A batch whose caller waits. */
interface Waiting {
  readonly ops: readonly BatchOp[]
  readonly sync: boolean
  resolve(): void
  reject(error: unknown): void
}

export class LevelStore implements NodeStore {
  readonly #disk: Disk
  readonly #clock: Clock | undefined
  readonly #logger: Logger
  readonly #metrics: StoreMetrics
  readonly #journal: Journal
  readonly #holders: StoreHolder[] = []
  readonly #whenMended: (() => void)[] = []
  #db: Db
  /** Batches in order: one is written at a time, so that what was acknowledged is what came first. */
  #queue: Waiting[] = []
  #writing: Promise<void> | undefined
  #timer: Timer | undefined
  #trouble: StoreTrouble | undefined
  #mendTimer: Timer | undefined
  /** While the database is closed in order to be opened again. */
  #reopening: Promise<void> | undefined
  #isClosed = false

  constructor(init: LevelStoreInit, components: LevelStoreComponents = {}) {
    this.#disk = init.disk
    this.#db = init.db
    this.#journal = new Journal(init.newest)
    this.#clock = components.clock
    this.#logger = components.logger ?? silentLogger
    this.#metrics = storeMetrics(components.metrics ?? noMetrics)
    this.#metrics.available(true)
  }

  get trouble(): StoreTrouble | undefined {
    return this.#trouble
  }

  shareWith(holder: StoreHolder): void {
    this.#holders.push(holder)
  }

  whenMended(call: () => void): void {
    this.#whenMended.push(call)
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    await this.#reopening
    return this.#guard(() => this.#db.get(key))
  }

  getSync(key: Uint8Array): Uint8Array | undefined {
    try {
      return this.#db.getSync(key)
    } catch (cause) {
      throw this.#failure(cause)
    }
  }

  async *iterate(range: Range): AsyncIterable<[Uint8Array, Uint8Array]> {
    await this.#reopening
    try {
      for await (const row of this.#db.iterator(range)) yield row
    } catch (cause) {
      throw this.#failure(cause)
    }
  }

  async *keys(range: Range): AsyncIterable<Uint8Array> {
    await this.#reopening
    try {
      for await (const key of this.#db.keys(range)) yield key
    } catch (cause) {
      throw this.#failure(cause)
    }
  }

  async clear(range: Range): Promise<void> {
    let ops: BatchOp[] = []
    for await (const key of this.keys(range)) {
      ops.push({ type: 'del', key })
      if (ops.length < CLEAR_BATCH_ROWS) continue
      await this.batch(ops)
      ops = []
    }
    await this.batch(ops)
  }

  async batch(ops: readonly BatchOp[], options: { sync?: boolean } = {}): Promise<void> {
    if (ops.length === 0) return
    assertRows(ops)
    await this.#enqueue(ops, options.sync === true)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#timer?.cancel()
    this.#mendTimer?.cancel()
    await this.#writing
    this.#isClosed = true
    await this.#reopening?.catch(() => {})
    await this.#db.close()
  }

  #enqueue(ops: readonly BatchOp[], sync: boolean): Promise<void> {
    if (this.#isClosed) throw storeError('STORE_CLOSED', 'the database is closed')
    if (this.#trouble !== undefined) throw unavailable()
    return new Promise((resolve, reject) => {
      this.#queue.push({ ops, sync, resolve, reject })
      this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
    })
  }

  /** Writes what waits, in order; what came while one batch was written goes together as the next. */
  async #write(): Promise<void> {
    while (this.#queue.length > 0 && this.#trouble === undefined) {
      const group = this.#queue.splice(0, MAX_GROUPED_BATCHES)
      const sync = group.some((waiting) => waiting.sync)
      const attempt = this.#journal.begin(group.flatMap(({ ops }) => ops))
      // classic-level takes `sync`, abstract-level's type does not know it
      const options: AbstractBatchOptions<Uint8Array, Uint8Array> & { sync?: boolean } = { sync }
      try {
        await this.#db.batch(attempt.marked, options)
      } catch (cause) {
        this.#refused(attempt, group, cause)
        return
      }
      this.#journal.acknowledge(attempt, sync || this.#clock === undefined)
      if (!sync) this.#syncSoon()
      for (const { resolve } of group) resolve()
    }
  }

  // A synced write takes everything before it along: LevelDB's log is one file.
  #syncSoon(): void {
    this.#timer ??= this.#clock?.after(SYNC_INTERVAL_MS, () => {
      this.#timer = undefined
      // a refusal shows as trouble, and whoever writes next hears of it
      if (this.#trouble === undefined && !this.#isClosed) this.#enqueue([], true).catch(() => {})
    })
  }

  #refused(attempt: Attempt, group: readonly Waiting[], cause: unknown): void {
    const failure = storeError(
      'STORE_FAILED',
      'the disk refused to write, and nothing was stored: try again when the node is ready',
      {},
      { cause },
    )
    try {
      this.#journal.refuse(attempt, (key) => this.#db.getSync(key))
    } catch (error) {
      this.#logger.warn({ err: error }, 'rows of a refused batch cannot be read')
    }
    this.#timer?.cancel()
    this.#timer = undefined
    const sinceMs = this.#clock?.nowMs() ?? 0
    this.#trouble = { sinceMs, reason: innermost(cause), tries: 0 }
    this.#metrics.refused()
    this.#metrics.available(false)
    this.#logger.error(
      { err: failure },
      'the disk refused a batch: nothing is stored until the database was opened again and compared',
    )
    for (const { reject } of group) reject(failure)
    for (const { reject } of this.#queue.splice(0)) reject(unavailable())
    this.#mendLater(MEND_MIN_MS)
  }

  #mendLater(ms: number): void {
    this.#mendTimer = this.#clock?.after(ms, () => {
      void this.#mend(ms)
    })
  }

  async #mend(waitedMs: number): Promise<void> {
    const trouble = this.#trouble
    if (trouble === undefined || this.#isClosed) return
    try {
      await this.#disk.probe() // reading goes on while the disk takes nothing
      this.#reopening = Promise.resolve().then(() => this.#reopen()) // reads wait from now on
      await this.#reopening
      this.#trouble = undefined
      this.#metrics.available(true)
      this.#metrics.mended()
      this.#logger.info(
        { tries: trouble.tries + 1 },
        'the database was opened again, compared, and takes batches',
      )
      for (const call of this.#whenMended) call()
    } catch (error) {
      const tries = trouble.tries + 1
      this.#trouble = { ...trouble, tries, lastLook: innermost(error) }
      const isLost = isMerogateError(error, 'STORE_LOST')
      this.#logger[isLost ? 'error' : 'debug'](
        { err: error, tries },
        'the database cannot be written yet',
      )
      if (!isLost && !this.#isClosed) this.#mendLater(Math.min(waitedMs * 2, MEND_MAX_MS))
    } finally {
      this.#reopening = undefined
    }
  }

  /** Closes the database, everywhere, opens it alone to compare it, and then for all. */
  async #reopen(): Promise<void> {
    for (const holder of this.#holders) await holder.release()
    await this.#db.close()
    try {
      await this.#compare(await this.#disk.open({ alone: true }))
    } finally {
      this.#db = await this.#disk.open()
      for (const holder of this.#holders) await holder.resume()
    }
  }

  async #compare(db: Db): Promise<void> {
    try {
      const newest = markOf(await db.get(Journal.key))
      const ops = this.#journal.mend(newest)
      if (ops === undefined) {
        throw storeError(
          'STORE_LOST',
          'the disk lost batches that were acknowledged: start the node again, it goes on from what is there and asks members for the rest',
        )
      }
      const options: AbstractBatchOptions<Uint8Array, Uint8Array> & { sync?: boolean } = {
        sync: true,
      }
      await db.batch(ops, options)
      this.#journal.mended()
    } finally {
      await db.close()
    }
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw this.#failure(cause)
    }
  }

  #failure(cause: unknown): Error {
    if (isMerogateError(cause)) return cause
    const code = codeOf(cause)
    if (code === 'LEVEL_DATABASE_NOT_OPEN' || code === 'LEVEL_ITERATOR_NOT_OPEN') {
      return this.#isClosed
        ? storeError('STORE_CLOSED', 'the database is closed', {}, { cause })
        : unavailable(cause)
    }
    return storeError('STORE_FAILED', 'the database cannot be read', {}, { cause })
  }
}

/** A database in a folder: opened, or created. @throws STORE_LOCKED, STORE_FAILED */
export async function openLevelStore(
  location: string,
  components: LevelStoreComponents,
): Promise<LevelStore> {
  return openStore(levelDisk(location), components)
}

/** The store of a disk. @throws what opening does */
export async function openStore(disk: Disk, components: LevelStoreComponents): Promise<LevelStore> {
  const db = await disk.open()
  return new LevelStore({ disk, db, newest: markOf(await db.get(Journal.key)) }, components)
}

function unavailable(cause?: unknown): Error {
  return storeError(
    'STORE_UNAVAILABLE',
    'the disk refused to write and is being looked at: nothing was stored, try again when the node is ready',
    {},
    { cause },
  )
}

/** A batch of several callers must not fail for one of them. @throws STORE_FAILED */
function assertRows(ops: readonly BatchOp[]): void {
  for (const op of ops) {
    const isRow =
      op.key instanceof Uint8Array &&
      op.key.length > 0 &&
      (op.type === 'del' || op.value instanceof Uint8Array)
    if (!isRow) throw storeError('STORE_FAILED', 'expected rows of bytes, got something else')
  }
}

/** The words of the system behind an error. */
function innermost(error: unknown): string {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  return toMerogateError(inner).message
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}
