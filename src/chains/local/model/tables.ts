/**
 * Stored records by table and key, as every contract keeps them: a view to read, a draft that collects changes, the records in memory. `T`
 * maps the name of each table to its values.
 */

/** Read access to the stored records. */
export interface TableView<T> {
  get<N extends keyof T>(table: N, key: string): T[N] | undefined
}

/** One record to store; `undefined` removes it. */
export type TableEffect<T> = {
  readonly [N in keyof T]: {
    readonly table: N
    readonly key: string
    readonly value: T[N] | undefined
  }
}[keyof T]

/** Rows by key, apart by table. */
class Rows<T> {
  readonly #tables = new Map<keyof T, Map<string, unknown>>()

  of<N extends keyof T>(table: N): Map<string, T[N] | undefined> {
    const rows = this.#tables.get(table) ?? new Map<string, unknown>()
    this.#tables.set(table, rows)
    return rows as Map<string, T[N] | undefined> // only values of the table get in, by this very signature
  }

  entries(): TableEffect<T>[] {
    return [...this.#tables].flatMap(([table, rows]) =>
      // rows of a table hold that table's values
      [...rows].map(([key, value]) => ({ table, key, value }) as TableEffect<T>),
    )
  }
}

/** The records in memory. */
export class MemoryTables<T> implements TableView<T> {
  readonly #rows = new Rows<T>()

  get<N extends keyof T>(table: N, key: string): T[N] | undefined {
    return this.#rows.of(table).get(key)
  }

  /** Stores what a decision answered. */
  apply(effects: readonly TableEffect<T>[]): void {
    for (const { table, key, value } of effects) {
      if (value === undefined) this.#rows.of(table).delete(key)
      else this.#rows.of(table).set(key, value)
    }
  }
}

/** Changes on top of what is stored: reads see them, the stored records do not. */
export class TableDraft<T> implements TableView<T> {
  readonly #base: TableView<T>
  readonly #changed = new Rows<T>()

  constructor(base: TableView<T>) {
    this.#base = base
  }

  get<N extends keyof T>(table: N, key: string): T[N] | undefined {
    const changed = this.#changed.of(table)
    return changed.has(key) ? changed.get(key) : this.#base.get(table, key)
  }

  set<N extends keyof T>(table: N, key: string, value: T[N] | undefined): void {
    this.#changed.of(table).set(key, value)
  }

  effects(): TableEffect<T>[] {
    return this.#changed.entries()
  }
}
