/**
 * Which test noticed which mutation the last time, in `killers.json`, which the job itself keeps: that test is tried first, so that a whole run is
 * mostly one test for each mutation. A killer that is gone, or notices nothing any more, costs a moment and nothing else.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A test, by its file below the repository and its whole title. */
export interface Killer {
  readonly file: string
  readonly test: string
}

/** By target, file and id: the title. */
type Table = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>

/** An object of these entries, sorted. */
function sorted<T>(entries: Iterable<readonly [string, T]>): Readonly<Record<string, T>> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
}

export class Killers {
  readonly #path: string
  readonly #target: string
  readonly #known = new Map<string, Killer>()

  /** Of one target; what is said of ids that it has no more is left out. */
  constructor(folder: string, target: string, ids: ReadonlySet<string>) {
    this.#path = join(folder, 'killers.json')
    this.#target = target
    for (const [file, tests] of Object.entries(this.#read()[target] ?? {})) {
      for (const [id, test] of Object.entries(tests)) {
        if (ids.has(id)) this.#known.set(id, { file, test })
      }
    }
  }

  of(id: string): Killer | undefined {
    return this.#known.get(id)
  }

  /** Remembers who noticed a mutation, or that nobody is known to. */
  note(id: string, killer: Killer | undefined): void {
    if (killer === undefined) this.#known.delete(id)
    else this.#known.set(id, killer)
    this.#write()
  }

  #read(): Table {
    return JSON.parse(readFileSync(this.#path, 'utf8')) as Table // our own file
  }

  /** Beside what is said of the other target, whose job may run at the same time. */
  #write(): void {
    const files = new Map<string, [id: string, test: string][]>()
    for (const [id, { file, test }] of this.#known) {
      files.set(file, [...(files.get(file) ?? []), [id, test]])
    }
    const own = sorted([...files].map(([file, tests]) => [file, sorted(tests)] as const))
    const table = sorted(Object.entries<Table[string]>({ ...this.#read(), [this.#target]: own }))
    // whole at any time, for who reads it meanwhile
    const whole = `${this.#path}.${this.#target}`
    writeFileSync(whole, `${JSON.stringify(table, null, 2)}\n`)
    renameSync(whole, this.#path)
  }
}
