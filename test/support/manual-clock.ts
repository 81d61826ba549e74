/** Time and chance that tests decide: a clock that moves when told to, and bytes that follow from a name. */
import { utf8 } from '../../src/node/primitives/bytes.ts'
import type { Clock, Random, Timer } from '../../src/node/primitives/clock.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'

/** Where a manual clock begins, milliseconds since the Unix epoch. */
export const START_MS = 1_700_000_000_000

/** A clock that moves only when a test says so. */
export interface ManualClock extends Clock {
  /** Moves on by `ms` and calls what becomes due, in order. */
  advance(ms: number): void
  /** Timers that are set. */
  readonly pending: number
}

interface Due {
  at: number
  readonly every: number | undefined
  readonly call: () => void
}

/** A clock at `startMs`. */
export function manualClock(startMs: number = START_MS): ManualClock {
  const due = new Set<Due>()
  let now = startMs
  const add = (item: Due): Timer => {
    due.add(item)
    return { cancel: () => due.delete(item) }
  }
  return {
    nowMs: () => now,
    nowNs: () => BigInt(now) * 1_000_000n,
    after: (ms, call) => add({ at: now + ms, every: undefined, call }),
    every: (ms, call) => add({ at: now + ms, every: ms, call }),
    get pending() {
      return due.size
    },
    advance(ms) {
      const end = now + ms
      for (;;) {
        const [next] = [...due].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        now = Math.max(now, next.at)
        if (next.every === undefined) due.delete(next)
        else next.at += next.every
        next.call()
      }
      now = end
    },
  }
}

/** Bytes that follow from a name: the same in every run. */
export function seededRandom(name: string): Random {
  let count = 0
  return {
    bytes(length) {
      const out = new Uint8Array(length)
      for (let at = 0; at < length; at += 32) {
        const block = sha256(utf8(`${name} ${count++}`))
        out.set(block.subarray(0, Math.min(32, length - at)), at)
      }
      return out
    },
  }
}
