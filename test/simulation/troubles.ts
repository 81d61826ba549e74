/** What is wrong with something at the moment: several troubles may last at a time, and the worst counts. */
export class Troubles<T extends object> {
  readonly #all = new Set<T>()

  /** Begins one. @returns what ends it */
  begin(trouble: T): () => void {
    const one = { ...trouble }
    this.#all.add(one)
    return () => void this.#all.delete(one)
  }

  /** The greatest figure of any; 0 when none has one. */
  worst(of: (trouble: T) => number | undefined): number {
    let worst = 0
    for (const trouble of this.#all) worst = Math.max(worst, of(trouble) ?? 0)
    return worst
  }

  has(of: (trouble: T) => boolean | undefined): boolean {
    return [...this.#all].some((trouble) => of(trouble) === true)
  }
}
