/** The machine's clock, set wrong by so much as a test says. */
import { type Clock, systemClock } from '../../src/node/primitives/clock.ts'

export interface ShiftedClock extends Clock {
  /** How far it is ahead, ms. */
  aheadMs: number
}

export function shiftedClock(aheadMs = 0): ShiftedClock {
  const clock: ShiftedClock = {
    ...systemClock,
    aheadMs,
    nowMs: () => systemClock.nowMs() + clock.aheadMs,
    nowNs: () => systemClock.nowNs() + BigInt(clock.aheadMs) * 1_000_000n,
  }
  return clock
}
