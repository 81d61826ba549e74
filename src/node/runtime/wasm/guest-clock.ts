/**
 * Time as a guest may see it: nanoseconds that never repeat, never fall behind anything stored in the context, and differ
 * between nodes in their low 8 bits. A plain wall clock makes guests lose writes silently as soon as two nodes disagree about the time.
 */

/** One tick of the guest's hybrid clock, 2^-16 s in ns. Its counter restarts with each instance, so no two calls may share a tick. */
export const HYBRID_TICK_NS = 15_259n

const LANE_MASK = 255n

/** Readings of one context on one node. */
export interface GuestTime {
  /** Starts a call: readings stay above `seenNs` and end in `lane` (0..255). */
  begin(seenNs: bigint, lane: number): void
  /** The next reading. */
  now(): bigint
  /** Last reading of this call, 0n when there was none. */
  readonly lastOfCall: bigint
}

export class GuestClock implements GuestTime {
  readonly #wallNs: () => bigint
  /** Last reading of any call. */
  #last = 0n
  #floor = 0n
  #lane = 0n
  lastOfCall = 0n

  constructor(wallNs: () => bigint) {
    this.#wallNs = wallNs
  }

  begin(seenNs: bigint, lane: number): void {
    const before = seenNs > this.#last ? seenNs : this.#last
    this.#floor = before === 0n ? 0n : before + HYBRID_TICK_NS
    this.#lane = BigInt(lane) & LANE_MASK
    this.lastOfCall = 0n
  }

  now(): bigint {
    const wall = this.#wallNs()
    let reading = ((wall > this.#floor ? wall : this.#floor) & ~LANE_MASK) | this.#lane
    if (reading <= this.#floor) reading += LANE_MASK + 1n
    this.#floor = reading
    this.#last = reading
    this.lastOfCall = reading
    return reading
  }
}
