/** Waiting with a limit, on the node's clock. */
import type { Clock } from '../primitives/clock.ts'
import { syncError } from './errors.ts'

/** The promise's value, or SYNC_PEER_SILENT after `ms`. The work itself goes on: it has no signal to be stopped by. */
export async function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.after(ms, () =>
      reject(syncError('SYNC_PEER_SILENT', `expected an answer within ${ms} ms, got none`, { ms })),
    )
    promise.then(resolve, reject).finally(() => timer.cancel())
  })
}

/** What a wait brings; the wait is told to end when that is not within `ms`. @throws SYNC_PEER_SILENT */
export async function waitWithin<T>(
  clock: Clock,
  ms: number,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  try {
    return await within(clock, ms, wait(controller.signal))
  } finally {
    controller.abort()
  }
}

/** Resolves after so long, or when the signal fires. */
export async function pausing(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.after(ms, done)
    signal.addEventListener('abort', done)
  })
}
