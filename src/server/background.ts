/** Work a request starts but does not wait for. Nothing floats: the server ends it, and waits until it has ended, when it stops. */
import type { Logger } from '../node/primitives/logger.ts'

export interface Background {
  /** Fires when the work under way should end. */
  readonly signal: AbortSignal
  /** Keeps track of a promise; when it rejects, that is logged under `what`. */
  add(what: string, work: Promise<unknown>): void
  /** Ends all work; resolves when nothing is under way any more. New work may follow. */
  stop(): Promise<void>
}

/** An empty set of work. */
export function background(logger: Logger): Background {
  const running = new Set<Promise<void>>()
  let controller = new AbortController()
  return {
    get signal() {
      return controller.signal
    },
    add(what, work) {
      const tracked = work
        .then(
          () => undefined,
          (error: unknown) => logger.debug({ err: error, what }, 'background work failed'),
        )
        .finally(() => running.delete(tracked))
      running.add(tracked)
    },
    async stop() {
      controller.abort()
      await Promise.all(running)
      controller = new AbortController()
    },
  }
}
