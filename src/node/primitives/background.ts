/** Work that nobody waits for but `stop()`: nothing floats, and what fails is logged. */
import { isMerogateError } from '../errors.ts'
import type { Logger } from './logger.ts'

export class Background {
  readonly #logger: Logger
  readonly #tasks = new Set<Promise<void>>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Runs a task to its end, whatever it is. Failures of a known kind are logged at debug; the rest is a bug. */
  run(name: string, task: () => Promise<unknown>): void {
    const promise = (async () => {
      try {
        await task()
      } catch (error) {
        const expected = isMerogateError(error) && error.kind !== 'internal'
        this.#logger[expected ? 'debug' : 'error']({ err: error, task: name }, 'background failed')
      }
    })().finally(() => this.#tasks.delete(promise))
    this.#tasks.add(promise)
  }

  /** Keeps track of work that runs already. */
  add(work: Promise<unknown>): void {
    this.run('work', () => work)
  }

  /** Resolves when all tasks have ended, those included that were started meanwhile. */
  async settled(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks)
  }
}
