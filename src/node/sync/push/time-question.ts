/** Asking one peer for the time, by pings. */
import { idKey, type PublicKey } from '../../primitives/ids.ts'
import type { ComparedClock } from '../compared-clock.ts'

export class TimeQuestion {
  readonly #clock: ComparedClock
  /** The last ping, and when it was sent by the monotonic clock. */
  #asked: { readonly value: bigint; readonly atMs: number } | undefined

  constructor(clock: ComparedClock) {
    this.#clock = clock
  }

  /** The value of a new ping. */
  ask(): bigint {
    const atMs = this.#clock.monotonicMs()
    const value = BigInt(Math.floor(atMs * 1000))
    this.#asked = { value, atMs }
    return value
  }

  /**
   * The pong to the last ping; one to an earlier ping says nothing of the present. A member has one voice, at however many peers it proves itself: making
   * peers costs nothing.
   */
  answered(member: PublicKey, value: bigint, timeMs: bigint): void {
    if (this.#asked?.value !== value) return
    const { atMs } = this.#asked
    this.#asked = undefined
    this.#clock.heard(idKey(member), Number(timeMs), atMs)
  }
}
