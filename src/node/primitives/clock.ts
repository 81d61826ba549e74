/** Time and chance as components, so that tests replay from a seed. Nothing outside `primitives/` reads the machine's clock. */
import { platform } from '#platform'

/** A timer that does not keep the process alive. */
export interface Timer {
  /** Stops it; safe to repeat. */
  cancel(): void
}

export interface Clock {
  /** Milliseconds since the Unix epoch. People and time servers set this clock, back and forth: for stamps only, never for a duration. */
  nowMs(): number
  /** Nanoseconds since the Unix epoch; like {@link nowMs}, for stamps only. */
  nowNs(): bigint
  /** Milliseconds since any moment, with fractions, never going back: for durations, deadlines, waits and rates. */
  monotonicMs(): number
  /** Calls once after `ms` milliseconds. */
  after(ms: number, call: () => void): Timer
  /** Calls every `ms` milliseconds. */
  every(ms: number, call: () => void): Timer
}

export interface Random {
  bytes(length: number): Uint8Array
}

/** {@link Clock.monotonicMs} in whole nanoseconds. */
export function monotonicNs(clock: Pick<Clock, 'monotonicMs'>): bigint {
  return BigInt(Math.round(clock.monotonicMs() * 1e6))
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Number(platform.wallNs() / 1_000_000n),
  nowNs: () => platform.wallNs(),
  monotonicMs: () => platform.monotonicMs(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms)
    timer.unref?.()
    return { cancel: () => clearTimeout(timer) }
  },
  every: (ms, call) => {
    const timer = setInterval(call, ms)
    timer.unref?.()
    return { cancel: () => clearInterval(timer) }
  },
}

/** The machine's secure source of randomness. */
export const systemRandom: Random = { bytes: (length) => platform.randomBytes(length) }
