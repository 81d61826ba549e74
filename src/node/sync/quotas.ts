/** Quotas per peer: how often it may ask, and how much garbage it may send before it is shut out. */
import { LRUCache } from 'lru-cache'
import type { PeerId } from '../network/network.ts'
import type { Clock } from '../primitives/clock.ts'
import { BAN_MS, MAX_INVALID_DELTAS, MAX_REMEMBERED_PEERS } from './limits.ts'

/** A bucket that holds up to `burst` and refills by `perSecond`. */
export class TokenBucket {
  readonly #clock: Clock
  readonly #burst: number
  readonly #perSecond: number
  #tokens: number
  #at: number

  constructor(clock: Clock, burst: number, perSecond: number) {
    this.#clock = clock
    this.#burst = burst
    this.#perSecond = perSecond
    this.#tokens = burst
    this.#at = clock.monotonicMs()
  }

  /** Takes one; false when there is none. */
  take(): boolean {
    const now = this.#clock.monotonicMs()
    const gained = ((now - this.#at) / 1000) * this.#perSecond
    this.#tokens = Math.min(this.#burst, this.#tokens + gained)
    this.#at = now
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}

/** Remembers which peers sent garbage. A peer is only ever charged for what every node would call invalid. */
export class Misbehaviour {
  readonly #clock: Clock
  readonly #peers = new LRUCache<PeerId, { count: number; bannedUntil: number }>({
    max: MAX_REMEMBERED_PEERS,
  })

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Notes one piece of garbage; true when it was one too many. */
  charge(peer: PeerId, weight = 1): boolean {
    const record = this.#peers.get(peer) ?? { count: 0, bannedUntil: 0 }
    record.count += weight
    const banned = record.count > MAX_INVALID_DELTAS
    if (banned) {
      record.count = 0
      record.bannedUntil = this.#clock.monotonicMs() + BAN_MS
    }
    this.#peers.set(peer, record)
    return banned
  }

  isBanned(peer: PeerId): boolean {
    return (this.#peers.get(peer)?.bannedUntil ?? 0) > this.#clock.monotonicMs()
  }
}
