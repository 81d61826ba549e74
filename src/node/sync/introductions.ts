/** Finding members: those met before are kept, and those met tell of others, so that no member depends on a single acquaintance. */
import { isMerogateError, throwIfAborted } from '../errors.ts'
import type { WireMember } from '../codec/sync-frames.ts'
import type { Network, PeerId } from '../network/network.ts'
import type { Clock, Random } from '../primitives/clock.ts'
import { type ContextId, idKey, type PublicKey } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import { dialable, type Directory } from './address-book.ts'
import { type Applicant, Applicants } from './applicants.ts'
import type { Background } from '../primitives/background.ts'
import { syncError } from './errors.ts'
import { MAX_INTRODUCTIONS, MAX_STRANGERS_ASKED, MEMBERS_INTERVAL_MS } from './limits.ts'
import type { PushPlane } from './push/push.ts'
import type { ReplicaSource } from './replica.ts'
import type { Requests } from './requests/requests.ts'

export interface IntroductionsComponents {
  readonly network: Network
  readonly replica: ReplicaSource
  readonly directory: Directory
  readonly push: PushPlane
  readonly requests: Requests
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly background: Background
}

export class Introductions {
  readonly #c: IntroductionsComponents
  /** When a peer was last asked for the members of a context. */
  readonly #asked = new Map<string, number>()
  readonly #applicants = new Applicants()
  #ended = new AbortController()

  constructor(components: IntroductionsComponents) {
    this.#c = components
  }

  /** Keeps the connections to everybody in the book. */
  async start(): Promise<void> {
    this.#ended = new AbortController()
    for (const [peer, addresses] of this.#c.directory.peers()) await this.#keep(peer, addresses)
  }

  /** Dials nobody any more. */
  stop(): void {
    this.#ended.abort()
  }

  /** A member proved itself at a peer: remember where, and keep the connection. */
  met(context: ContextId, identity: PublicKey, peer: PeerId, addresses: readonly string[]): void {
    this.#c.background.run('remember member', async () => {
      await this.#c.directory.learn({ context, identity, peer, addresses })
      await this.#keep(peer, addresses)
    })
  }

  /** A peer proved a key that the list of the members does not show, or not yet. */
  applied(context: ContextId, applicant: Applicant): void {
    this.#applicants.note(context, applicant)
  }

  /** The list of the members moved: whoever applied and is in it by now is dialled as others are that are said to be members. */
  async admit(context: ContextId): Promise<void> {
    for (const { identity, peer, addresses } of this.#applicants.of(context)) {
      if ((await this.#c.replica.party(context, identity)) === undefined) continue
      this.#applicants.drop(context, peer)
      await this.#hint(context, peer, addresses)
    }
    this.#c.push.joinKnown(context)
  }

  /** Asks a member for the others, once a minute at most, and joins with those we do not know. */
  ask(context: ContextId, peer: PeerId): void {
    const key = idKey(context) + peer
    const now = this.#c.clock.monotonicMs()
    if (now - (this.#asked.get(key) ?? -MEMBERS_INTERVAL_MS) < MEMBERS_INTERVAL_MS) return
    this.#forgetOld(now)
    this.#asked.set(key, now)
    this.#c.background.run('ask for members', async () => {
      const members = await this.#c.requests.members(peer, context)
      await this.#introduce(context, members)
    })
  }

  /**
   * Proves ourselves to whoever may be a member: at these addresses, and at connected peers, of whom any may be one. Resolves with how many
   * took us for a member. @throws SYNC_NO_PEER, SYNC_JOIN_REFUSED, ABORTED
   */
  async meet(
    context: ContextId,
    addresses: readonly string[],
    signal: AbortSignal,
  ): Promise<number> {
    const { network, push } = this.#c
    const targets = byPeer(addresses, network.peerId)
    const asks = [...targets].map(([peer, group]) => async (): Promise<void> => {
      const at = network.isConnected(peer) ? peer : await network.dial(group, { signal })
      await push.join(context, at)
    })
    for (const peer of this.#strangers(targets)) asks.push(() => push.join(context, peer))
    const failures = new Map<number, unknown>()
    await inTurns([...asks.entries()], MAX_INTRODUCTIONS, async ([at, ask]) => {
      throwIfAborted(signal)
      await ask().catch((error: unknown) => failures.set(at, error))
    })
    throwIfAborted(signal)
    // who was met may go, or its connection be dead, and who was not may come from elsewhere: all are kept in mind until they have proved themselves
    for (const [peer, group] of targets) await this.#hint(context, peer, group)
    const met = asks.length - failures.size
    if (met === 0) {
      // a stranger need not be a member: its no says nothing where members are said to be elsewhere
      const telling = [...failures].filter(([at]) => at < targets.size || targets.size === 0)
      const errors = telling.map(([, error]) => error)
      throw noMember(errors, addresses.length)
    }
    return met
  }

  /** Keeps in mind where a member may be. */
  async #hint(context: ContextId, peer: PeerId, addresses: readonly string[]): Promise<void> {
    const named = dialable(peer, addresses)
    if (named.length === 0 || !this.#c.replica.has(context)) return
    if (await this.#c.directory.hint(context, peer, named)) await this.#keep(peer, named)
  }

  /** Connected peers that are not among those to be dialled: some of them, others each time when there are many. */
  #strangers(targets: ReadonlyMap<PeerId, unknown>): readonly PeerId[] {
    const connected = this.#c.network
      .peers()
      .map(({ id }) => id)
      .filter((id) => !targets.has(id))
    const [byte = 0] = this.#c.random.bytes(1)
    const from = connected.length > MAX_STRANGERS_ASKED ? byte % connected.length : 0
    return [...connected.slice(from), ...connected.slice(0, from)].slice(0, MAX_STRANGERS_ASKED)
  }

  /** Members were removed: they are not dialled any more, and let go where nothing else connects us. */
  async forget(context: ContextId, identities: readonly PublicKey[]): Promise<void> {
    const gone = new Set(identities.map(idKey))
    for (const { identity, peer } of this.#c.directory.members(context)) {
      if (!gone.has(idKey(identity))) continue
      await this.#c.directory.forget(context, identity)
      await this.#letGo(peer)
    }
  }

  /** A context is gone: its members are not dialled for its sake any more. */
  async forgetContext(context: ContextId): Promise<void> {
    this.#applicants.forget(context)
    const peers = this.#c.directory.peersOf(context)
    await this.#c.directory.forgetContext(context)
    for (const peer of peers) await this.#letGo(peer)
  }

  async #letGo(peer: PeerId): Promise<void> {
    if (!this.#c.directory.knows(peer)) await this.#c.network.disconnect(peer)
  }

  async #keep(peer: PeerId, addresses: readonly string[]): Promise<void> {
    try {
      await this.#c.network.keep(peer, addresses)
    } catch (error) {
      this.#c.logger.debug({ err: error, peer }, 'member is not kept')
    }
  }

  async #introduce(context: ContextId, members: readonly WireMember[]): Promise<void> {
    const { directory, network, replica } = this.#c
    const own = replica.signer(context)?.publicKey
    const known = new Set(directory.members(context).map(({ identity }) => idKey(identity)))
    if (own !== undefined) known.add(idKey(own))
    const strangers = members.filter(
      ({ identity, peer }) => !known.has(idKey(identity)) && peer !== network.peerId,
    )
    await inTurns(strangers, MAX_INTRODUCTIONS, (stranger) => this.#join(context, stranger))
  }

  /** What others say of a member is a hint: it is dialled, and remembered only once it proved itself. */
  async #join(context: ContextId, { peer, addresses }: WireMember): Promise<void> {
    const { network, push, logger } = this.#c
    try {
      const targets = dialable(peer, addresses)
      if (!network.isConnected(peer)) {
        if (targets.length === 0) return
        await network.dial(targets, { signal: this.#ended.signal })
      }
      await push.join(context, peer)
    } catch (error) {
      logger.debug({ err: error, peer }, 'member told of was not reached')
      await this.#hint(context, peer, addresses)
    }
  }

  #forgetOld(now: number): void {
    if (this.#asked.size < 4096) return
    for (const [key, at] of this.#asked) {
      if (now - at >= MEMBERS_INTERVAL_MS) this.#asked.delete(key)
    }
  }
}

/** Runs work on each item, so many at a time. */
async function inTurns<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const next = items.values()
  const worker = async (): Promise<void> => {
    for (const item of next) await work(item)
  }
  await Promise.all(Array.from({ length: width }, worker))
}

/** Addresses by the peer they name, without our own; those that name none are dialled one by one. */
function byPeer(addresses: readonly string[], self: PeerId): ReadonlyMap<PeerId, string[]> {
  const groups = new Map<PeerId, string[]>()
  for (const address of addresses) {
    const peer = /\/p2p\/([^/]+)$/.exec(address)?.[1] ?? address
    if (peer !== self) groups.set(peer, [...(groups.get(peer) ?? []), address])
  }
  return groups
}

function noMember(failures: readonly unknown[], tried: number): Error {
  return failures.some((error) => isMerogateError(error, 'SYNC_JOIN_REFUSED'))
    ? syncError(
        'SYNC_JOIN_REFUSED',
        'no peer that was asked takes us for a member; has the anchor admitted this identity?',
      )
    : syncError(
        'SYNC_NO_PEER',
        `none of ${tried} addresses led to a member; is any of them online? Who has moved has to send another invitation`,
        { tried },
        { cause: failures[0] },
      )
}
