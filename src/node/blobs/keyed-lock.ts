/** One at a time per key, side by side for different keys. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>()

  /** Runs the work when all earlier work of the same key has ended, however it ended. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const result = (this.#tails.get(key) ?? Promise.resolve()).then(work)
    const ended = (): void => {}
    const tail = result.then(ended, ended)
    this.#tails.set(key, tail)
    try {
      return await result
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    }
  }
}
