/** Backoff for push streams that break: 0.2 s, 0.4 s ... 30 s, with jitter, until both ends joined again. */
import type { PeerId } from '../../network/network.ts'
import type { Clock, Random, Timer } from '../../primitives/clock.ts'
import { REOPEN_MAX_MS, REOPEN_MIN_MS } from '../limits.ts'

export class Reopener {
  readonly #clock: Clock
  readonly #random: Random
  readonly #peers = new Map<PeerId, { failures: number; timer: Timer | undefined }>()

  constructor(components: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = components.clock
    this.#random = components.random
  }

  /** Calls `open` after the next wait of this peer. */
  later(peer: PeerId, open: () => void): void {
    const state = this.#peers.get(peer) ?? { failures: 0, timer: undefined }
    const wait = Math.min(REOPEN_MIN_MS * 2 ** Math.min(state.failures, 16), REOPEN_MAX_MS)
    const [byte = 0] = this.#random.bytes(1)
    state.failures++
    state.timer?.cancel()
    state.timer = this.#clock.after(wait * (0.5 + byte / 510), open)
    this.#peers.set(peer, state)
  }

  /** All is well with a peer again. */
  reset(peer: PeerId): void {
    this.#peers.get(peer)?.timer?.cancel()
    this.#peers.delete(peer)
  }

  stop(): void {
    for (const { timer } of this.#peers.values()) timer?.cancel()
    this.#peers.clear()
  }
}
