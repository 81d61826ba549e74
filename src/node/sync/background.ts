/** Work that nobody waits for but `stop()`: nothing floats, and what fails is logged. */
import { isMerogateError } from '../errors.ts'
import type { Clock } from '../primitives/clock.ts'
import type { Logger } from '../primitives/logger.ts'
import { syncError } from './errors.ts'

export class Background {
  readonly #logger: Logger
  readonly #tasks = new Set<Promise<void>>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Runs a task to its end, whatever it is. */
  run(name: string, task: () => Promise<unknown>): void {
    const promise = (async () => {
      try {
        await task()
      } catch (error) {
        const expected = isMerogateError(error) && error.kind !== 'internal'
        this.#logger[expected ? 'debug' : 'error']({ err: error, task: name }, 'sync task failed')
      }
    })().finally(() => this.#tasks.delete(promise))
    this.#tasks.add(promise)
  }

  /** Resolves when all tasks have ended, those included that were started meanwhile. */
  async settled(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks)
  }
}

/** The promise's value, or SYNC_PEER_SILENT after `ms`. The work itself goes on: it has no signal to be stopped by. */
export async function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.after(ms, () =>
      reject(syncError('SYNC_PEER_SILENT', `expected an answer within ${ms} ms, got none`, { ms })),
    )
    promise.then(resolve, reject).finally(() => timer.cancel())
  })
}

/** Resolves after `ms`, or when the signal fires. */
export async function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return
  await new Promise<void>((resolve) => {
    const end = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = clock.after(ms, end)
    signal?.addEventListener('abort', end)
  })
}
