/** How messages travel between two machines, each direction by itself: how long, and whether at all. */
import type { PeerId } from '../../../src/node/network/network.ts'
import type { SimRandom } from '../random.ts'
import { Troubles } from '../troubles.ts'

/** Shortest and longest way of a good road, ms. */
const MIN_MS = 1
const MAX_MS = 40
/** First wait before something that did not get through is sent again, ms; doubles up to {@link MAX_RESEND_MS}, as TCP does it. */
export const RESEND_MS = 200
export const MAX_RESEND_MS = 10_000

/** What is wrong with a road. */
export interface Trouble {
  /** Nothing gets through. @default false */
  readonly isBlocked?: boolean
  /** How many times longer everything takes. @default 1 */
  readonly slowness?: number
  /** Share of messages lost on the way: gossip for good, what a stream carries until it is sent again. @default 0 */
  readonly loss?: number
  /** Share of gossip that arrives twice. @default 0 */
  readonly doubling?: number
  /** Longest frame of a stream that gets through, bytes. @default any */
  readonly maxBytes?: number
}

/** One direction between two machines. */
export class Road {
  readonly troubles: Troubles<Trouble> = new Troubles()
  readonly #random: SimRandom

  constructor(random: SimRandom) {
    this.#random = random
  }

  get isBlocked(): boolean {
    return this.troubles.has(({ isBlocked }) => isBlocked)
  }

  /** Time of one trip, ms. */
  tripMs(): number {
    const ms = MIN_MS + this.#random.below((MAX_MS - MIN_MS) * 1000) / 1000
    return (
      ms *
      Math.max(
        1,
        this.troubles.worst(({ slowness }) => slowness),
      )
    )
  }

  isLost(): boolean {
    const loss = this.troubles.worst((trouble) => trouble.loss)
    return this.isBlocked || (loss > 0 && this.#random.chance(loss))
  }

  /** Whether a frame is too long for it. */
  isTooNarrow(bytes: number): boolean {
    return this.troubles.has(({ maxBytes }) => maxBytes !== undefined && bytes > maxBytes)
  }

  isDoubled(): boolean {
    const doubling = this.troubles.worst((trouble) => trouble.doubling)
    return doubling > 0 && this.#random.chance(doubling)
  }
}

export class Roads {
  readonly #roads = new Map<string, Road>()
  readonly #random: SimRandom

  constructor(random: SimRandom) {
    this.#random = random
  }

  from(a: PeerId, b: PeerId): Road {
    const key = `${a} ${b}`
    const known = this.#roads.get(key)
    if (known !== undefined) return known
    const road = new Road(this.#random)
    this.#roads.set(key, road)
    return road
  }

  /** Whether both directions are open. */
  areOpen(a: PeerId, b: PeerId): boolean {
    return !this.from(a, b).isBlocked && !this.from(b, a).isBlocked
  }
}
