/** One task at a time, in the order of asking, and no more than so many waiting. */
import { anchorError } from './errors.ts'

export class SerialQueue {
  readonly #limit: number
  readonly #name: string
  #tail: Promise<unknown> = Promise.resolve()
  #size = 0

  /** `name` says in errors whose queue is full. */
  constructor(name: string, limit: number) {
    this.#name = name
    this.#limit = limit
  }

  /** Tasks that run or wait. */
  get size(): number {
    return this.#size
  }

  /** Runs the task after those before it, whether they failed or not. @throws ANCHOR_BUSY (limit) when too many wait */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#size >= this.#limit) {
      throw anchorError(
        'ANCHOR_BUSY',
        `${this.#limit} operations wait for ${this.#name} already; try again later`,
        { limit: this.#limit },
      )
    }
    this.#size++
    const result = this.#tail.then(task)
    this.#tail = result.catch(() => undefined) // the caller gets the error; the next task only waits
    try {
      return await result
    } finally {
      this.#size--
    }
  }

  /** Resolves when everything asked for until now is done. */
  async idle(): Promise<void> {
    await this.#tail
  }
}
