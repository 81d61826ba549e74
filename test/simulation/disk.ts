/**
 * The disk of one machine, which outlives its processes: what is safe from a loss of power, and a log of batches after it. Behaves as LevelDB does
 * when the log cannot be written: what is written through the same handle afterwards can be read, and is gone after the next opening.
 */
import type { Logger } from '../../src/node/primitives/logger.ts'
import type { Disk } from '../../src/node/store/level-disk.ts'
import { openStore } from '../../src/node/store/level-store.ts'
import type { BatchOp, NodeStore } from '../../src/node/store/store.ts'
import { memoryLevel } from '../support/memory-store.ts'
import { SimBlobFiles } from './blobs.ts'
import type { Life } from './life.ts'
import type { SimRandom } from './random.ts'
import type { Tally } from './tally.ts'

/** Longest time of a batch that waits for the disk, and of one that does not, ms. */
const SYNCED_MS = 8
const UNSYNCED_MS = 0.5
/** Share of reads that take up to a millisecond, the others none: what runs beside a read must be able to overtake it. */
const SLOW_READS = 0.05

/** The hooks that databases implement; abstract-level's types hide them. */
interface Hooks {
  _batch(ops: BatchOp[], options: { sync?: boolean }): Promise<void>
  _clear(options: object): Promise<void>
}

type Db = ReturnType<typeof memoryLevel>

export class SimDisk {
  readonly blobs: SimBlobFiles = new SimBlobFiles(() => this.isFull)
  readonly #tally: Tally
  /** Survives a loss of power. By key, as text. */
  readonly #safe = new Map<string, Uint8Array>()
  /** Written since; survives the end of a process. */
  readonly #log: (readonly BatchOp[])[] = []
  /** Batches of the log that can be read back, when one after them was written in part only. */
  #readable: number | undefined
  /** Writes are refused. */
  isFull = false

  constructor(tally: Tally) {
    this.#tally = tally
  }

  /** Opens the database for one life. */
  async open(life: Life, random: SimRandom, logger: Logger): Promise<NodeStore> {
    const disk: Disk = {
      open: () => life.outlives(this.#open(life, random)),
      probe: async () => {
        await life.pass(random.below(SYNCED_MS * 1000) / 1000)
        if (this.isFull) throw noSpace()
      },
    }
    return withDelays(await openStore(disk, { clock: life, logger }), life, random)
  }

  async #open(life: Life, random: SimRandom): Promise<Db> {
    await life.pass(random.below(20_000) / 1000)
    if (this.isFull) throw noSpace()
    this.#forgetTorn()
    const db = memoryLevel()
    await db.open()
    await db.batch([...this.#safe].map(([key, value]) => put(fromText(key), value)))
    for (const ops of this.#log) await db.batch([...ops])
    this.#hook(db, life, random)
    return db
  }

  /** The power goes: a random part of what was not synced is gone, the newest first. @returns batches lost */
  losePower(random: SimRandom): number {
    this.#forgetTorn()
    const kept = random.below(this.#log.length + 1)
    const lost = this.#log.length - kept
    this.#log.length = kept
    this.#fold()
    return lost
  }

  #hook(db: Db, life: Life, random: SimRandom): void {
    const hooks = db as unknown as Hooks
    const write = hooks._batch.bind(db)
    let isBroken = false
    // LevelDB writes one batch after the other
    let last: Promise<void> = Promise.resolve()
    const batch: Hooks['_batch'] = async (ops, options) => {
      const isSynced = options.sync === true
      const ms = random.below((isSynced ? SYNCED_MS : UNSYNCED_MS) * 1000) / 1000
      if (isSynced) await life.pass(ms)
      if (!life.isAlive) return never()
      if (isBroken) throw noSpace()
      if (this.isFull) {
        this.#tally.count('writes refused')
        this.#readable ??= this.#log.length
        isBroken = isSynced // as LevelDB: after a failed sync nothing is known of the log any more
        throw noSpace()
      }
      this.#log.push(ops.map((op) => (op.type === 'put' ? put(op.key, op.value.slice()) : op)))
      if (isSynced && this.#readable === undefined) this.#fold()
      await write(ops, options)
      if (!isSynced) await life.pass(ms)
    }
    hooks._batch = (ops, options) => {
      const mine = last.then(() => batch(ops, options))
      last = mine.catch(() => {})
      return mine
    }
    hooks._clear = async (options) => {
      const ops: BatchOp[] = []
      for await (const key of db.keys(options)) ops.push({ type: 'del', key })
      await hooks._batch(ops, {})
    }
  }

  /** Everything logged becomes safe. */
  #fold(): void {
    for (const ops of this.#log) {
      for (const op of ops) {
        if (op.type === 'put') this.#safe.set(toText(op.key), op.value)
        else this.#safe.delete(toText(op.key))
      }
    }
    this.#log.length = 0
  }

  /** A log is read up to the first damaged record. */
  #forgetTorn(): void {
    if (this.#readable === undefined) return
    this.#tally.count('batches behind a torn one', this.#log.length - this.#readable)
    this.#log.length = this.#readable
    this.#readable = undefined
    this.#fold()
  }
}

/** What a store costs in time, and that nothing of it reaches a process that has ended. */
function withDelays(level: NodeStore, life: Life, random: SimRandom): NodeStore {
  const read = async <T>(work: () => Promise<T>): Promise<T> => {
    if (random.chance(SLOW_READS)) await life.pass(random.below(1000) / 1000)
    return life.outlives(work())
  }
  return {
    batch: (ops, options) => life.outlives(level.batch(ops, options)),
    get: (key) => read(() => level.get(key)),
    getSync: (key) => level.getSync(key),
    iterate: (range) => level.iterate(range),
    keys: (range) => level.keys(range),
    clear: (range) => life.outlives(level.clear(range)),
    close: () => level.close(),
    get trouble() {
      return level.trouble
    },
    shareWith: (holder) => level.shareWith(holder),
    whenMended: (call) => level.whenMended(call),
  }
}

function put(key: Uint8Array, value: Uint8Array): BatchOp {
  return { type: 'put', key, value }
}

function never(): Promise<never> {
  return new Promise(() => {})
}

function noSpace(): Error {
  return Object.assign(new TypeError('IO error: No space left on device'), {
    code: 'LEVEL_IO_ERROR',
  })
}

function toText(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1')
}

function fromText(key: string): Uint8Array {
  return new Uint8Array(Buffer.from(key, 'latin1'))
}
