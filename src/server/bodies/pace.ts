/** How fast large bodies come in from one sender: what is above it is read later, which holds back who sends it. */
import type { Clock } from '../../node/primitives/clock.ts'
import { serverError } from '../errors.ts'
import {
  LARGE_BODY_BURST_MS,
  LARGE_BODY_BYTES_PER_SECOND,
  MAX_LARGE_BODY_WAIT_MS,
  MAX_PACED_SENDERS,
} from '../limits.ts'
import type { Sender } from './turns.ts'

export class BodyPace {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  /** Until when what a sender sent takes at that rate, ms; who sent last comes last. */
  readonly #untilMs = new Map<string, number>()

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** Counts a large body; returns how long it is not to be read, ms. @throws SERVER_TOO_MANY (limit) too long, and nothing was counted */
  pay(sender: Sender, bytes: number): number {
    const nowMs = this.#clock.monotonicMs()
    const untilMs = this.#after(sender, bytes, nowMs)
    const waitMs = Math.max(0, untilMs - LARGE_BODY_BURST_MS - nowMs)
    if (waitMs > MAX_LARGE_BODY_WAIT_MS) {
      const message = `expected at most ${LARGE_BODY_BYTES_PER_SECOND} bytes a second of large bodies, got more`
      const details = { limit: LARGE_BODY_BYTES_PER_SECOND, retryAfterMs: MAX_LARGE_BODY_WAIT_MS }
      throw serverError('SERVER_TOO_MANY', 'limit', message, details)
    }
    this.#note(sender, untilMs, nowMs)
    return waitMs
  }

  /** Counts one that did not say how long it was, and is read by now: the next one waits for it. */
  owe(sender: Sender, bytes: number): void {
    const nowMs = this.#clock.monotonicMs()
    this.#note(sender, this.#after(sender, bytes, nowMs), nowMs)
  }

  #after(sender: Sender, bytes: number, nowMs: number): number {
    const sinceMs = Math.max(nowMs, this.#untilMs.get(nameOf(sender)) ?? 0)
    return sinceMs + (bytes * 1000) / LARGE_BODY_BYTES_PER_SECOND
  }

  #note(sender: Sender, untilMs: number, nowMs: number): void {
    const name = nameOf(sender)
    this.#untilMs.delete(name)
    this.#untilMs.set(name, untilMs)
    for (const [other, endMs] of this.#untilMs) {
      if (endMs > nowMs && this.#untilMs.size <= MAX_PACED_SENDERS) break
      this.#untilMs.delete(other)
    }
  }
}

function nameOf({ address = '', keyId = '' }: Sender): string {
  return `${address} ${keyId}`
}
