/** The gossip plane: reaches members without a push stream, and tells frontiers now and then (docs/protocol.md, Gossip). */
import {
  gossipCodec,
  type GossipMessage,
  type HeadsStatement,
  MAX_GOSSIP_MESSAGE_BYTES,
  MAX_GOSSIPED_ENVELOPE_BYTES,
} from '../codec/gossip-frames.ts'
import type { GossipVerdict, Network, PeerId } from '../network/network.ts'
import { contextTopic } from '../network/topics.ts'
import type { Clock, Timer } from '../primitives/clock.ts'
import { type ContextId, type DeltaId, idKey, PublicKey } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import type { Background } from '../primitives/background.ts'
import {
  GOSSIP_CATCH_UP_MS,
  GOSSIP_DELTA_BURST,
  GOSSIP_DELTAS_PER_SECOND,
  MAX_GOSSIP_HEADS_PER_SECOND,
  MAX_GOSSIP_RECEIVING,
  MAX_GOSSIP_SKEW_MS,
  MAX_OUTBOX_BYTES,
} from './limits.ts'
import type { SyncMetrics } from './metrics.ts'
import { signHeads, verifyHeads } from './proof.ts'
import { TokenBucket } from './quotas.ts'
import type { ReplicaSource } from './replica.ts'
import { toDeltaIds, toWireFrontier } from './wire.ts'

export interface GossipComponents {
  readonly network: Network
  readonly replica: ReplicaSource
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: SyncMetrics
  readonly background: Background
  /** Ids that somebody has and we lack. */
  want(context: ContextId, ids: readonly DeltaId[]): void
}

interface Topic {
  readonly topic: string
  /** Heads we look at. */
  readonly heads: TokenBucket
  /** Deltas we publish. */
  readonly deltas: TokenBucket
  /** Set while deltas were left out and Heads are due. */
  headsTimer: Timer | undefined
}

export class GossipPlane {
  readonly #c: GossipComponents
  readonly #topics = new Map<string, Topic>()
  #outgoing: (() => Promise<unknown>)[] = []
  #outgoingBytes = 0
  #receiving = 0

  constructor(components: GossipComponents) {
    this.#c = components
  }

  open(context: ContextId): void {
    const key = idKey(context)
    if (this.#topics.has(key)) return
    const topic = contextTopic(context)
    const heads = new TokenBucket(
      this.#c.clock,
      MAX_GOSSIP_HEADS_PER_SECOND,
      MAX_GOSSIP_HEADS_PER_SECOND,
    )
    const deltas = new TokenBucket(this.#c.clock, GOSSIP_DELTA_BURST, GOSSIP_DELTAS_PER_SECOND)
    this.#topics.set(key, { topic, heads, deltas, headsTimer: undefined })
    this.#c.network.subscribe({
      topic,
      validate: (data) => this.#validate(context, heads, data),
      deliver: (data, from) => this.#deliver(context, data, from),
    })
  }

  close(context: ContextId): void {
    const known = this.#topics.get(idKey(context))
    if (known === undefined) return
    known.headsTimer?.cancel()
    this.#topics.delete(idKey(context))
    this.#c.network.unsubscribe(known.topic)
  }

  closeAll(): void {
    for (const { topic, headsTimer } of this.#topics.values()) {
      headsTimer?.cancel()
      this.#c.network.unsubscribe(topic)
    }
    this.#topics.clear()
  }

  /**
   * Publishes a delta once the work at hand is done: never on the way of a push. A gossiped delta costs several times a pushed one, so a busy
   * writer gossips only some; a second later signed Heads follow, from which the others see what to pull.
   */
  publishDelta(context: ContextId, envelope: Uint8Array): void {
    const known = this.#topics.get(idKey(context))
    if (known === undefined) return
    if (this.#outgoingBytes > MAX_OUTBOX_BYTES || !known.deltas.take()) {
      known.headsTimer ??= this.#c.clock.after(GOSSIP_CATCH_UP_MS, () => {
        known.headsTimer = undefined
        this.#c.background.run('gossip heads', () => this.publishHeads(context))
      })
      return
    }
    const whole = envelope.length <= MAX_GOSSIPED_ENVELOPE_BYTES
    const body = whole ? envelope : this.#c.replica.announcement(envelope)
    this.#outgoingBytes += body.length
    this.#outgoing.push(async () => {
      this.#outgoingBytes -= body.length
      await this.#publish(context, { type: 'delta', envelope: body })
    })
    if (this.#outgoing.length > 1) return
    this.#c.clock.after(0, () => {
      const batch = this.#outgoing
      this.#outgoing = []
      this.#c.background.run('gossip', () => Promise.all(batch.map((publish) => publish())))
    })
  }

  /** Tells the topic where we stand, signed by our member there. */
  async publishHeads(context: ContextId): Promise<void> {
    const signer = this.#c.replica.signer(context)
    const frontier = this.#c.replica.frontier(context)
    if (signer === undefined || frontier === undefined) return
    const statement: HeadsStatement = {
      party: signer.publicKey,
      timeMs: BigInt(this.#c.clock.nowMs()),
      ...toWireFrontier(frontier),
    }
    const signature = signHeads(context, statement, signer)
    await this.#publish(context, { type: 'heads', ...statement, signature })
  }

  async #publish(context: ContextId, message: GossipMessage): Promise<void> {
    const known = this.#topics.get(idKey(context))
    if (known === undefined) return
    try {
      await this.#c.network.publish(known.topic, gossipCodec.encode(message))
      this.#c.metrics.gossiped.inc({ kind: message.type })
    } catch (error) {
      this.#c.logger.debug({ err: error }, 'gossip was not sent')
    }
  }

  #validate(context: ContextId, heads: TokenBucket, data: Uint8Array): GossipVerdict {
    if (data.length > MAX_GOSSIP_MESSAGE_BYTES) return 'reject'
    let message: GossipMessage
    try {
      message = gossipCodec.decode(data)
    } catch {
      return 'reject' // no honest node sends what does not decode
    }
    if (message.type === 'delta') return this.#c.replica.precheck(context, message.envelope)
    const skew = Math.abs(Number(message.timeMs) - this.#c.clock.nowMs())
    if (skew > MAX_GOSSIP_SKEW_MS || !heads.take()) return 'ignore'
    return verifyHeads(context, message, message.signature) ? 'accept' : 'reject'
  }

  #deliver(context: ContextId, data: Uint8Array, from: PeerId): void {
    if (this.#receiving >= MAX_GOSSIP_RECEIVING || !this.#c.replica.has(context)) return
    const message = gossipCodec.decode(data) // the validator took it a moment ago
    this.#receiving++
    this.#c.background.run('receive gossip', async () => {
      try {
        if (message.type === 'delta') await this.#onDelta(context, message.envelope, from)
        else await this.#onHeads(context, message)
      } finally {
        this.#receiving--
      }
    })
  }

  async #onDelta(context: ContextId, envelope: Uint8Array, from: PeerId): Promise<void> {
    const { status, missing } = await this.#c.replica.receive(context, envelope, { peer: from })
    this.#c.metrics.received.inc({ path: 'gossip', status })
    if (missing.length > 0) this.#c.want(context, missing)
  }

  async #onHeads(context: ContextId, statement: HeadsStatement): Promise<void> {
    const unknown = toDeltaIds(statement.heads).filter((id) => !this.#c.replica.knows(context, id))
    if (unknown.length === 0) return
    const party = await this.#c.replica.party(context, PublicKey.from(statement.party))
    if (party !== undefined) this.#c.want(context, unknown)
  }
}
