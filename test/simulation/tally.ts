/** Counts what really happened in a run: a fault that was asked for and never bit is a fault of the simulator. */
export class Tally {
  readonly #counts = new Map<string, number>()

  count(what: string, by = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by)
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0
  }

  add(other: Tally): void {
    for (const [what, by] of other.#counts) this.count(what, by)
  }

  /** By name, in the order of names. */
  entries(): readonly (readonly [string, number])[] {
    return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  toString(): string {
    return this.entries()
      .map(([what, times]) => `${what} ${times}`)
      .join(', ')
  }
}
