/**
 * Who may be connected. What is known of who comes is its address first, then its peer id, and whether it is a member much later: so who has not shown
 * yet to be worth a place has few, few of them from one address and from one network, and gives its own to who comes later. Members have places that
 * nobody else gets. Pure but for the clock.
 */
import { LRUCache } from 'lru-cache'
import type { Clock } from '../primitives/clock.ts'
import {
  ARRIVAL_BURST,
  ARRIVALS_PER_SECOND,
  MAX_REMEMBERED_ADDRESSES,
  MAX_SHUT_OUT_PEERS,
  MAX_UNPROVEN,
  MAX_UNPROVEN_PER_ADDRESS,
  MAX_UNPROVEN_PER_NETWORK,
  NETWORK_ARRIVAL_BURST,
  NETWORK_ARRIVALS_PER_SECOND,
  SHUT_OUT_ARRIVALS,
  UNPROVEN_GRACE_MS,
} from './limits.ts'
import type { PeerId } from './network.ts'

/** A connection that somebody opened to us who has not shown to be worth it. */
interface Unproven {
  readonly id: string
  readonly peer: PeerId
  readonly address: string
  readonly network: string
  readonly sinceMs: number
}

/** How many arrivals an address has left, and when that was so. */
interface Arrivals {
  left: number
  atMs: number
}

export class Door {
  readonly #clock: Clock
  /** By connection, the oldest first. */
  readonly #unproven = new Map<string, Unproven>()
  readonly #shutOut = new LRUCache<PeerId, number>({ max: MAX_SHUT_OUT_PEERS })
  readonly #arrivals = new LRUCache<string, Arrivals>({ max: MAX_REMEMBERED_ADDRESSES })

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get unproven(): number {
    return this.#unproven.size
  }

  /** Refuses a peer for so long. Whoever comes from where it is may come less often. */
  shutOut(peer: PeerId, ms: number): void {
    this.#shutOut.set(peer, this.#clock.monotonicMs() + ms)
    for (const one of this.#unproven.values()) {
      if (one.peer !== peer) continue
      this.#take(one.address, ARRIVAL_BURST, ARRIVALS_PER_SECOND, SHUT_OUT_ARRIVALS)
      break
    }
  }

  isShutOut(peer: PeerId): boolean {
    return (this.#shutOut.get(peer) ?? 0) > this.#clock.monotonicMs()
  }

  /** Whether somebody may come from an address now: the handshake that follows costs a millisecond or two. */
  mayArrive(address: string): boolean {
    const network = networkOf(address)
    if (!this.#has(address, ARRIVAL_BURST, ARRIVALS_PER_SECOND)) return false
    if (!this.#has(network, NETWORK_ARRIVAL_BURST, NETWORK_ARRIVALS_PER_SECOND)) return false
    this.#take(address, ARRIVAL_BURST, ARRIVALS_PER_SECOND, 1)
    this.#take(network, NETWORK_ARRIVAL_BURST, NETWORK_ARRIVALS_PER_SECOND, 1)
    return true
  }

  /** Somebody has come whom we do not know. Returns the connection that is to be closed for it, perhaps its own. */
  came(id: string, peer: PeerId, address: string): string | undefined {
    const network = networkOf(address)
    const sinceMs = this.#clock.monotonicMs()
    const leaving = this.#leaving(address, network)
    if (leaving === 'nobody') return id
    this.#unproven.set(id, { id, peer, address, network, sinceMs })
    if (leaving === undefined) return undefined
    this.#unproven.delete(leaving.id)
    return leaving.id
  }

  /** A connection is closed. */
  went(id: string): void {
    this.#unproven.delete(id)
  }

  /** A peer is worth its place from now on. */
  proved(peer: PeerId): void {
    for (const { id, peer: other } of this.#unproven.values()) {
      if (other === peer) this.#unproven.delete(id)
    }
  }

  /** Who must go so that another may stay; `nobody` when all may stay longer than it. */
  #leaving(address: string, network: string): Unproven | 'nobody' | undefined {
    const all = [...this.#unproven.values()]
    const here = all.filter((one) => one.address === address)
    if (here.length >= MAX_UNPROVEN_PER_ADDRESS) return this.#tired(here)
    const near = all.filter((one) => one.network === network)
    if (near.length >= MAX_UNPROVEN_PER_NETWORK) return this.#tired(near)
    if (all.length < MAX_UNPROVEN) return undefined
    const crowd = largestOf(all)
    // who comes from where fewest are has a place before the others
    return crowd.length > near.length + 1 ? crowd[0] : this.#tired(all)
  }

  /** The oldest, once it had its time to prove itself. */
  #tired([oldest]: readonly Unproven[]): Unproven | 'nobody' {
    const isTired =
      oldest !== undefined && this.#clock.monotonicMs() - oldest.sinceMs >= UNPROVEN_GRACE_MS
    return isTired ? oldest : 'nobody'
  }

  #has(key: string, burst: number, perSecond: number): boolean {
    return this.#refilled(key, burst, perSecond).left >= 1
  }

  #take(key: string, burst: number, perSecond: number, count: number): void {
    this.#refilled(key, burst, perSecond).left -= count
  }

  #refilled(key: string, burst: number, perSecond: number): Arrivals {
    const now = this.#clock.monotonicMs()
    const known = this.#arrivals.get(key) ?? { left: burst, atMs: now }
    known.left = Math.min(burst, known.left + ((now - known.atMs) / 1000) * perSecond)
    known.atMs = now
    this.#arrivals.set(key, known)
    return known
  }
}

/** The most from one network, the oldest first. */
function largestOf(all: readonly Unproven[]): readonly Unproven[] {
  const groups = Map.groupBy(all, ({ network }) => network)
  return [...groups.values()].reduce((a, b) => (b.length > a.length ? b : a), [])
}

/** What addresses of one owner have in common: the first 24 bits of an IPv4 address, the first 64 of an IPv6 one. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+)\.\d+$/i.exec(address)?.[1]
  if (mapped !== undefined) return `${mapped}.0/24`
  if (!address.includes(':')) return `${address.split('.').slice(0, 3).join('.')}.0/24`
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const behind = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - behind.length)
  const whole = [...groups, ...Array<string>(zeros).fill('0'), ...behind]
  const first = whole.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `${first.join(':')}::/64`
}
