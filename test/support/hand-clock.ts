/** A clock that moves only when told, and randomness that replays from a seed. */
import { concat, utf8 } from '../../src/node/primitives/bytes.ts'
import type { Clock, Random } from '../../src/node/primitives/clock.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'
import { u32be } from '../../src/node/store/keys.ts'

/** Where a {@link HandClock} begins, ms since the Unix epoch: 2026-01-01. */
export const START_MS = 1_767_225_600_000

interface Alarm {
  /** By the monotonic clock. */
  atNs: bigint
  readonly everyNs: bigint | undefined
  readonly call: () => void
}

export interface HandClock extends Clock {
  /** Moves on by `ms`, calling timers that fall due on the way, in order. */
  advance(ms: number): void
  /** Sets the wall clock, back or forth. Timers and the monotonic clock do not notice. */
  set(ns: bigint): void
  /** Timers that wait. */
  readonly timers: number
}

export function handClock(startMs: number = START_MS): HandClock {
  /** The monotonic clock; the wall clock is `wall` ahead of it. */
  let now = 0n
  let wall = BigInt(startMs) * 1_000_000n
  const alarms = new Set<Alarm>()
  const add = (ms: number, call: () => void, everyNs?: bigint): { cancel(): void } => {
    const alarm: Alarm = { atNs: now + BigInt(Math.ceil(ms * 1e6)), everyNs, call }
    alarms.add(alarm)
    return { cancel: () => alarms.delete(alarm) }
  }
  return {
    nowMs: () => Number((wall + now) / 1_000_000n),
    nowNs: () => wall + now,
    monotonicMs: () => Number(now) / 1e6,
    after: (ms, call) => add(ms, call),
    every: (ms, call) => add(ms, call, BigInt(ms) * 1_000_000n),
    get timers() {
      return alarms.size
    },
    set(ns) {
      wall = ns - now
    },
    advance(ms) {
      const until = now + BigInt(Math.ceil(ms * 1e6))
      for (;;) {
        const due = [...alarms]
          .filter(({ atNs }) => atNs <= until)
          .sort((a, b) => (a.atNs < b.atNs ? -1 : 1))[0]
        if (due === undefined) break
        if (due.atNs > now) now = due.atNs
        if (due.everyNs === undefined) alarms.delete(due)
        else due.atNs += due.everyNs
        due.call()
      }
      now = until
    },
  }
}

/** Bytes, numbers and orders that follow from a seed. */
export interface SeededRandom extends Random {
  /** A whole number below `bound`. */
  below(bound: number): number
  /** The items in another order. */
  shuffle<T>(items: readonly T[]): T[]
}

export function seededRandom(seed: string): SeededRandom {
  let counter = 0
  const bytes = (length: number): Uint8Array => {
    const blocks: Uint8Array[] = []
    for (let made = 0; made < length; made += 32) blocks.push(sha256(utf8(seed), u32be(counter++)))
    return concat(...blocks).subarray(0, length)
  }
  const below = (bound: number): number =>
    new DataView(Uint8Array.from(bytes(4)).buffer).getUint32(0) % bound
  return {
    bytes,
    below,
    shuffle(items) {
      const left = [...items]
      const out = []
      while (left.length > 0) out.push(...left.splice(below(left.length), 1))
      return out
    },
  }
}
