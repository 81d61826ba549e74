/**
 * A disk that behaves as one does under LevelDB's log: what is written after a damaged record can be read through the same handle, and is gone
 * at the next opening.
 */
import type { Db, Disk } from '../../src/node/store/level-disk.ts'
import type { BatchOp } from '../../src/node/store/store.ts'
import { memoryLevel } from './memory-store.ts'

/** What the disk does with the next batch it refuses. */
export type Refusal =
  /** A part of the record is written. */
  | 'torn'
  /** All of it is, and syncing fails. */
  | 'unsynced'

interface Hooks {
  _batch(ops: BatchOp[], options: { sync?: boolean }): Promise<void>
}

export class TornDisk implements Disk {
  /** Batches are refused, in this way. */
  refuses: Refusal | undefined
  /** How many of the newest batches that were not synced the system drops when it refuses, or of all of them. */
  drops: { readonly unsynced: number } | { readonly all: number } | undefined
  /** There is no room, as long as it is refused. */
  get isFull(): boolean {
    return this.refuses !== undefined
  }
  readonly log: BatchOp[][] = []
  #safe = 0
  #torn: number | undefined
  #handles = 0
  /** Other handles of the same process. */
  others = 0
  opened = 0
  onOpen: () => void = () => {}
  probes = 0

  async open({ alone = false }: { alone?: boolean } = {}): Promise<Db> {
    this.onOpen()
    if (alone && this.#handles + this.others > 0)
      throw new TypeError('lock held by current process')
    if (this.isFull) throw new TypeError('no space to open')
    if (this.#handles + this.others === 0) this.#recover()
    const db = memoryLevel()
    await db.open()
    for (const ops of this.log) await db.batch(ops)
    this.#handles++
    this.opened++
    db.once('closed', () => this.#handles--)
    this.#hook(db as unknown as Hooks)
    return db
  }

  async probe(): Promise<void> {
    this.probes++
    if (this.isFull) throw new TypeError('no space left on device')
  }

  // what lies behind a damaged record is not read
  #recover(): void {
    if (this.#torn !== undefined) this.log.length = Math.min(this.log.length, this.#torn)
    this.#torn = undefined
    this.#safe = this.log.length
  }

  #hook(db: Hooks): void {
    const write = db._batch.bind(db)
    db._batch = async (ops, options) => {
      if (this.refuses !== undefined) {
        const { drops } = this
        if (drops !== undefined) {
          const most = 'all' in drops ? this.log.length : this.log.length - this.#safe
          this.log.length -= Math.min(most, 'all' in drops ? drops.all : drops.unsynced)
        }
        if (this.refuses === 'unsynced') this.log.push(ops.slice())
        this.#torn ??= this.log.length
        throw Object.assign(new TypeError('no space left on device'), { code: 'LEVEL_IO_ERROR' })
      }
      this.log.push(ops.slice())
      if (options.sync === true) this.#safe = this.log.length
      await write(ops, options)
    }
  }
}
