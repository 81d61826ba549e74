/** Work a request starts but does not wait for. Nothing floats: the server waits for it when it stops. */
import type { Logger } from '../node/primitives/logger.ts'

export interface Background {
  /** Keeps track of a promise; when it rejects, that is logged under `what`. */
  add(what: string, work: Promise<unknown>): void
  /** Resolves when nothing is under way any more. */
  idle(): Promise<void>
}

/** An empty set of work. */
export function background(logger: Logger): Background {
  const running = new Set<Promise<void>>()
  return {
    add(what, work) {
      const tracked = work
        .then(
          () => undefined,
          (error: unknown) => logger.warn({ err: error, what }, 'background work failed'),
        )
        .finally(() => running.delete(tracked))
      running.add(tracked)
    },
    async idle() {
      await Promise.all(running)
    },
  }
}
