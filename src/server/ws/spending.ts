/** What frames of sockets cost whoever sends them: above what comes in with time, the next ones are read later. */
import type { Clock } from '../../node/primitives/clock.ts'
import { MAX_INLINE_JSON_BYTES, WS_BYTES_PER_UNIT, WS_UNITS_PER_SECOND } from '../limits.ts'

/** What a sender has; below zero: what it owes. */
export class Purse {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #units = 2 * WS_UNITS_PER_SECOND
  #filledMs: number

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
    this.#filledMs = clock.monotonicMs()
  }

  /** Pays for a frame; returns how long the sender is to be left waiting, ms. */
  pay(bytes: number): number {
    const nowMs = this.#clock.monotonicMs()
    const gained = ((nowMs - this.#filledMs) * WS_UNITS_PER_SECOND) / 1000
    this.#filledMs = nowMs
    // larger ones are read in a thread of their own
    const units = 2 + Math.min(bytes, MAX_INLINE_JSON_BYTES) / WS_BYTES_PER_UNIT
    this.#units = Math.min(2 * WS_UNITS_PER_SECOND, this.#units + gained) - units
    return Math.max(0, (-this.#units * 1000) / WS_UNITS_PER_SECOND)
  }
}

/** One purse for all sockets of a key, as long as it has any. */
export class Purses {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #byKey = new Map<string, { purse: Purse; sockets: number }>()

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** For a socket that opens; undefined is nobody's key, and has its own. */
  of(keyId: string | undefined): Purse {
    if (keyId === undefined) return new Purse(this.#clock)
    const known = this.#byKey.get(keyId) ?? { purse: new Purse(this.#clock), sockets: 0 }
    known.sockets++
    this.#byKey.set(keyId, known)
    return known.purse
  }

  /** A socket closed. */
  left(keyId: string | undefined): void {
    const known = keyId === undefined ? undefined : this.#byKey.get(keyId)
    if (keyId === undefined || known === undefined) return
    known.sockets--
    if (known.sockets === 0) this.#byKey.delete(keyId)
  }
}
