/** Keeps connections to chosen peers: dials them, and dials them again with backoff whenever they are gone. */
import type { Clock, Random, Timer } from '../primitives/clock.ts'
import { networkError } from './errors.ts'
import {
  MAX_KEPT_ADDRESSES,
  MAX_KEPT_PEERS,
  MAX_PARALLEL_REDIALS,
  REDIAL_MAX_MS,
  REDIAL_MIN_MS,
} from './limits.ts'
import type { PeerId } from './network.ts'

export interface KeeperComponents {
  readonly clock: Clock
  readonly random: Random
  isConnected(peer: PeerId): boolean
  /** Resolves when connected, rejects when not. */
  dial(peer: PeerId, addresses: readonly string[], signal: AbortSignal): Promise<void>
}

interface Kept {
  addresses: readonly string[]
  failures: number
  timer: Timer | undefined
  dialing: boolean
}

/**
 * libp2p's own reconnect queue gives up after five attempts and forgets the peer; members of a context may be away for days, so this
 * one goes on, ever more slowly, up to once a minute.
 */
export class Keeper {
  readonly #kept = new Map<PeerId, Kept>()
  readonly #waiting: PeerId[] = []
  readonly #components: KeeperComponents
  #running: AbortController | undefined
  #dialing = 0
  readonly #dials = new Set<Promise<void>>()

  constructor(components: KeeperComponents) {
    this.#components = components
  }

  /** Peers kept, with the addresses known. */
  list(): ReadonlyMap<PeerId, { readonly addresses: readonly string[] }> {
    return this.#kept
  }

  start(): void {
    this.#running = new AbortController()
    for (const peer of this.#kept.keys()) this.#schedule(peer, 0)
  }

  async stop(): Promise<void> {
    this.#running?.abort()
    this.#running = undefined
    this.#waiting.length = 0
    for (const kept of this.#kept.values()) {
      kept.timer?.cancel()
      kept.timer = undefined
    }
    await Promise.allSettled(this.#dials)
  }

  /** Adds a peer, or addresses of one that is kept already. @throws NETWORK_KEPT_FULL (limit) */
  keep(peer: PeerId, addresses: readonly string[]): void {
    const known = this.#kept.get(peer)
    if (known === undefined && this.#kept.size >= MAX_KEPT_PEERS) {
      throw networkError(
        'NETWORK_KEPT_FULL',
        `expected at most ${MAX_KEPT_PEERS} kept peers, got one more`,
        { max: MAX_KEPT_PEERS },
      )
    }
    // newest first: a peer that moved is found at the address it told us last
    const merged = [...new Set([...addresses, ...(known?.addresses ?? [])])].slice(
      0,
      MAX_KEPT_ADDRESSES,
    )
    if (known === undefined) {
      this.#kept.set(peer, { addresses: merged, failures: 0, timer: undefined, dialing: false })
    } else {
      known.addresses = merged
    }
    this.#schedule(peer, 0)
  }

  forget(peer: PeerId): void {
    this.#kept.get(peer)?.timer?.cancel()
    this.#kept.delete(peer)
  }

  connected(peer: PeerId): void {
    const kept = this.#kept.get(peer)
    if (kept === undefined) return
    kept.failures = 0
    kept.timer?.cancel()
    kept.timer = undefined
  }

  disconnected(peer: PeerId): void {
    const kept = this.#kept.get(peer)
    if (kept !== undefined) this.#schedule(peer, this.#backoff(kept))
  }

  #backoff(kept: Kept): number {
    const wait = Math.min(REDIAL_MIN_MS * 2 ** Math.min(kept.failures, 20), REDIAL_MAX_MS)
    const [byte = 0] = this.#components.random.bytes(1)
    return wait / 2 + (wait / 2) * (byte / 255) // between half and whole, so that peers do not march in step
  }

  #schedule(peer: PeerId, ms: number): void {
    const kept = this.#kept.get(peer)
    if (this.#running === undefined || kept === undefined || kept.dialing) return
    if (this.#components.isConnected(peer)) return
    kept.timer?.cancel()
    kept.timer = this.#components.clock.after(ms, () => {
      kept.timer = undefined
      if (!this.#waiting.includes(peer)) this.#waiting.push(peer)
      this.#pump()
    })
  }

  #pump(): void {
    while (this.#dialing < MAX_PARALLEL_REDIALS) {
      const peer = this.#waiting.shift()
      if (peer === undefined) return
      const kept = this.#kept.get(peer)
      const { signal } = this.#running ?? {}
      if (kept === undefined || signal === undefined || kept.dialing) continue
      if (this.#components.isConnected(peer)) continue
      const dial = this.#dial(peer, kept, signal).finally(() => this.#dials.delete(dial))
      this.#dials.add(dial)
    }
  }

  async #dial(peer: PeerId, kept: Kept, signal: AbortSignal): Promise<void> {
    kept.dialing = true
    this.#dialing++
    try {
      await this.#components.dial(peer, kept.addresses, signal)
      kept.failures = 0
    } catch {
      kept.failures++
    } finally {
      kept.dialing = false
      this.#dialing--
    }
    this.#schedule(peer, this.#backoff(kept)) // does nothing while connected
    this.#pump()
  }
}
