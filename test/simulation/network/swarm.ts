/** All machines' networks, and the links between them. */
import type { PeerId } from '../../../src/node/network/network.ts'
import type { SimRandom } from '../random.ts'
import type { Tally } from '../tally.ts'
import type { SimTime } from '../time.ts'
import { Roads } from './roads.ts'
import type { SimNetwork } from './sim-network.ts'
import type { SimStream } from './sim-stream.ts'

/** How soon, and how late at most, a side finds out that nothing comes back on a link, ms: libp2p pings every 10 s. */
const MIN_NOTICE_MS = 8_000
const MAX_NOTICE_MS = 25_000

/** One connection; each side has its own opinion on whether it is there. */
export interface Link {
  readonly ends: readonly [SimNetwork, SimNetwork]
  readonly isUp: [boolean, boolean]
  /** Streams, each as both its ends in the order of {@link ends}. */
  readonly streams: Set<readonly [SimStream, SimStream]>
}

export class Swarm {
  readonly time: SimTime
  readonly roads: Roads
  readonly random: SimRandom
  readonly tally: Tally
  /** Networks that listen, by address. */
  readonly #listening = new Map<string, SimNetwork>()
  readonly #links = new Set<Link>()
  readonly #names = new Map<PeerId, string>()
  /** When two peers last made a connection, virtual ms. */
  readonly #met = new Map<string, number>()

  constructor(time: SimTime, random: SimRandom, tally: Tally) {
    this.time = time
    this.random = random
    this.tally = tally
    this.roads = new Roads(random)
  }

  /** What a peer is called in traces. */
  name(peer: PeerId, name: string): void {
    this.#names.set(peer, name)
  }

  nameOf(peer: PeerId): string {
    return this.#names.get(peer) ?? peer.slice(-6)
  }

  listen(network: SimNetwork): void {
    this.#listening.set(network.address, network)
  }

  at(address: string): SimNetwork | undefined {
    return this.#listening.get(address)
  }

  /** When two peers last made a connection, virtual ms; before everything when they never did. */
  metMs(one: PeerId, other: PeerId): number {
    return this.#met.get(pairOf(one, other)) ?? -Infinity
  }

  get links(): readonly Link[] {
    return [...this.#links]
  }

  /** Calls after a trip from one to the other. */
  later(from: PeerId, to: PeerId, call: () => void): void {
    this.time.after(this.roads.from(from, to).tripMs(), call)
  }

  connect(dialler: SimNetwork, listener: SimNetwork): Link {
    const link: Link = { ends: [dialler, listener], isUp: [true, true], streams: new Set() }
    this.#links.add(link)
    this.#met.set(pairOf(dialler.peerId, listener.peerId), this.time.ms)
    this.time.note(`link ${this.nameOf(dialler.peerId)} ${this.nameOf(listener.peerId)}`)
    listener.met(link, 'inbound')
    dialler.met(link, 'outbound')
    return link
  }

  /** Both sides lose it at once. */
  cut(link: Link): void {
    this.drop(link, link.ends[0])
    this.drop(link, link.ends[1])
  }

  /** One side ends a link, or finds that it has ended; the other is told, if anything can tell it. */
  hangUp(link: Link, side: SimNetwork): void {
    const [other] = link.ends.filter((end) => end !== side)
    this.drop(link, side)
    if (other === undefined) return
    this.later(side.peerId, other.peerId, () => {
      if (this.roads.from(side.peerId, other.peerId).isBlocked) this.#noticeLater(link, other)
      else this.drop(link, other)
    })
  }

  /** One side loses a link. */
  drop(link: Link, side: SimNetwork): void {
    const index = link.ends[0] === side ? 0 : 1
    if (!link.isUp[index]) return
    link.isUp[index] = false
    if (!link.isUp[1 - index]) this.#links.delete(link)
    side.life.enter(() => {
      const [one, two] = link.ends
      this.time.note(
        `lost ${this.nameOf(side.peerId)} (${this.nameOf(one.peerId)} ${this.nameOf(two.peerId)})`,
      )
      for (const ends of link.streams) ends[index].break('the connection was lost')
      side.lost(link)
    })
  }

  /** The roads changed, or a machine is gone: whoever hears nothing on a link finds out in time. */
  noticeAll(): void {
    for (const link of this.#links) {
      const [a, b] = link.ends
      if (this.#isFine(link)) continue
      this.#noticeLater(link, a)
      this.#noticeLater(link, b)
    }
  }

  /** A process has ended. Its system closes what it had open, unless it went with the process. */
  vanish(network: SimNetwork, isSilent: boolean): void {
    if (this.#listening.get(network.address) === network) this.#listening.delete(network.address)
    for (const link of this.links) {
      const index = link.ends.indexOf(network)
      if (index < 0 || !link.isUp[index]) continue
      link.isUp[index] = false
      const other = link.ends[1 - index] as SimNetwork // there are two
      if (!link.isUp[1 - index]) this.#links.delete(link)
      else if (isSilent) this.#noticeLater(link, other)
      else {
        this.later(network.peerId, other.peerId, () => {
          if (this.roads.from(network.peerId, other.peerId).isBlocked)
            this.#noticeLater(link, other)
          else this.drop(link, other)
        })
      }
    }
  }

  #isFine(link: Link): boolean {
    const [a, b] = link.ends
    const isUp = link.isUp[0] && link.isUp[1] && a.life.isAwake && b.life.isAwake
    return isUp && this.roads.areOpen(a.peerId, b.peerId)
  }

  #noticeLater(link: Link, side: SimNetwork): void {
    this.time.after(this.random.between(MIN_NOTICE_MS, MAX_NOTICE_MS), () => {
      if (this.#isFine(link)) return
      this.tally.count('links found dead')
      this.drop(link, side)
    })
  }
}

function pairOf(one: PeerId, other: PeerId): string {
  return [one, other].sort().join()
}
