/** Ctrl-C and SIGTERM: the first one asks the program to end, the next one ends it at once. */
import { systemClock } from '../node/primitives/clock.ts'

/** Shells say 128 + number of the signal. */
const EXIT_KILLED = 130

/** One Ctrl-C may arrive twice, from the terminal and from npm or timeout(1) which pass it on: what comes this soon is no second one, ms. */
export const SAME_SIGNAL_MS = 500

/**
 * Resolves with the first SIGINT or SIGTERM, or when the program that started this one over an IPC channel is gone. A later signal ends the
 * process without waiting for anything.
 */
export function untilSignal(): Promise<string> {
  return new Promise((resolve) => {
    let firstMs: number | undefined
    const received = (signal: string): void => {
      const atMs = systemClock.monotonicMs()
      if (firstMs !== undefined && atMs - firstMs > SAME_SIGNAL_MS) process.exit(EXIT_KILLED)
      firstMs ??= atMs
      resolve(signal)
    }
    process.on('SIGINT', received)
    process.on('SIGTERM', received)
    if (process.channel === undefined) return
    process.once('disconnect', () => received('disconnect'))
    process.channel.unref() // listening alone must not keep the process alive
  })
}
