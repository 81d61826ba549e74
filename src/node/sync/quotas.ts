/**
 * What one party may cost us, the same on every plane. Work is paid in units of about ten microseconds (a look-up is one, a signature a dozen) out of a
 * bucket that time fills. Whoever has used it up is told that we are busy where it can be told, and waits where it can wait. Who sends what no honest
 * node of any version sends is shut out: its connections are closed, and new ones are refused for a while.
 */
import { LRUCache } from 'lru-cache'
import type { PeerId } from '../network/network.ts'
import type { Clock } from '../primitives/clock.ts'
import { idKey } from '../primitives/ids.ts'
import {
  BAN_MS,
  BREACH_FORGIVEN_MS,
  MAX_INVALID_DELTAS,
  MAX_REMEMBERED_PEERS,
  STRANGER_WORK_BURST,
  STRANGER_WORK_PER_SECOND,
  USELESS_BURST,
  USELESS_PER_SECOND,
  WORK_BURST,
  WORK_PER_SECOND,
} from './limits.ts'

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

  /** Takes so many; false when there are not, and then it takes none. */
  take(count = 1): boolean {
    this.#refill()
    if (this.#tokens < count) return false
    this.#tokens -= count
    return true
  }

  /** Takes so many whether or not they are there; returns how long it is until they are, ms: no longer than it takes to fill it up. */
  owe(count: number): number {
    this.#refill()
    this.#tokens = Math.max(this.#tokens - count, -this.#burst)
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#perSecond) * 1000
  }

  #refill(): void {
    const now = this.#clock.monotonicMs()
    const gained = ((now - this.#at) / 1000) * this.#perSecond
    this.#tokens = Math.min(this.#burst, this.#tokens + gained)
    this.#at = now
  }
}

/** What is done with a peer that broke the protocol too often. */
export interface Doorkeeper {
  /** Closes its connections and takes none for so long. */
  shutOut(peer: PeerId, ms: number): void
}

interface Record {
  /** Breaches that are left, and come back one by one: who breaks the protocol now and then is of another version, or has a fault. */
  readonly patience: TokenBucket
  bannedUntil: number
}

/** Remembers which peers sent garbage. A peer is only ever charged for what every node would call invalid. */
export class Misbehaviour {
  readonly #clock: Clock
  readonly #door: Doorkeeper | undefined
  readonly #peers = new LRUCache<PeerId, Record>({ max: MAX_REMEMBERED_PEERS })

  constructor(clock: Clock, door?: Doorkeeper) {
    this.#clock = clock
    this.#door = door
  }

  /** Notes one piece of garbage; true when it was one too many. */
  charge(peer: PeerId, weight = 1): boolean {
    const record = this.#peers.get(peer) ?? this.#fresh()
    this.#peers.set(peer, record)
    if (record.patience.take(weight)) return false
    record.bannedUntil = this.#clock.monotonicMs() + BAN_MS
    this.#door?.shutOut(peer, BAN_MS)
    return true
  }

  isBanned(peer: PeerId): boolean {
    return (this.#peers.get(peer)?.bannedUntil ?? 0) > this.#clock.monotonicMs()
  }

  #fresh(): Record {
    const perSecond = 1000 / BREACH_FORGIVEN_MS
    return { patience: new TokenBucket(this.#clock, MAX_INVALID_DELTAS, perSecond), bannedUntil: 0 }
  }
}

/** What parties may still cost, by whatever tells one from another: the identity that a member proved, or the id of a peer that proved none. */
export class Budgets {
  readonly #clock: Clock
  readonly #members = new LRUCache<string, TokenBucket>({ max: MAX_REMEMBERED_PEERS })
  readonly #peers = new LRUCache<string, TokenBucket>({ max: MAX_REMEMBERED_PEERS })
  readonly #useless = new LRUCache<string, TokenBucket>({ max: MAX_REMEMBERED_PEERS })

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Of a member, by its identity. */
  member(identity: Uint8Array): TokenBucket {
    return this.#of(this.#members, idKey(identity), WORK_BURST, WORK_PER_SECOND)
  }

  /** Of a peer that proved nothing. */
  stranger(peer: PeerId): TokenBucket {
    return this.#of(this.#peers, peer, STRANGER_WORK_BURST, STRANGER_WORK_PER_SECOND)
  }

  /** Of what is of no use to us, by the peer that sends it. */
  useless(peer: PeerId): TokenBucket {
    return this.#of(this.#useless, peer, USELESS_BURST, USELESS_PER_SECOND)
  }

  #of(
    known: LRUCache<string, TokenBucket>,
    key: string,
    burst: number,
    perSecond: number,
  ): TokenBucket {
    const bucket = known.get(key) ?? new TokenBucket(this.#clock, burst, perSecond)
    known.set(key, bucket)
    return bucket
  }
}
