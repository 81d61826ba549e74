/** One task after another, bounded: the executor of a context. There is no other lock in this room. */
import { contextError } from './errors.ts'

export class SerialQueue {
  readonly #max: number
  #tail: Promise<void> = Promise.resolve()
  #queued = 0
  #closed = false

  constructor(max: number) {
    this.#max = max
  }

  /** Tasks that wait or run. */
  get length(): number {
    return this.#queued
  }

  /** Runs the task when all before it are done. @throws CONTEXT_BUSY, CONTEXT_NOT_FOUND once closed */
  run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(contextError('CONTEXT_NOT_FOUND', 'the context is closed'))
    }
    if (this.#queued >= this.#max) {
      return Promise.reject(
        contextError('CONTEXT_BUSY', `${this.#max} calls wait for this context: try again later`, {
          max: this.#max,
        }),
      )
    }
    this.#queued++
    const result = this.#tail.then(task)
    this.#tail = result.then(
      () => this.#done(),
      () => this.#done(),
    )
    return result
  }

  /** Takes no more tasks; resolves when the last one is done. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#tail
  }

  #done(): void {
    this.#queued--
  }
}
