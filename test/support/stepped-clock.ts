/** A clock that moves only when a test says so. */
import type { Clock, Timer } from '../../src/node/primitives/clock.ts'

interface Due {
  at: number
  readonly every: number | undefined
  readonly call: () => void
}

export class ManualClock implements Clock {
  /** The monotonic clock; the wall clock is {@link #wall} ahead of it. */
  #now = 0
  #wall = 1_700_000_000_000
  readonly #due = new Set<Due>()

  nowMs(): number {
    return this.#wall + this.#now
  }

  nowNs(): bigint {
    return BigInt(this.nowMs()) * 1_000_000n
  }

  monotonicMs(): number {
    return this.#now
  }

  /** Sets the wall clock forward or back. Timers and the monotonic clock do not notice. */
  step(ms: number): void {
    this.#wall += ms
  }

  after(ms: number, call: () => void): Timer {
    return this.#add({ at: this.#now + ms, every: undefined, call })
  }

  every(ms: number, call: () => void): Timer {
    return this.#add({ at: this.#now + ms, every: ms, call })
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#due.size
  }

  /** Moves on and calls what becomes due, in order. */
  tick(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const [next] = [...this.#due].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#now = Math.max(this.#now, next.at)
      if (next.every === undefined) this.#due.delete(next)
      else next.at += next.every
      next.call()
    }
    this.#now = end
  }

  #add(due: Due): Timer {
    this.#due.add(due)
    return { cancel: () => this.#due.delete(due) }
  }
}
