/** The {@link Network} port over libp2p: TCP, Noise, yamux, gossipsub. */
import type { PrivateKey } from '@libp2p/interface'
import { isMerogateError } from '../errors.ts'
import type { Gauge, Metrics } from '../metrics.ts'
import type { Clock, Random } from '../primitives/clock.ts'
import { Emitter, type Listenable } from '../primitives/emitter.ts'
import type { Logger } from '../primitives/logger.ts'
import type { Status } from '../primitives/startable.ts'
import {
  addressInvalid,
  listenError,
  parseAddress,
  parsePeer,
  peerOf,
  withPeer,
} from './addresses.ts'
import type { Libp2pNode } from './assemble.ts'
import { Door } from './door.ts'
import { networkError } from './errors.ts'
import { gaterOf, watchDoor } from './gate.ts'
import { framedStream } from './framed-stream.ts'
import { Keeper } from './keeper.ts'
import { networkKey, peerIdOf } from './key.ts'
import {
  DIAL_TIMEOUT_MS,
  MAX_DISCOVERED_CONNECTIONS,
  MAX_GOSSIP_BYTES,
  MAX_INBOUND_STREAMS,
  OPEN_TIMEOUT_MS,
} from './limits.ts'
import { libp2pLogger } from './logger.ts'
import type {
  FramedStream,
  GossipTopic,
  Network,
  NetworkEvents,
  PeerId,
  PeerInfo,
} from './network.ts'

export interface Libp2pNetworkInit {
  /** A 32-byte ed25519 seed, or libp2p's protobuf form of a private key. Secret. */
  readonly privateKey: Uint8Array
  /** Multiaddrs to listen on. @default DEFAULT_LISTEN */
  readonly listen?: readonly string[]
  /** Multiaddrs with peer id; connections to these are kept. @default [] */
  readonly bootstrap?: readonly string[]
  /** Announce and find peers on the local network. @default false */
  readonly mdns?: boolean
  /** Take part in the Kademlia DHT. @default false */
  readonly dht?: boolean
}

/** Where a node listens unless told otherwise: upstream's swarm port. */
export const DEFAULT_LISTEN: readonly string[] = ['/ip4/0.0.0.0/tcp/2428']

export interface NetworkComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Metrics
}

/**
 * A network over libp2p. The peer id is known before `start`.
 * @throws NETWORK_KEY_INVALID (input)
 */
export function libp2pNetwork(init: Libp2pNetworkInit): (components: NetworkComponents) => Network {
  return (components) => new Libp2pNetwork(init, components)
}

class Libp2pNetwork implements Network {
  readonly peerId: PeerId
  readonly #init: Libp2pNetworkInit
  readonly #key: PrivateKey
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #emitter: Emitter<NetworkEvents>
  readonly #keeper: Keeper
  readonly #door: Door
  readonly #handlers = new Map<string, (stream: FramedStream) => void>()
  readonly #topics = new Map<string, GossipTopic>()
  readonly #connections: Gauge
  #status: Status = 'stopped'
  #node: Libp2pNode | undefined

  constructor(init: Libp2pNetworkInit, components: NetworkComponents) {
    this.#init = init
    this.#key = networkKey(init.privateKey)
    this.peerId = peerIdOf(this.#key)
    this.#clock = components.clock
    this.#logger = components.logger.child({ component: 'network' })
    this.#emitter = new Emitter(this.#logger)
    this.#connections = components.metrics.gauge('merogate_network_peers_count', {
      help: 'Connected peers',
    })
    this.#door = new Door(components.clock)
    this.#keeper = new Keeper({
      clock: components.clock,
      random: components.random,
      isConnected: (peer) => this.isConnected(peer),
      dial: (peer, addresses, signal) => this.#dialKept(peer, addresses, signal),
    })
  }

  get events(): Listenable<NetworkEvents> {
    return this.#emitter
  }

  async start(): Promise<void> {
    if (this.#status !== 'stopped') return
    this.#status = 'starting'
    const listen = this.#init.listen ?? DEFAULT_LISTEN
    for (const address of listen) parseAddress(address)
    try {
      const { assemble } = await import('./assemble.ts') // half a second of modules that only a running node needs
      const node = await assemble({
        privateKey: this.#key,
        listen,
        mdns: this.#init.mdns ?? false,
        dht: this.#init.dht ?? false,
        logger: libp2pLogger(this.#logger),
        gater: gaterOf(this.#door),
      })
      this.#node = node
      this.#listenTo(node)
      for (const [protocol, handler] of this.#handlers)
        await this.#register(node, protocol, handler)
      await node.start()
      for (const topic of this.#topics.values()) this.#join(node, topic)
    } catch (error) {
      this.#node = undefined
      this.#status = 'stopped'
      throw isMerogateError(error) ? error : listenError(error, listen)
    }
    this.#status = 'started'
    for (const address of this.#init.bootstrap ?? []) {
      const peer = peerOf(parseAddress(address))
      if (peer === undefined) {
        await this.stop()
        throw addressInvalid(address, 'it does not end with /p2p/<peer id>')
      }
      this.#keeper.keep(peer, [address])
    }
    this.#keeper.start()
  }

  async stop(): Promise<void> {
    if (this.#status !== 'started') return
    this.#status = 'stopping'
    await this.#keeper.stop()
    await this.#node?.stop()
    this.#node = undefined
    this.#status = 'stopped'
  }

  addresses(): readonly string[] {
    return (this.#node?.getMultiaddrs() ?? []).map((address) => address.toString())
  }

  peers(): readonly PeerInfo[] {
    const peers = new Map<
      PeerId,
      { id: PeerId; addresses: string[]; direction: PeerInfo['direction'] }
    >()
    for (const connection of this.#node?.getConnections() ?? []) {
      const id = connection.remotePeer.toString()
      const known = peers.get(id)
      const address = connection.remoteAddr.toString()
      if (known === undefined) {
        peers.set(id, { id, addresses: [address], direction: connection.direction })
      } else {
        known.addresses.push(address)
      }
    }
    return [...peers.values()]
  }

  isConnected(peer: PeerId): boolean {
    const node = this.#node
    return node !== undefined && node.getConnections(parsePeer(peer)).length > 0
  }

  async dial(
    addresses: readonly string[],
    options: { signal?: AbortSignal } = {},
  ): Promise<PeerId> {
    const node = this.#started()
    const parsed = addresses.map(parseAddress)
    const peers = new Set(parsed.map(peerOf))
    if (parsed.length === 0 || peers.size > 1) {
      throw addressInvalid(addresses.join(', '), 'they must be of one peer')
    }
    try {
      const connection = await node.dial(parsed, {
        signal: deadline(DIAL_TIMEOUT_MS, options.signal),
      })
      return connection.remotePeer.toString()
    } catch (cause) {
      throw networkError(
        'NETWORK_DIAL_FAILED',
        `none of ${addresses.length} addresses answered; is the other node running and reachable?`,
        { addresses },
        { cause },
      )
    }
  }

  async disconnect(peer: PeerId): Promise<void> {
    this.#keeper.forget(peer)
    await this.#node?.hangUp(parsePeer(peer))
  }

  shutOut(peer: PeerId, ms: number): void {
    this.#door.shutOut(peer, ms)
    void this.#node?.hangUp(parsePeer(peer)).catch(() => {}) // it is refused all the same
  }

  async keep(peer: PeerId, addresses: readonly string[]): Promise<void> {
    for (const address of addresses) parseAddress(address)
    parsePeer(peer)
    this.#keeper.keep(peer, addresses)
    this.#door.proved(peer)
    // what libp2p's pruning goes by when there are too many connections: members go last
    await this.#node?.peerStore.merge(parsePeer(peer), {
      tags: { 'merogate-member': { value: 100 } },
    })
  }

  handle(protocol: string, handler: (stream: FramedStream) => void): void {
    this.#handlers.set(protocol, handler)
  }

  async open(
    peer: PeerId,
    protocol: string,
    options: { signal?: AbortSignal } = {},
  ): Promise<FramedStream> {
    const node = this.#started()
    try {
      const stream = await node.dialProtocol(parsePeer(peer), protocol, {
        signal: deadline(OPEN_TIMEOUT_MS, options.signal),
        runOnLimitedConnection: true,
        maxOutboundStreams: MAX_INBOUND_STREAMS,
      })
      return framedStream(stream, peer, { clock: this.#clock })
    } catch (cause) {
      throw networkError(
        'NETWORK_OPEN_FAILED',
        `cannot open a ${protocol} stream to ${peer}`,
        { peer, protocol },
        { cause },
      )
    }
  }

  subscribe(topic: GossipTopic): void {
    this.#topics.set(topic.topic, topic)
    if (this.#status === 'started' && this.#node !== undefined) this.#join(this.#node, topic)
  }

  unsubscribe(topic: string): void {
    this.#topics.delete(topic)
    const pubsub = this.#node?.services.pubsub
    pubsub?.topicValidators.delete(topic)
    if (this.#status === 'started') pubsub?.unsubscribe(topic)
  }

  async publish(topic: string, data: Uint8Array): Promise<{ readonly recipients: number }> {
    if (data.length > MAX_GOSSIP_BYTES) {
      throw networkError(
        'NETWORK_FRAME_TOO_LARGE',
        `expected a gossip message of at most ${MAX_GOSSIP_BYTES} bytes, got ${data.length}`,
        { max: MAX_GOSSIP_BYTES, got: data.length },
      )
    }
    const { recipients } = await this.#started().services.pubsub.publish(topic, data)
    return { recipients: recipients.length }
  }

  #started(): Libp2pNode {
    if (this.#node === undefined || this.#status === 'stopping') {
      throw networkError('NETWORK_NOT_STARTED', 'the network is not started')
    }
    return this.#node
  }

  #listenTo(node: Libp2pNode): void {
    watchDoor(node, this.#door, (peer) => this.#keeper.list().has(peer))
    node.addEventListener('peer:connect', ({ detail }) => {
      this.#countPeers(node)
      this.#keeper.connected(detail.toString())
      this.#emitter.emit('peer:connect', { peer: detail.toString() })
    })
    node.addEventListener('peer:disconnect', ({ detail }) => {
      this.#countPeers(node)
      this.#keeper.disconnected(detail.toString())
      this.#emitter.emit('peer:disconnect', { peer: detail.toString() })
    })
    node.addEventListener('peer:discovery', ({ detail }) => {
      if (this.#init.mdns !== true || node.getPeers().length >= MAX_DISCOVERED_CONNECTIONS) return
      node.dial(detail.id).catch((error: unknown) => {
        this.#logger.debug(
          { err: error, peer: detail.id.toString() },
          'discovered peer not reached',
        )
      })
    })
    const { pubsub } = node.services
    pubsub.addEventListener('gossipsub:message', ({ detail }) => {
      const topic = this.#topics.get(detail.msg.topic)
      topic?.deliver(detail.msg.data, detail.propagationSource.toString())
    })
  }

  #countPeers(node: Libp2pNode): void {
    this.#connections.set(node.getPeers().length)
  }

  async #register(
    node: Libp2pNode,
    protocol: string,
    handler: (stream: FramedStream) => void,
  ): Promise<void> {
    await node.handle(
      protocol,
      (stream, connection) => {
        handler(framedStream(stream, connection.remotePeer.toString(), { clock: this.#clock }))
      },
      { maxInboundStreams: MAX_INBOUND_STREAMS, runOnLimitedConnection: true },
    )
  }

  #join(node: Libp2pNode, topic: GossipTopic): void {
    const { pubsub } = node.services
    pubsub.topicValidators.set(topic.topic, (from, message) => {
      if (message.data.length > MAX_GOSSIP_BYTES) return 'reject' as never // the enum of gossipsub is these very texts
      return topic.validate(message.data, from.toString()) as never // likewise
    })
    pubsub.subscribe(topic.topic)
  }

  async #dialKept(peer: PeerId, addresses: readonly string[], signal: AbortSignal): Promise<void> {
    const node = this.#started()
    const id = parsePeer(peer)
    const target = addresses.length === 0 ? id : addresses.map((address) => withPeer(address, peer))
    await node.dial(target, { signal: deadline(DIAL_TIMEOUT_MS, signal) })
    await node.peerStore.merge(id, { tags: { 'merogate-member': { value: 100 } } })
  }
}

function deadline(ms: number, signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(ms)
  return signal === undefined ? timeout : AbortSignal.any([timeout, signal])
}
