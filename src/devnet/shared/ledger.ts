/**
 * Tables of a chain's state that know what they held at the last blocks. Writes are undone down to a mark, so that a failing receipt leaves
 * nothing, and each sealed block keeps what its keys held before, so that a query at a block answers from that block's state. Values
 * are never changed in place.
 */

/** Reads tables as they were when a block ended. */
export interface LedgerReader<T extends object> {
  get<K extends keyof T & string>(table: K, key: string): T[K] | undefined
  /** Keys that begin so, in the order of their UTF-16 units. */
  keys(table: keyof T & string, prefix: string): string[]
}

/** A key that was written. */
export interface Touch<T extends object> {
  readonly table: keyof T & string
  readonly key: string
}

type Tables<T extends object> = { readonly [K in keyof T & string]: Map<string, T[K]> }
type Before<T extends object> = { readonly [K in keyof T & string]: Map<string, T[K] | undefined> }

interface Past<T extends object> {
  readonly height: number
  readonly before: Before<T>
}

/** Everything a ledger holds, to come back to. */
export interface LedgerCopy<T extends object> {
  readonly now: Tables<T>
  readonly past: readonly Past<T>[]
}

export class Ledger<T extends object> implements LedgerReader<T> {
  readonly #names: readonly (keyof T & string)[]
  readonly #keep: number
  #now: Tables<T>
  #before: Before<T>
  #past: Past<T>[] = []
  #undo: { readonly touch: Touch<T>; readonly back: () => void }[] = []

  /** `keep`: of how many blocks the state is known, beside the last. */
  constructor(names: readonly (keyof T & string)[], keep: number) {
    this.#names = names
    this.#keep = keep
    this.#now = this.#tables()
    this.#before = this.#tables()
  }

  get<K extends keyof T & string>(table: K, key: string): T[K] | undefined {
    return this.#now[table].get(key)
  }

  keys(table: keyof T & string, prefix: string): string[] {
    return [...this.#now[table].keys()].filter((key) => key.startsWith(prefix)).sort()
  }

  /** Writes a value, or removes it. */
  set<K extends keyof T & string>(table: K, key: string, value: T[K] | undefined): void {
    const now = this.#now[table]
    const old = now.get(key)
    const before = this.#before[table]
    if (!before.has(key)) before.set(key, old)
    const put = (one: T[K] | undefined): void => {
      if (one === undefined) now.delete(key)
      else now.set(key, one)
    }
    put(value)
    this.#undo.push({
      touch: { table, key },
      back: () => put(old),
    })
  }

  /** Undoes what was written since the last {@link commit}. */
  rollback(): void {
    for (const { back } of this.#undo.reverse()) back()
    this.#undo = []
  }

  /** Keeps what was written, and tells which keys: each once, in the order of the first writes. */
  commit(): readonly Touch<T>[] {
    const touched = new Map(this.#undo.map(({ touch }) => [`${touch.table}\0${touch.key}`, touch]))
    this.#undo = []
    return [...touched.values()]
  }

  /** Ends a block: what is written from now on belongs to the next. */
  seal(height: number): void {
    this.#past.push({ height, before: this.#before })
    this.#before = this.#tables()
    if (this.#past.length > this.#keep + 1) this.#past.shift()
  }

  /** State when the block at `height` ended, or undefined where it is no longer known. */
  at(height: number): LedgerReader<T> | undefined {
    const index = this.#past.findIndex((one) => one.height === height)
    if (index === -1) return undefined
    const later = this.#past.slice(index + 1).map(({ before }) => before)
    later.push(this.#before)
    return {
      get: (table, key) => {
        const found = later.find((before) => before[table].has(key))
        return found === undefined ? this.get(table, key) : found[table].get(key)
      },
      keys: (table, prefix) => {
        const now = this.keys(table, prefix)
        const changed = later.flatMap((before) => [...before[table].keys()])
        const all = new Set([...now, ...changed.filter((key) => key.startsWith(prefix))])
        const reader = this.at(height)
        return [...all].filter((key) => reader?.get(table, key) !== undefined).sort()
      },
    }
  }

  /** What is here, between blocks. */
  copy(): LedgerCopy<T> {
    return { now: this.#tables(this.#now), past: [...this.#past] }
  }

  restore(copy: LedgerCopy<T>): void {
    this.#now = this.#tables(copy.now)
    this.#past = [...copy.past]
    this.#before = this.#tables()
    this.#undo = []
  }

  #tables(from?: Tables<T>): Tables<T> {
    const entries = this.#names.map((name) => [name, new Map(from?.[name])])
    return Object.fromEntries(entries) as Tables<T> // one map for each of the names of T
  }
}
