/**
 * What this process knows of the batches it gave to the disk, by their number: enough to say after the database was closed and opened again whether
 * all that was acknowledged is there and nothing that was refused, and to make it so.
 */
import { globalKey, u64be } from './keys.ts'
import type { BatchOp } from './store.ts'

/** Holds the number of the newest batch; written with each. */
const MARK_KEY = globalKey('batch')

/** The number of the newest batch in a database. */
export function markOf(bytes: Uint8Array | undefined): bigint {
  if (bytes === undefined || bytes.length !== 8) return 0n
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0)
}

interface Numbered {
  readonly number: bigint
  readonly ops: readonly BatchOp[]
}

/** A batch on its way, with its mark. */
export interface Attempt extends Numbered {
  readonly marked: BatchOp[]
}

export class Journal {
  #acknowledged: bigint
  /** Acknowledged since the last one that reached the disk for good. */
  #unsynced: Numbered[] = []
  /** The batch that was refused, and what takes it back. */
  #refused: { readonly number: bigint; readonly undo: readonly BatchOp[] } | undefined

  /** `newest` is the number of the newest batch in the database. */
  constructor(newest: bigint) {
    this.#acknowledged = newest
  }

  static readonly key: Uint8Array = MARK_KEY

  begin(ops: readonly BatchOp[]): Attempt {
    const number = this.#acknowledged + 1n
    return { number, ops, marked: [...ops, mark(number)] }
  }

  /** The disk took it. */
  acknowledge({ number, ops }: Attempt, isSynced: boolean): void {
    this.#acknowledged = number
    if (isSynced) this.#unsynced = []
    else this.#unsynced.push({ number, ops })
  }

  /** The disk refused it, or says so: it may have been written all the same. `read` gives what the rows held before. */
  refuse({ number, ops }: Attempt, read: (key: Uint8Array) => Uint8Array | undefined): void {
    const undo = ops.map(({ key }): BatchOp => {
      const value = read(key)
      return value === undefined ? { type: 'del', key } : { type: 'put', key, value }
    })
    this.#refused = { number, undo }
  }

  /**
   * What makes a database that was opened again equal to what was acknowledged, with its mark: nothing of the refused batch, all of those that
   * had not reached the disk for good. Undefined when older ones are gone: then nothing here can mend it.
   */
  mend(newest: bigint): BatchOp[] | undefined {
    const done = mark(this.#acknowledged)
    if (newest === this.#acknowledged) return [done]
    if (newest === this.#refused?.number) return [...this.#refused.undo, done]
    const missing = this.#unsynced.filter(({ number }) => number > newest)
    const isWhole = BigInt(missing.length) === this.#acknowledged - newest
    return newest < this.#acknowledged && isWhole
      ? [...missing.flatMap(({ ops }) => ops), done]
      : undefined
  }

  /** It was mended, for good. */
  mended(): void {
    this.#unsynced = []
    this.#refused = undefined
  }
}

function mark(number: bigint): BatchOp {
  return { type: 'put', key: MARK_KEY, value: u64be(number) }
}
