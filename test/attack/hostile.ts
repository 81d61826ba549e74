/** A hostile peer that is made from the library's own rooms: it proves what it may prove, and sends by hand whatever it likes. */
import { Socket } from 'node:net'
import { eventsCodec } from '../../src/node/codec/delta.ts'
import { gossipCodec, type GossipMessage } from '../../src/node/codec/gossip-frames.ts'
import { decodePushFrame, NONCE_BYTES, WIRE_VERSION } from '../../src/node/codec/push-frames.ts'
import {
  decodeRequest,
  encodeAnswer,
  type RequestFrame,
  type SyncAnswer,
} from '../../src/node/codec/sync-frames.ts'
import { Keyring } from '../../src/node/context/groups/keyring.ts'
import { type Draft, makeDelta } from '../../src/node/context/replica/author.ts'
import type { Candidate } from '../../src/node/context/replica/verify.ts'
import { atRest } from '../../src/node/crypto/at-rest.ts'
import { generateSigningKey, type SigningKey } from '../../src/node/crypto/sign.ts'
import type { FramedStream, Network } from '../../src/node/network/network.ts'
import { contextTopic } from '../../src/node/network/topics.ts'
import { compareBytes, fromHex } from '../../src/node/primitives/bytes.ts'
import { systemClock, systemRandom } from '../../src/node/primitives/clock.ts'
import { nextHlc } from '../../src/node/primitives/hlc.ts'
import {
  ApplicationId,
  ContextId,
  DeltaId,
  GroupId,
  PublicKey,
} from '../../src/node/primitives/ids.ts'
import { groupRows } from '../../src/node/store/repositories/groups.ts'
import { PUSH_PROTOCOL, SYNC_PROTOCOL } from '../../src/node/sync/limits.ts'
import { fromWireGrants, NO_FRONTIER } from '../../src/node/sync/wire.ts'
import { memoryStore } from '../support/memory-store.ts'
import { loopbackNetwork } from '../support/network.ts'
import { RawPush, RawSync } from '../support/raw-peer.ts'
import type { Order, Reached } from './order.ts'

/** A change without any action, as borsh of the storage library. */
const NO_ACTIONS = Uint8Array.of(0, 0, 0, 0, 0)

/** How a hostile peer answers a request; nothing at all when undefined. */
export type Answering = (
  frame: RequestFrame,
  say: (answer: SyncAnswer) => void,
) => Promise<void> | void

/** What a delta is made with, where it differs from an honest one. */
export interface Whims {
  readonly author?: SigningKey
  readonly kind?: Draft['kind']
  readonly nowNs?: bigint
  readonly parents?: readonly Uint8Array[]
}

export class Hostile {
  readonly order: Order
  readonly key: SigningKey
  readonly context: ContextId
  readonly network: Network
  readonly keyring: Keyring
  /** Heads of the victim, as it told them last. */
  heads: readonly DeltaId[] = []
  /** The member that the victim proved to be. */
  victim: PublicKey = PublicKey.from(new Uint8Array(32))
  readonly #more: Network[] = []
  #answering: Answering = () => {}
  #sequence = 0n

  constructor(order: Order) {
    this.order = order
    this.key = generateSigningKey(fromHex(order.seed))
    this.context = ContextId.parse(order.context)
    this.network = this.#listening()
    const store = memoryStore()
    this.keyring = new Keyring(
      GroupId.parse(order.group),
      1,
      {
        rows: groupRows(store),
        atRest: atRest(systemRandom.bytes(32), systemRandom),
        random: systemRandom,
      },
      [],
    )
  }

  /** Connections of this process come from an address of their own from now on: those of honest nodes come from another. */
  static comeFrom(address: string): void {
    const connect = Reflect.get(Socket.prototype, 'connect') as (...args: unknown[]) => Socket
    Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
      // Node's own functions pass [options, listener] as the first argument
      const [first] = args
      const options: unknown = Array.isArray(first) ? first[0] : first
      if (typeof options === 'object' && options !== null && 'port' in options) {
        Object.assign(options, { localAddress: address })
      }
      return connect.apply(this, args)
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.network, ...this.#more].map((network) => network.stop()))
  }

  /** How it answers what the victim asks of it from now on. */
  answer(answering: Answering): void {
    this.#answering = answering
  }

  /** A stream of pushes to the victim on which only Hello was said. */
  async hello(network: Network = this.network): Promise<RawPush> {
    await this.#dial(this.order.victim, network)
    const push = new RawPush(
      await network.open(this.order.victim.peer, PUSH_PROTOCOL),
      network.peerId,
    )
    await push.hello(network.addresses().slice())
    return push
  }

  /** A stream of pushes on which the victim takes it for the member that it is; it reads what comes there, and keeps the keys that it is given. */
  async join(network: Network = this.network): Promise<RawPush> {
    const push = await this.hello(network)
    push.send(push.joinFrame(this.context, this.key))
    this.victim = PublicKey.from((await push.next('join')).party)
    // as an honest member answers: the victim takes it for one that takes it for one
    push.send({ type: 'heads', context: this.context, ...NO_FRONTIER, heads: [] })
    const { heads } = await push.next('heads')
    this.heads = heads.map((id) => DeltaId.from(id))
    const isKeyed = Promise.withResolvers<void>()
    void this.#read(push, () => isKeyed.resolve()).catch(() => isKeyed.resolve())
    await isKeyed.promise
    return push
  }

  /** A stream of requests on which it is taken for a member. */
  async requests(): Promise<RawSync> {
    await this.#dial(this.order.victim, this.network)
    const { victim } = this.order
    const requests = new RawSync(
      await this.network.open(victim.peer, SYNC_PROTOCOL),
      this.network.peerId,
    )
    await requests.hello()
    await requests.join(this.context, this.key)
    return requests
  }

  /** The envelope of a delta that everybody has. */
  async oldEnvelope(): Promise<Uint8Array> {
    const requests = await this.requests()
    const want = this.heads.slice(0, 1)
    const answer = await requests.ask({
      type: 'deltas',
      ...{ context: this.context, want, have: [], maxBytes: 1 << 20 },
    })
    const [envelope] = answer.type === 'envelopes' ? answer.items : []
    if (envelope === undefined) throw new TypeError(`expected an envelope, got ${answer.type}`)
    return envelope
  }

  /** Another peer of the same hands, with a fresh id. */
  async another(): Promise<Network> {
    const network = loopbackNetwork({ listen: [] })
    this.#more.push(network)
    await network.start()
    return network
  }

  /** Takes part in the context's topic, as a subscriber that the victim sees. */
  async gossip(): Promise<(data: Uint8Array) => Promise<unknown>> {
    const topic = contextTopic(this.context)
    this.network.subscribe({ topic, validate: () => 'accept', deliver: () => {} })
    await this.#dial(this.order.victim, this.network)
    const end = systemClock.monotonicMs() + 30_000
    for (;;) {
      // another one each time: the same twice reaches nobody
      const data = gossipCodec.encode({ type: 'delta', envelope: this.delta().bytes })
      if ((await this.network.publish(topic, data)).recipients > 0) break
      if (systemClock.monotonicMs() > end) throw new TypeError('nobody is seen in the topic')
      await pause(50)
    }
    return (data) => this.network.publish(topic, data)
  }

  /** A signed and sealed delta, its own next one unless told otherwise; under a key of its own where it was given none. */
  delta(whims: Whims = {}): Candidate {
    const { author = this.key, kind = 'state', nowNs = systemClock.nowNs() } = whims
    if (this.keyring.newest < 0) {
      this.keyring.remember(0, systemRandom.bytes(32), { madeAt: 1n, coversTo: 1n })
    }
    return makeDelta(
      {
        context: this.context,
        author,
        keyring: this.keyring,
        sealFrom: 0n,
        membersRevision: BigInt(this.order.membersRevision),
        hlc: nextHlc(author.publicKey, nowNs),
        heads: (whims.parents ?? this.heads).map((id) => DeltaId.from(id)).sort(compareBytes),
        own: { height: this.#sequence++, last: new Uint8Array(32) },
        payload: {
          application: ApplicationId.parse(this.order.application),
          appPayload: NO_ACTIONS,
          events: eventsCodec.encode([]),
          authorRoot: new Uint8Array(32),
          causedBy: undefined,
          depth: 0,
        },
        kind,
      },
      systemRandom,
    )
  }

  #listening(): Network {
    const network = loopbackNetwork()
    network.handle(SYNC_PROTOCOL, (stream) => void this.#serve(stream).catch(() => {}))
    network.handle(PUSH_PROTOCOL, (stream) => stream.abort(new Error('we open ours')))
    return network
  }

  async #dial({ peer, addresses }: Reached, network: Network): Promise<void> {
    if (!network.isConnected(peer)) await network.dial(addresses)
  }

  async #read(push: RawPush, onKeys: () => void): Promise<void> {
    for (;;) {
      const bytes = await push.stream.read()
      if (bytes === undefined) return
      const frame = decodePushFrame(bytes)
      if (frame.type === 'heads') this.heads = frame.heads.map((id) => DeltaId.from(id))
      if (frame.type !== 'keys') continue
      for (const grant of fromWireGrants(frame.grants)) {
        const key = this.keyring.unwrap(grant, this.key)
        if (key !== undefined) this.keyring.remember(grant.epoch, key, grant)
      }
      onKeys()
    }
  }

  async #serve(stream: FramedStream): Promise<void> {
    for await (const bytes of stream) {
      const frame = decodeRequest(bytes)
      const say = (answer: SyncAnswer): void => {
        stream.send(encodeAnswer(frame.id, answer))
      }
      const { request } = frame
      if (request.type === 'hello') {
        say({ type: 'hello', version: WIRE_VERSION, nonce: systemRandom.bytes(NONCE_BYTES) })
      } else if (request.type === 'join') say({ type: 'joined' })
      else void Promise.resolve(this.#answering(frame, say)).catch(() => {})
    }
  }
}

/** A gossip message. */
export function message(value: GossipMessage): Uint8Array {
  return gossipCodec.encode(value)
}

/** Ids that nobody ever made. */
export function madeUp(count: number): Uint8Array[] {
  return Array.from({ length: count }, () => systemRandom.bytes(32)).sort(compareBytes)
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
