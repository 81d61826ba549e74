/**
 * Rows of guest state as a worker reads them: the port to whoever stores them, a bounded cache per context, and the writes of one call over
 * both. Keys are texts with one character per byte (latin1), 32 of them: maps compare them by value.
 */
import { platform } from '#platform'
import type { StateWrite } from '../engine.ts'
import { sizedHostError } from '../errors.ts'
import { MAX_CACHED_BYTES, MAX_INDEX_BYTES } from '../limits.ts'

/** Synchronous reads of stored rows. `context` is the number that prefixes a context's rows. */
export interface StateReader {
  /** A row of shared state; `key` has 32 bytes. */
  get(context: number, key: Uint8Array): Uint8Array | undefined
  /** A node-local row of `private_storage_*`; `key` has 32 bytes. */
  getPrivate(context: number, key: Uint8Array): Uint8Array | undefined
  /** All node-local rows of `storage_index_*`, in key order; keys of any length. */
  index(context: number): AsyncIterable<readonly [Uint8Array, Uint8Array]>
}

const NOTHING: StateReader = {
  get: () => undefined,
  getPrivate: () => undefined,
  index: async function* () {},
}

/** Fixed cost of a cached row, beside its value: key, map entry, array header. */
const ROW_OVERHEAD = 200

/** One character per byte. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

/** The bytes of a {@link latin1} text. */
export function latin1Bytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

/**
 * The 32 bytes under which a guest's key is stored. The SDKs use digests of that size only; others are hashed, so that every row has
 * the same shape and no two keys meet (the original zero-pads short keys and forgets long ones).
 */
export function rowKeyOf(key: string): string {
  return key.length === 32 ? key : latin1(platform.sha256(latin1Bytes(key)))
}

/** The rows of one context, cached: what is stored, with the writes of calls whose outcome was handed over. */
export class ContextRows {
  readonly #reader: StateReader
  readonly #context: number
  readonly #shared = new Map<string, Uint8Array | undefined>()
  readonly #private = new Map<string, Uint8Array | undefined>()
  /** Ordered index rows, loaded at once; `undefined` until {@link loadIndex}. */
  index: OrderedIndex | undefined
  #bytes = 0

  constructor(reader: StateReader, context: number) {
    this.#reader = reader
    this.#context = context
  }

  /** Rows of nothing. */
  static empty(): ContextRows {
    const rows = new ContextRows(NOTHING, 0)
    rows.index = new OrderedIndex()
    return rows
  }

  get(key: string): Uint8Array | undefined {
    const value = this.#shared.get(key)
    if (value !== undefined || this.#shared.has(key)) return value
    return this.#keep(this.#shared, key, this.#reader.get(this.#context, latin1Bytes(key)))
  }

  getPrivate(key: string): Uint8Array | undefined {
    const value = this.#private.get(key)
    if (value !== undefined || this.#private.has(key)) return value
    return this.#keep(this.#private, key, this.#reader.getPrivate(this.#context, latin1Bytes(key)))
  }

  /** Takes over what a successful call wrote. */
  absorb(shared: Overlay, hidden: Overlay): void {
    for (const [key, value] of shared) this.#keep(this.#shared, key, value)
    for (const [key, value] of hidden) this.#keep(this.#private, key, value)
  }

  /**
   * Forgets rows when there are too many. Only between calls of the context: then all rows are stored, so that each can be read again.
   */
  trim(): void {
    if (this.#bytes <= MAX_CACHED_BYTES) return
    this.#shared.clear()
    this.#private.clear()
    this.#bytes = 0
  }

  async loadIndex(): Promise<void> {
    if (this.index !== undefined) return
    const index = new OrderedIndex()
    for await (const [key, value] of this.#reader.index(this.#context))
      index.load(latin1(key), value)
    this.index = index
  }

  #keep(
    rows: Map<string, Uint8Array | undefined>,
    key: string,
    value: Uint8Array | undefined,
  ): Uint8Array | undefined {
    const known = rows.has(key)
    this.#bytes += (value?.length ?? 0) - (rows.get(key)?.length ?? 0) + (known ? 0 : ROW_OVERHEAD)
    rows.set(key, value)
    return value
  }
}

/** Writes of a call; `undefined` removes. */
export type Overlay = Map<string, Uint8Array | undefined>

/** An overlay as rows to store. */
export function overlayWrites(overlay: Overlay): StateWrite[] {
  const out: StateWrite[] = []
  for (const [key, value] of overlay) out.push({ key: latin1Bytes(key), value })
  return out
}

/** Rows in key order, in memory. Latin1 texts sort as their bytes do. */
export class OrderedIndex {
  #keys: string[] = []
  readonly #values = new Map<string, Uint8Array>()
  #bytes = 0
  /** Changes of the running call with what was there before, to undo them. */
  readonly #undo = new Map<string, Uint8Array | undefined>()
  /** Bytes of the records that the rows under a prefix were compared with. */
  readonly #complete = new Map<string, Uint8Array>()

  /** Adds a row that belongs to no call. */
  load(key: string, value: Uint8Array): void {
    const old = this.#values.get(key)
    const bytes = this.#bytes + value.length - (old === undefined ? -key.length : old.length)
    if (bytes > MAX_INDEX_BYTES) throw sizedHostError('IndexSizeOverflow', { max: MAX_INDEX_BYTES })
    if (old === undefined) this.#keys.splice(this.#lowerBound(key), 0, key)
    this.#values.set(key, value)
    this.#bytes = bytes
  }

  /** Takes a row away that belongs to no call. */
  unload(key: string): void {
    const old = this.#values.get(key)
    if (old === undefined) return
    this.#keys.splice(this.#lowerBound(key), 1)
    this.#values.delete(key)
    this.#bytes -= key.length + old.length
  }

  set(key: string, value: Uint8Array): void {
    this.#remember(key, this.#values.get(key))
    this.load(key, value)
  }

  remove(key: string): void {
    if (!this.#values.has(key)) return
    this.#remember(key, this.#values.get(key))
    this.unload(key)
  }

  /** Whether {@link setCompleteFor} was told of these very bytes. */
  isCompleteFor(prefix: string, record: Uint8Array | undefined): boolean {
    return record !== undefined && this.#complete.get(prefix) === record
  }

  /** The rows under a prefix are those of a record: until other bytes stand for it. */
  setCompleteFor(prefix: string, record: Uint8Array | undefined): void {
    if (record !== undefined) this.#complete.set(prefix, record)
  }

  /** All rows under a prefix. */
  rowsOf(prefix: string): (readonly [string, Uint8Array])[] {
    return this.#under(prefix).map((key) => [key, this.#at(key)] as const)
  }

  #under(prefix: string): string[] {
    const from = this.#lowerBound(prefix)
    let to = from
    while (this.#keys[to]?.startsWith(prefix) === true) to++
    return this.#keys.slice(from, to)
  }

  removePrefix(prefix: string): void {
    const keys = this.#under(prefix)
    for (const key of keys) {
      const old = this.#values.get(key)
      this.#remember(key, old)
      this.#values.delete(key)
      this.#bytes -= key.length + (old?.length ?? 0)
    }
    this.#keys.splice(this.#lowerBound(prefix), keys.length)
  }

  /** Rows with `from` <= key < `to`, ascending, without the first `offset`, at most `limit`. */
  scan(from: string, to: string, offset: number, limit: number): (readonly [string, Uint8Array])[] {
    const start = this.#lowerBound(from) + offset
    const end = Math.min(this.#lowerBound(to), start + limit)
    return this.#keys.slice(start, Math.max(start, end)).map((key) => [key, this.#at(key)] as const)
  }

  /** The row with the greatest key in `from` <= key < `to`. */
  last(from: string, to: string): readonly [string, Uint8Array] | undefined {
    const key = this.#keys[this.#lowerBound(to) - 1]
    return key === undefined || key < from ? undefined : [key, this.#at(key)]
  }

  /** What the call changed, as rows to store; the call is over. */
  commit(): StateWrite[] {
    const out = [...this.#undo.keys()].map((key) => ({
      key: latin1Bytes(key),
      value: this.#values.get(key),
    }))
    this.#undo.clear()
    return out
  }

  /** Undoes what the call changed. */
  rollback(): void {
    if (this.#undo.size === 0) return
    for (const [key, value] of this.#undo) {
      if (value === undefined) this.#values.delete(key)
      else this.#values.set(key, value)
    }
    this.#keys = [...this.#values.keys()].sort()
    this.#bytes = 0
    for (const [key, value] of this.#values) this.#bytes += key.length + value.length
    this.#undo.clear()
  }

  #remember(key: string, old: Uint8Array | undefined): void {
    if (!this.#undo.has(key)) this.#undo.set(key, old)
  }

  #at(key: string): Uint8Array {
    return this.#values.get(key) as Uint8Array // every listed key has a value
  }

  /** Position of the first key that is not below `key`. */
  #lowerBound(key: string): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#keys[middle] as string) < key)
        low = middle + 1 // middle < length
      else high = middle
    }
    return low
  }
}
