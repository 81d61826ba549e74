/** Work that nobody waits for but `stop()`: nothing floats, and what fails is logged. */
import { isMerogateError } from '../errors.ts'
import type { Logger } from './logger.ts'

export class Background {
  readonly #logger: Logger
  readonly #tasks = new Set<Promise<void>>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Keeps track of a promise. Failures of a known kind are logged at debug: whoever caused them has heard; the rest is a bug. */
  add(work: Promise<unknown>): void {
    const task = work
      .then(
        () => {},
        (error: unknown) => {
          const expected = isMerogateError(error) && error.kind !== 'internal'
          this.#logger[expected ? 'debug' : 'error']({ err: error }, 'background work failed')
        },
      )
      .finally(() => this.#tasks.delete(task))
    this.#tasks.add(task)
  }

  /** Resolves when all work has ended, that included that was begun meanwhile. */
  async settled(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks)
  }
}
