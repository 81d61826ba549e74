/** The gossip plane: reaches members without a push stream, and tells frontiers now and then (docs/protocol.md, Gossip). */
import { LRUCache } from 'lru-cache'
import {
  GOSSIP_TAGS,
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
  MAX_REMEMBERED_RELAYS,
} from './limits.ts'
import type { SyncMetrics } from './metrics.ts'
import { signHeads, verifyHeads } from './proof.ts'
import { type Budgets, type Misbehaviour, TokenBucket } from './quotas.ts'
import type { ReceiveResult, ReplicaSource } from './replica.ts'
import { toDeltaIds, toWireFrontier } from './wire.ts'

export interface GossipComponents {
  readonly network: Network
  readonly replica: ReplicaSource
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: SyncMetrics
  readonly background: Background
  readonly misbehaviour: Misbehaviour
  readonly budgets: Budgets
  /** Ids that somebody has and we lack, and by whom we know. */
  want(context: ContextId, ids: readonly DeltaId[], peer: PeerId): void
  /** What became of a delta that came, and from whom. */
  came(context: ContextId, result: ReceiveResult, peer: PeerId): void
}

/** A message, who sent it, and what Heads peers may still send in its topic. */
interface Gossiped {
  readonly data: Uint8Array
  readonly from: PeerId
  readonly heads: LRUCache<PeerId, TokenBucket>
}

interface Topic {
  readonly topic: string
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
    const heads = new LRUCache<PeerId, TokenBucket>({ max: MAX_REMEMBERED_RELAYS })
    const deltas = new TokenBucket(this.#c.clock, GOSSIP_DELTA_BURST, GOSSIP_DELTAS_PER_SECOND)
    this.#topics.set(key, { topic, deltas, headsTimer: undefined })
    this.#c.network.subscribe({
      topic,
      validate: (data, from) => this.#validate(context, { data, from, heads }),
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

  /** Nobody passes on what is rejected here: it is the fault of who sent it. */
  #validate(context: ContextId, gossiped: Gossiped): GossipVerdict {
    const { misbehaviour } = this.#c
    const { from } = gossiped
    if (misbehaviour.isBanned(from)) return 'ignore'
    const verdict = this.#judge(context, gossiped)
    if (verdict === 'reject') misbehaviour.charge(from)
    if (verdict !== 'useless') return verdict
    this.#useless(from)
    return 'ignore'
  }

  #judge(context: ContextId, { data, from, heads }: Gossiped): GossipVerdict | 'useless' {
    if (data.length > MAX_GOSSIP_MESSAGE_BYTES) return 'reject'
    // what another version says is no breach
    if ((data[0] ?? 0) > GOSSIP_TAGS) return 'useless'
    let message: GossipMessage
    try {
      message = gossipCodec.decode(data)
    } catch {
      return 'reject' // no honest node sends what does not decode
    }
    if (message.type === 'delta') {
      const verdict = this.#c.replica.precheck(context, message.envelope)
      return verdict === 'stranger' ? 'useless' : verdict
    }
    if (!this.#headsOf(heads, from).take()) return 'useless'
    // it may be our clock that is wrong: nobody is blamed for it
    const skew = Math.abs(Number(message.timeMs) - this.#c.clock.nowMs())
    if (skew > MAX_GOSSIP_SKEW_MS) return 'ignore'
    return verifyHeads(context, message, message.signature) ? 'accept' : 'reject'
  }

  #headsOf(heads: Gossiped['heads'], from: PeerId): TokenBucket {
    const rate = MAX_GOSSIP_HEADS_PER_SECOND
    const bucket = heads.get(from) ?? new TokenBucket(this.#c.clock, rate, rate)
    heads.set(from, bucket)
    return bucket
  }

  /** A view of the members that lags lets an honest peer pass on what is of no use to us: some of that is no breach. */
  #useless(from: PeerId): void {
    if (!this.#c.budgets.useless(from).take()) this.#c.misbehaviour.charge(from)
  }

  #deliver(context: ContextId, data: Uint8Array, from: PeerId): void {
    if (this.#receiving >= MAX_GOSSIP_RECEIVING || !this.#c.replica.has(context)) return
    const message = gossipCodec.decode(data) // the validator took it a moment ago
    this.#receiving++
    this.#c.background.run('receive gossip', async () => {
      try {
        if (message.type === 'delta') await this.#onDelta(context, message.envelope, from)
        else await this.#onHeads(context, message, from)
      } finally {
        this.#receiving--
      }
    })
  }

  async #onDelta(context: ContextId, envelope: Uint8Array, from: PeerId): Promise<void> {
    const result = await this.#c.replica.receive(context, envelope, { peer: from })
    this.#c.metrics.received.inc({ path: 'gossip', status: result.status })
    this.#c.came(context, result, from)
  }

  async #onHeads(context: ContextId, statement: HeadsStatement, from: PeerId): Promise<void> {
    // who says so comes first: heads cost a look each
    const party = await this.#c.replica.party(context, PublicKey.from(statement.party))
    if (party === undefined) {
      this.#useless(from)
      return
    }
    const unknown = toDeltaIds(statement.heads).filter((id) => !this.#c.replica.knows(context, id))
    if (unknown.length > 0) this.#c.want(context, unknown, from)
  }
}
