/** One task at a time, in the order of asking, and no more than so many waiting: of all, or of each key. */
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

/** A queue for each key, as long as something waits in it. */
export class SerialQueues {
  readonly #queues = new Map<string, SerialQueue>()
  readonly #limit: number
  readonly #name: string

  /** `name` says in errors whose queue is full. */
  constructor(name: string, limit: number) {
    this.#name = name
    this.#limit = limit
  }

  /** Runs the task after those of the same key. @throws ANCHOR_BUSY (limit) when too many wait */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(key) ?? new SerialQueue(this.#name, this.#limit)
    this.#queues.set(key, queue)
    try {
      return await queue.run(task)
    } finally {
      // another may have taken its place since
      if (queue.size === 0 && this.#queues.get(key) === queue) this.#queues.delete(key)
    }
  }
}
