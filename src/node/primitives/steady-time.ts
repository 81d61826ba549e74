/**
 * The time by which this node reckons: where its wall clock stood once, and the monotonic clock since. People, time servers and dead batteries set wall
 * clocks; a step of ours is not believed at once, so that what is done meanwhile is stamped as if nothing had happened.
 */
import { type Clock, monotonicNs } from './clock.ts'

/** The wall clock may part from the reckoning by this much and is followed at once: time servers slew, ms. */
export const STEP_MS = 2_000
/** A step is believed when it has lasted this long and nobody has contradicted it, ms of the monotonic clock. */
export const STEP_LASTS_MS = 60_000
/** A reading of two clocks is of use when both were read within this, ms. */
const MAX_READING_MS = 50
/** Readings taken for one that is of use. */
const MAX_READINGS = 4

const NS_PER_MS = 1_000_000n

/** The wall clock less the monotonic clock, ns: two of the same reckoning differ by nothing, however far apart in time. */
export type Reckoning = bigint

/** A wall clock that does not say what it should, by the reckoning so far. */
export interface Step {
  readonly to: Reckoning
  /** When it was noticed, or contradicted last, by the monotonic clock. */
  readonly sinceMs: number
}

export interface SteadyHooks {
  /** The wall clock was set, or the machine slept, where the monotonic clock stands still: whatever was compared before says nothing any more. */
  onStep(): void
  /** Another reckoning holds from now on. */
  onBelieved(): void
}

/** How far two reckonings are apart, ms; above 0 when the first is ahead. */
export function aheadMs(one: Reckoning, other: Reckoning): number {
  return Number((one - other) / NS_PER_MS)
}

function isNear(one: Reckoning, other: Reckoning): boolean {
  return Math.abs(aheadMs(one, other)) <= STEP_MS
}

export class SteadyTime {
  readonly #clock: Clock
  readonly #hooks: SteadyHooks
  #believed: Reckoning
  /** The one before: a clock that goes back to it has been set right. */
  #former: Reckoning | undefined
  #step: Step | undefined

  constructor(clock: Clock, hooks: SteadyHooks) {
    this.#clock = clock
    this.#hooks = hooks
    this.#believed = this.#read()
  }

  /** By which this node reckons. Looks at the clock. */
  get believed(): Reckoning {
    this.#follow(this.#read())
    return this.#believed
  }

  /** What the wall clock says otherwise and is not believed yet. */
  get step(): Step | undefined {
    return this.#step
  }

  /** The step is true after all. */
  believe(): void {
    if (this.#step !== undefined) this.#reckonBy(this.#step.to)
  }

  /** The step is wrong, as far as anybody can say now: it must last anew. */
  contradict(): void {
    if (this.#step !== undefined) {
      this.#step = { to: this.#step.to, sinceMs: this.#clock.monotonicMs() }
    }
  }

  #follow(wall: Reckoning): void {
    if (isNear(wall, this.#believed)) {
      this.#believed = wall
      this.#step = undefined
      return
    }
    if (this.#former !== undefined && isNear(wall, this.#former)) {
      this.#reckonBy(wall)
      return
    }
    const nowMs = this.#clock.monotonicMs()
    if (this.#step !== undefined && isNear(wall, this.#step.to)) {
      this.#step = { to: wall, sinceMs: this.#step.sinceMs }
      if (nowMs - this.#step.sinceMs >= STEP_LASTS_MS) this.#reckonBy(wall)
      return
    }
    this.#step = { to: wall, sinceMs: nowMs }
    this.#hooks.onStep()
  }

  #reckonBy(reckoning: Reckoning): void {
    this.#former = this.#believed
    this.#believed = reckoning
    this.#step = undefined
    this.#hooks.onBelieved()
  }

  /** Of a process that is stopped between two readings, they would not belong together. */
  #read(): Reckoning {
    let beforeMs = this.#clock.monotonicMs()
    for (let readings = 1; ; readings++) {
      const wall = this.#clock.nowNs()
      const afterMs = this.#clock.monotonicMs()
      if (afterMs - beforeMs <= MAX_READING_MS || readings === MAX_READINGS) {
        return wall - BigInt(Math.round(afterMs * 1e6))
      }
      beforeMs = afterMs
    }
  }

  /** The time of a reckoning now, ns since the Unix epoch. */
  at(reckoning: Reckoning): bigint {
    return reckoning + monotonicNs(this.#clock)
  }
}
