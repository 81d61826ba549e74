/** One life of a node's process: its clock, and the one way in which anything from outside reaches it. */
import type { Clock, Timer } from '../../src/node/primitives/clock.ts'
import type { SimTime } from './time.ts'

/** The wall clock of a machine; it goes on, right or wrong, whatever becomes of processes. */
export interface WallClock {
  /** How far it is off, microseconds. */
  skewUs: number
}

/** How a process stands still: `stopped` as by SIGSTOP, where timers go on; `asleep` as by a laptop's lid, where they wait too. */
export type Stillness = 'stopped' | 'asleep'

interface LifeTimer extends Timer {
  readonly call: () => void
  /** Where in the code it was set, when somebody reads along. */
  readonly origin: string
  dueUs: number
  inner: Timer
}

/** After its end nothing of a life happens any more: timers do not fire, awaits of its ports do not resolve. */
export class Life implements Clock {
  /** Resolves when it has ended; for the world outside. */
  readonly over: Promise<void>
  readonly #time: SimTime
  readonly #wall: WallClock
  readonly #timers = new Set<LifeTimer>()
  /** What came while it stood still, in order. */
  readonly #held: (() => void)[] = []
  #still: { readonly how: Stillness; readonly sinceUs: number } | undefined
  #sleptUs = 0
  #isAlive = true
  #tellOver: () => void = () => {}

  constructor(time: SimTime, wall: WallClock) {
    this.#time = time
    this.#wall = wall
    this.over = new Promise((resolve) => (this.#tellOver = resolve))
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  /** Whether it does anything at all now. */
  get isAwake(): boolean {
    return this.#isAlive && this.#still === undefined
  }

  /** Timers that are set, by where in the code; empty texts unless somebody reads along. */
  get timers(): readonly string[] {
    return [...this.#timers].map(({ origin }) => origin)
  }

  nowMs(): number {
    return Math.floor((this.#time.nowUs + this.#wall.skewUs) / 1000)
  }

  nowNs(): bigint {
    return BigInt(this.#time.nowUs + this.#wall.skewUs) * 1000n
  }

  /** Milliseconds that the process had to itself: neither steps of the wall clock nor sleep count. */
  monotonicMs(): number {
    return (this.#time.nowUs - this.#sleptUs) / 1000
  }

  after(ms: number, call: () => void): Timer {
    return this.#set(ms * 1000, call)
  }

  every(ms: number, call: () => void): Timer {
    let timer: Timer | undefined
    const again = (): void => {
      timer = this.after(ms, () => {
        again()
        call()
      })
    }
    again()
    return { cancel: () => timer?.cancel() }
  }

  /** Something from outside happens to the process: now, or when it goes on. */
  enter(call: () => void): void {
    if (!this.#isAlive) return
    if (this.#still === undefined) call()
    else this.#held.push(call)
  }

  /** Resolves after a time of the outside, if the life lasts that long. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#time.after(ms, () => this.enter(resolve)))
  }

  /** Resolves or rejects as the work does, if the life lasts that long. */
  async outlives<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } finally {
      if (!this.isAwake) await new Promise<void>((resolve) => this.enter(resolve))
    }
  }

  /** Stands still until {@link wake}. */
  halt(how: Stillness): void {
    if (!this.isAwake) return
    this.#still = { how, sinceUs: this.#time.nowUs }
    if (how === 'asleep') for (const timer of this.#timers) timer.inner.cancel()
  }

  /** Goes on: first with the timers and messages that came meanwhile. */
  wake(): void {
    if (this.#still === undefined || !this.#isAlive) return
    const { how, sinceUs } = this.#still
    this.#still = undefined
    if (how === 'asleep') {
      this.#sleptUs += this.#time.nowUs - sinceUs
      for (const timer of this.#timers) {
        const leftUs = timer.dueUs - sinceUs
        timer.dueUs = this.#time.nowUs + leftUs
        timer.inner = this.#time.after(leftUs / 1000, () => this.#fire(timer))
      }
    }
    for (const call of this.#held.splice(0)) call()
  }

  end(): void {
    this.#isAlive = false
    this.#tellOver()
    for (const timer of this.#timers) timer.inner.cancel()
    this.#timers.clear()
    this.#held.length = 0
  }

  #set(us: number, call: () => void): Timer {
    if (!this.#isAlive) return { cancel: () => {} }
    const timer: LifeTimer = {
      call,
      origin: this.#time.isTraced ? originOf(new Error().stack) : '',
      dueUs: this.#time.nowUs + us,
      inner: this.#time.after(us / 1000, () => this.#fire(timer)),
      cancel: () => {
        timer.inner.cancel()
        this.#timers.delete(timer)
      },
    }
    this.#timers.add(timer)
    return timer
  }

  #fire(timer: LifeTimer): void {
    this.enter(() => {
      // it may have been cancelled while the process stood still
      if (this.#timers.delete(timer)) timer.call()
    })
  }
}

/** The innermost place that is not here. */
function originOf(stack: string | undefined): string {
  const lines = stack?.split('\n').slice(1) ?? []
  const place = lines.find((line) => !line.includes('/simulation/life.ts'))
  return place?.trim() ?? ''
}
