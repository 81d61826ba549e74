/** When frontiers are told: once a burst of applies settles, every ten seconds to streams, every thirty to gossip. */
import type { Clock, Random, Timer } from '../primitives/clock.ts'
import { type ContextId, idKey } from '../primitives/ids.ts'
import { GOSSIP_HEARTBEAT_MS, HEARTBEAT_MS, SETTLE_MS } from './limits.ts'

export interface HeartbeatHooks {
  /** A burst of applies is over. */
  onSettled(context: ContextId): void
  /** Every ten seconds. */
  onBeat(): void
  /** About every thirty seconds. */
  onGossipBeat(): void
}

export class Heartbeat {
  readonly #clock: Clock
  readonly #random: Random
  readonly #hooks: HeartbeatHooks
  readonly #settling = new Map<string, { last: number; timer: Timer }>()
  #beat: Timer | undefined
  #gossipBeat: Timer | undefined

  constructor(components: { clock: Clock; random: Random }, hooks: HeartbeatHooks) {
    this.#clock = components.clock
    this.#random = components.random
    this.#hooks = hooks
  }

  start(): void {
    this.#beat = this.#clock.every(HEARTBEAT_MS, () => this.#hooks.onBeat())
    this.#nextGossipBeat()
  }

  stop(): void {
    this.#beat?.cancel()
    this.#gossipBeat?.cancel()
    for (const { timer } of this.#settling.values()) timer.cancel()
    this.#settling.clear()
  }

  /** A delta was applied. One timer per burst, not per delta. */
  applied(context: ContextId): void {
    const key = idKey(context)
    const settling = this.#settling.get(key)
    if (settling !== undefined) settling.last = this.#clock.monotonicMs()
    else this.#wait(context, this.#clock.monotonicMs(), SETTLE_MS)
  }

  #wait(context: ContextId, last: number, ms: number): void {
    const key = idKey(context)
    const timer = this.#clock.after(ms, () => {
      const settling = this.#settling.get(key)
      this.#settling.delete(key)
      if (settling === undefined) return
      const quiet = this.#clock.monotonicMs() - settling.last
      if (quiet >= SETTLE_MS) this.#hooks.onSettled(context)
      else this.#wait(context, settling.last, SETTLE_MS - quiet)
    })
    this.#settling.set(key, { last, timer })
  }

  #nextGossipBeat(): void {
    const [byte = 0] = this.#random.bytes(1)
    this.#gossipBeat = this.#clock.after(GOSSIP_HEARTBEAT_MS * (1 - byte / 255 / 5), () => {
      this.#hooks.onGossipBeat()
      this.#nextGossipBeat()
    })
  }
}
