/** The network port of one life over the swarm. */
import { throwIfAborted } from '../../../src/node/errors.ts'
import { networkError } from '../../../src/node/network/errors.ts'
import { Keeper } from '../../../src/node/network/keeper.ts'
import { DIAL_TIMEOUT_MS, OPEN_TIMEOUT_MS } from '../../../src/node/network/limits.ts'
import type {
  FramedStream,
  GossipTopic,
  Network,
  NetworkEvents,
  PeerId,
  PeerInfo,
} from '../../../src/node/network/network.ts'
import { Emitter } from '../../../src/node/primitives/emitter.ts'
import type { Logger } from '../../../src/node/primitives/logger.ts'
import type { Life } from '../life.ts'
import type { SimRandom } from '../random.ts'
import { Gossip } from './gossip.ts'
import { SimStream } from './sim-stream.ts'
import type { Link, Swarm } from './swarm.ts'

/** First wait before a dial that got nowhere is tried again, ms; doubles: TCP's first packet. */
const REDIAL_MS = 1_000

export interface SimNetworkComponents {
  readonly swarm: Swarm
  readonly life: Life
  readonly random: SimRandom
  readonly logger: Logger
}

export class SimNetwork implements Network {
  readonly peerId: PeerId
  /** Where it listens, without the peer id. */
  readonly address: string
  readonly life: Life
  readonly events: Emitter<NetworkEvents>
  readonly gossip: Gossip
  readonly #swarm: Swarm
  readonly #handlers = new Map<string, (stream: FramedStream) => void>()
  readonly #keeper: Keeper
  /** Connections by peer, oldest first, as libp2p keeps them. */
  readonly #links = new Map<PeerId, Map<Link, PeerInfo['direction']>>()
  /** Addresses that connected peers said they listen on. */
  readonly #known = new Map<PeerId, string>()

  constructor(peerId: PeerId, address: string, components: SimNetworkComponents) {
    const { swarm, life, random, logger } = components
    this.peerId = peerId
    this.address = address
    this.life = life
    this.#swarm = swarm
    this.events = new Emitter(logger)
    this.gossip = new Gossip(swarm, this)
    this.#keeper = new Keeper({
      clock: life,
      random,
      isConnected: (peer) => this.isConnected(peer),
      dial: async (peer, addresses, signal) => {
        const known = this.#known.get(peer)
        const targets = addresses.length > 0 ? addresses : known === undefined ? [] : [known]
        await this.#reach(peer, targets.map(withoutPeer), signal)
      },
    })
  }

  async start(): Promise<void> {
    this.#swarm.listen(this)
    this.#keeper.start()
  }

  async stop(): Promise<void> {
    await this.#keeper.stop()
    for (const links of this.#links.values()) {
      for (const link of links.keys()) this.#swarm.hangUp(link, this)
    }
    this.#swarm.vanish(this, false)
  }

  addresses(): readonly string[] {
    return [`${this.address}/p2p/${this.peerId}`]
  }

  peers(): readonly PeerInfo[] {
    return [...this.#links].flatMap(([id, links]) => {
      const [direction] = links.values()
      return direction === undefined ? [] : [{ id, addresses: [], direction }]
    })
  }

  isConnected(peer: PeerId): boolean {
    return this.#links.has(peer)
  }

  /** Streams that are open at this end. */
  get streams(): number {
    return [...this.#links.values()]
      .flatMap((links) => [...links.keys()])
      .reduce((sum, { streams }) => sum + streams.size, 0)
  }

  async dial(
    addresses: readonly string[],
    options: { signal?: AbortSignal } = {},
  ): Promise<PeerId> {
    const peer = addresses[0]?.split('/p2p/')[1]
    if (peer === undefined) {
      throw networkError('NETWORK_ADDRESS_INVALID', 'expected an address that names its peer')
    }
    await this.#reach(peer, addresses.map(withoutPeer), options.signal)
    return peer
  }

  shutOut(peer: PeerId): void {
    for (const link of [...(this.#links.get(peer)?.keys() ?? [])]) this.#swarm.hangUp(link, this)
  }

  async disconnect(peer: PeerId): Promise<void> {
    this.#keeper.forget(peer)
    for (const link of [...(this.#links.get(peer)?.keys() ?? [])]) this.#swarm.hangUp(link, this)
  }

  async keep(peer: PeerId, addresses: readonly string[]): Promise<void> {
    this.#keeper.keep(peer, addresses)
  }

  handle(protocol: string, handler: (stream: FramedStream) => void): void {
    this.#handlers.set(protocol, handler)
  }

  async open(
    peer: PeerId,
    protocol: string,
    options: { signal?: AbortSignal } = {},
  ): Promise<FramedStream> {
    const { signal } = options
    throwIfAborted(signal)
    const stream = await new Promise<FramedStream | undefined>((resolve) => {
      let isOver = false
      const end = (opened: FramedStream | undefined): void => {
        if (isOver) return opened?.abort(new TypeError('too late'))
        isOver = true
        timer.cancel()
        signal?.removeEventListener('abort', giveUp)
        resolve(opened)
      }
      const giveUp = (): void => end(undefined)
      const timer = this.life.after(OPEN_TIMEOUT_MS, giveUp)
      signal?.addEventListener('abort', giveUp)
      const [link] = this.#links.get(peer)?.keys() ?? []
      if (link === undefined) giveUp()
      else this.#openOn(link, peer, protocol, end)
    })
    if (stream !== undefined) return stream
    throwIfAborted(signal)
    throw networkError('NETWORK_OPEN_FAILED', `no ${protocol} stream`)
  }

  subscribe(topic: GossipTopic): void {
    this.gossip.subscribe(topic)
  }

  unsubscribe(topic: string): void {
    this.gossip.unsubscribe(topic)
  }

  async publish(topic: string, data: Uint8Array): Promise<{ readonly recipients: number }> {
    return { recipients: this.gossip.publish(topic, data) }
  }

  /** A link was made. */
  met(link: Link, direction: PeerInfo['direction']): void {
    const other = link.ends[0] === this ? link.ends[1] : link.ends[0]
    const peer = other.peerId
    const known = this.#links.get(peer)
    this.#known.set(peer, other.address)
    if (known !== undefined) {
      known.set(link, direction)
      return
    }
    this.#links.set(peer, new Map([[link, direction]]))
    this.#keeper.connected(peer)
    this.events.emit('peer:connect', { peer })
  }

  /** A link is gone. */
  lost(link: Link): void {
    const peer = (link.ends[0] === this ? link.ends[1] : link.ends[0]).peerId
    const links = this.#links.get(peer)
    if (links === undefined || !links.delete(link) || links.size > 0) return
    this.#links.delete(peer)
    this.#keeper.disconnected(peer)
    this.events.emit('peer:disconnect', { peer })
  }

  #openOn(
    link: Link,
    peer: PeerId,
    protocol: string,
    resolve: (stream: FramedStream | undefined) => void,
  ): void {
    const swarm = this.#swarm
    const index = link.ends[0] === this ? 0 : 1
    const other = link.ends[1 - index] as SimNetwork // there are two
    swarm.later(this.peerId, peer, () => {
      // what is lost is sent again, but not for long enough to matter
      if (!swarm.roads.areOpen(this.peerId, peer) || !link.isUp[index]) return
      if (!link.isUp[1 - index]) return swarm.drop(link, this) // answered by a reset
      other.life.enter(() => {
        const handler = other.#handlers.get(protocol)
        if (handler === undefined) return
        const shared = { swarm, protocol }
        const pair = SimStream.pair(
          { ...shared, life: this.life, self: this.peerId, peer },
          { ...shared, life: other.life, self: peer, peer: this.peerId },
        )
        const ends = index === 0 ? pair : ([pair[1], pair[0]] as const)
        link.streams.add(ends)
        void Promise.all([pair[0].closed, pair[1].closed]).then(() => link.streams.delete(ends))
        handler(pair[1])
        swarm.later(peer, this.peerId, () => this.life.enter(() => resolve(pair[0])))
      })
    })
  }

  async #reach(
    peer: PeerId,
    addresses: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (this.isConnected(peer)) return
    const deadline = this.life.monotonicMs() + DIAL_TIMEOUT_MS
    let waitMs = REDIAL_MS
    while (this.life.monotonicMs() < deadline) {
      throwIfAborted(signal)
      const answers = []
      for (const address of addresses) {
        const answer = await this.#knock(address, peer)
        if (answer === 'connected') return
        answers.push(answer)
      }
      if (answers.every((answer) => answer === 'refused')) break
      await this.life.pass(waitMs)
      waitMs *= 2
    }
    throw networkError('NETWORK_DIAL_FAILED', 'nobody answers')
  }

  /** One packet there, and one back. */
  async #knock(address: string, peer: PeerId): Promise<'connected' | 'refused' | 'silent'> {
    const { roads, random } = this.#swarm
    await this.life.pass(roads.from(this.peerId, peer).tripMs())
    if (this.isConnected(peer)) return 'connected'
    const other = this.#swarm.at(address)
    if (other === undefined) return random.chance(0.5) ? 'refused' : 'silent'
    if (!roads.areOpen(this.peerId, other.peerId)) return 'silent'
    if (other.peerId !== peer) return 'refused'
    await this.life.pass(roads.from(peer, this.peerId).tripMs())
    if (this.isConnected(peer)) return 'connected'
    if (!other.life.isAwake || !roads.areOpen(this.peerId, peer)) return 'silent'
    this.#swarm.connect(this, other)
    return 'connected'
  }
}

function withoutPeer(address: string): string {
  return address.split('/p2p/')[0] ?? address
}
