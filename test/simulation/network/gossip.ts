/** Gossip topics of one life: each message goes to every connected peer that listens, may get lost, and may come twice. */
import type { GossipTopic, PeerId } from '../../../src/node/network/network.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import type { SimNetwork } from './sim-network.ts'
import type { Swarm } from './swarm.ts'

export class Gossip {
  readonly #swarm: Swarm
  readonly #network: SimNetwork
  readonly #topics = new Map<string, GossipTopic>()
  readonly #seen = new Set<string>()

  constructor(swarm: Swarm, network: SimNetwork) {
    this.#swarm = swarm
    this.#network = network
  }

  /** Topics listened to. */
  get topics(): number {
    return this.#topics.size
  }

  subscribe(topic: GossipTopic): void {
    this.#topics.set(topic.topic, topic)
  }

  unsubscribe(topic: string): void {
    this.#topics.delete(topic)
  }

  publish(topic: string, data: Uint8Array): number {
    this.#seen.add(messageId(topic, data))
    return this.#spread(topic, data.slice())
  }

  #spread(topic: string, data: Uint8Array): number {
    const self = this.#network.peerId
    const { roads, tally } = this.#swarm
    const peers = this.#network.peers()
    for (const { id } of peers) {
      const road = roads.from(self, id)
      if (road.isLost()) {
        tally.count('gossip lost')
        continue
      }
      this.#send(topic, data, id)
      if (road.isDoubled()) {
        tally.count('gossip doubled')
        this.#send(topic, data, id)
      }
    }
    return peers.length
  }

  #send(topic: string, data: Uint8Array, to: PeerId): void {
    const self = this.#network.peerId
    this.#swarm.later(self, to, () => {
      const link = this.#swarm.links.find(
        ({ ends, isUp }) =>
          isUp[0] &&
          isUp[1] &&
          ends.includes(this.#network) &&
          ends.some((end) => end.peerId === to),
      )
      const other = link?.ends.find(({ peerId }) => peerId === to)
      other?.life.enter(() => other.gossip.#hear(topic, data, self))
    })
  }

  #hear(name: string, data: Uint8Array, from: PeerId): void {
    const topic = this.#topics.get(name)
    const id = messageId(name, data)
    if (topic === undefined || this.#seen.has(id)) return
    this.#seen.add(id)
    if (topic.validate(data, from) !== 'accept') return
    this.#swarm.time.note(`gossip ${this.#swarm.nameOf(this.#network.peerId)}`, data)
    topic.deliver(data, from)
    this.#spread(name, data)
  }
}

function messageId(topic: string, data: Uint8Array): string {
  return `${topic} ${toHex(sha256(data))}`
}
