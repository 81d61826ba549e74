/** Finding members: those met before are kept, and those met tell of others, so that no member depends on a single acquaintance. */
import type { WireMember } from '../codec/sync-frames.ts'
import type { Network, PeerId } from '../network/network.ts'
import type { Clock } from '../primitives/clock.ts'
import { type ContextId, idKey, type PublicKey } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import { dialable, type Directory } from './address-book.ts'
import type { Background } from '../primitives/background.ts'
import { MAX_INTRODUCTIONS, MEMBERS_INTERVAL_MS } from './limits.ts'
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
  readonly logger: Logger
  readonly background: Background
}

export class Introductions {
  readonly #c: IntroductionsComponents
  /** When a peer was last asked for the members of a context. */
  readonly #asked = new Map<string, number>()

  constructor(components: IntroductionsComponents) {
    this.#c = components
  }

  /** Keeps the connections to everybody in the book. */
  async start(): Promise<void> {
    for (const [peer, addresses] of this.#c.directory.peers()) await this.#keep(peer, addresses)
  }

  /** A member proved itself at a peer: remember where, and keep the connection. */
  met(context: ContextId, identity: PublicKey, peer: PeerId, addresses: readonly string[]): void {
    this.#c.background.run('remember member', async () => {
      await this.#c.directory.learn({ context, identity, peer, addresses })
      await this.#keep(peer, addresses)
    })
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
    const peers = new Set(this.#c.directory.members(context).map(({ peer }) => peer))
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
    const next = strangers.values()
    const worker = async (): Promise<void> => {
      for (const stranger of next) await this.#join(context, stranger)
    }
    await Promise.all(Array.from({ length: MAX_INTRODUCTIONS }, worker))
  }

  /** What others say of a member is a hint: it is dialled, and remembered only once it proved itself. */
  async #join(context: ContextId, { peer, addresses }: WireMember): Promise<void> {
    const { network, push, logger } = this.#c
    try {
      const targets = dialable(peer, addresses)
      if (!network.isConnected(peer)) {
        if (targets.length === 0) return
        await network.dial(targets)
      }
      await push.join(context, peer)
    } catch (error) {
      logger.debug({ err: error, peer }, 'member told of was not reached')
    }
  }

  #forgetOld(now: number): void {
    if (this.#asked.size < 4096) return
    for (const [key, at] of this.#asked) {
      if (now - at >= MEMBERS_INTERVAL_MS) this.#asked.delete(key)
    }
  }
}
