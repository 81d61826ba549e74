/**
 * Synchronisation of all contexts of a node: push, gossip, pull, keys, blobs. The one way in is {@link syncService}.
 *
 * @packageDocumentation
 */
import type { BlobFinder, BlobStore } from '../blobs/blobs.ts'
import { MAX_FRAME_HEADS } from '../codec/push-frames.ts'
import { throwIfAborted } from '../errors.ts'
import { equalBytes } from '../primitives/bytes.ts'
import type { Metrics } from '../metrics.ts'
import type { Network, PeerId } from '../network/network.ts'
import type { Random } from '../primitives/clock.ts'
import { Emitter, type Listenable } from '../primitives/emitter.ts'
import {
  type BlobId,
  type ContextId,
  type DeltaId,
  idKey,
  type PublicKey,
} from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import type { Startable, Status } from '../primitives/startable.ts'
import type { Role } from '../anchor/anchor.ts'
import { type AddressBook, Directory } from './address-book.ts'
import type { ComparedClock } from './compared-clock.ts'
import { Background } from '../primitives/background.ts'
import { blobTransfer } from './requests/blob-transfer.ts'
import { syncError } from './errors.ts'
import { Fetcher } from './requests/fetcher.ts'
import { KeyFetcher } from './requests/key-fetcher.ts'
import { GossipPlane } from './gossip.ts'
import { Heartbeat } from './heartbeat.ts'
import { Introductions } from './introductions.ts'
import { type SyncMetrics, syncMetrics } from './metrics.ts'
import { PushPlane } from './push/push.ts'
import { Budgets, Misbehaviour } from './quotas.ts'
import type { Frontier, ReplicaSource } from './replica.ts'
import { NO_FRONTIER } from './wire.ts'
import { Requests } from './requests/requests.ts'
import { Responder } from './requests/responder.ts'

export interface SyncComponents {
  /** Not started yet: the service registers its protocols first. */
  readonly network: Network
  readonly replica: ReplicaSource
  readonly blobs: BlobStore
  readonly addressBook: AddressBook
  readonly clock: ComparedClock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Metrics
}

/** A member who proved itself on a push stream that is open now. */
export interface MemberOnline {
  readonly identity: PublicKey
  readonly role: Role
  readonly peer: PeerId
}

export interface SyncEvents {
  /** A member and we took each other for members: from now on it can be asked. */
  'member:online': { readonly context: ContextId; readonly identity: PublicKey }
  /** A member asked for a blob that is here, but not whole. */
  'blob:damaged': { readonly context: ContextId; readonly blob: BlobId }
}

/** Starts after the network and stops before it. */
export interface SyncService extends Startable {
  readonly events: Listenable<SyncEvents>
  /** Exchanges frontiers with the members online, and pulls what they have. Resolves with how many answered. @throws SYNC_CONTEXT_UNKNOWN */
  syncNow(context: ContextId, options?: { signal?: AbortSignal }): Promise<{ peers: number }>
  /**
   * Proves our membership to whoever may be a member: at the addresses of an invitation, and at peers that are connected. One round; resolves with
   * how many took us for a member.
   * @throws SYNC_NO_PEER (transport) when nobody could be asked at the addresses, SYNC_JOIN_REFUSED (denied) when nobody there took us for one:
   * their view of the anchor may lag; SYNC_CONTEXT_UNKNOWN (missing), ABORTED
   */
  meet(
    context: ContextId,
    addresses: readonly string[],
    options?: { signal?: AbortSignal },
  ): Promise<{ members: number }>
  membersOnline(context: ContextId): readonly MemberOnline[]
  /** Whether deltas that members have are being fetched. */
  isFetching(context: ContextId): boolean
  /** Addresses of each other member met so far: of those online first, then of those met last. */
  memberAddresses(context: ContextId): readonly (readonly string[])[]
  /** Downloads blobs from members online. */
  readonly blobFinder: BlobFinder
}

/** The sync service of a node. Build it before the network starts. */
export function syncService(): (components: SyncComponents) => SyncService {
  return (components) => new Sync(components)
}

class Sync implements SyncService {
  readonly blobFinder: BlobFinder
  readonly #emitter: Emitter<SyncEvents>
  readonly #network: Network
  readonly #replica: ReplicaSource
  readonly #logger: Logger
  readonly #metrics: SyncMetrics
  readonly #background: Background
  readonly #directory: Directory
  readonly #push: PushPlane
  readonly #requests: Requests
  readonly #responder: Responder
  readonly #fetcher: Fetcher
  readonly #keys: KeyFetcher
  readonly #gossip: GossipPlane
  readonly #introductions: Introductions
  readonly #heartbeat: Heartbeat
  readonly #off: (() => void)[] = []
  #status: Status = 'stopped'
  /** Ends what others wait for here when the service stops. */
  #ended = new AbortController()

  constructor(components: SyncComponents) {
    const { network, replica, blobs, clock, random } = components
    this.#network = network
    this.#replica = replica
    this.#logger = components.logger.child({ component: 'sync' })
    this.#emitter = new Emitter(this.#logger)
    this.#metrics = syncMetrics(components.metrics)
    this.#background = new Background(this.#logger)
    this.#directory = new Directory(components.addressBook)
    const shared = {
      network,
      replica,
      blobs,
      clock,
      random,
      logger: this.#logger,
      metrics: this.#metrics,
      background: this.#background,
      directory: this.#directory,
      misbehaviour: new Misbehaviour(clock, network),
      budgets: new Budgets(clock),
    }
    const push = new PushPlane(shared)
    const requests = new Requests(shared)
    const fetcher = new Fetcher({ ...shared, push, requests })
    this.#push = push
    this.#requests = requests
    this.#fetcher = fetcher
    this.#keys = new KeyFetcher({ ...shared, push, requests })
    this.#responder = new Responder({
      ...shared,
      onDamaged: (context, blob) => this.#emitter.emit('blob:damaged', { context, blob }),
    })
    this.#gossip = new GossipPlane({
      ...shared,
      want: (context, ids, peer) => fetcher.want(context, ids, peer),
      came: (context, result, peer) => fetcher.came(context, result, peer),
    })
    this.#introductions = new Introductions({ ...shared, push, requests })
    this.blobFinder = blobTransfer({ ...shared, push, requests })
    this.#heartbeat = new Heartbeat(shared, {
      onSettled: (context) => push.sendHeads(context),
      onBeat: () => this.#beat(),
      onGossipBeat: () => this.#gossipBeat(),
    })
  }

  async start(): Promise<void> {
    if (this.#status !== 'stopped') return
    this.#status = 'starting'
    this.#ended = new AbortController()
    await this.#directory.load()
    this.#listen()
    this.#requests.start()
    this.#responder.start()
    this.#fetcher.start()
    this.#keys.start()
    for (const context of this.#replica.contexts()) this.#gossip.open(context)
    this.#push.start()
    await this.#introductions.start()
    this.#heartbeat.start()
    this.#status = 'started'
  }

  async stop(): Promise<void> {
    if (this.#status !== 'started') return
    this.#status = 'stopping'
    this.#ended.abort()
    for (const off of this.#off.splice(0)) off()
    this.#heartbeat.stop()
    this.#gossip.closeAll()
    this.#fetcher.stop()
    this.#keys.stop()
    this.#responder.stop()
    this.#introductions.stop()
    await this.#push.stop()
    await this.#requests.stop()
    await this.#background.settled()
    // where members are that the disk refused to note before: the next start finds them
    await this.#directory.flush().catch((error: unknown) => {
      // that the disk takes nothing is told by the store
      this.#logger.debug({ err: error }, 'addresses of members not stored')
    })
    this.#status = 'stopped'
  }

  async syncNow(
    context: ContextId,
    options: { signal?: AbortSignal } = {},
  ): Promise<{ peers: number }> {
    this.#assertKnown(context)
    this.#push.joinKnown(context)
    const members = this.#push.members(context)
    const asked = await Promise.allSettled(
      members.map(async ({ peer }) => {
        this.#push.sendHeads(context)
        const frontier = await this.#requests.heads(peer, context, options)
        this.#compare(context, peer, frontier)
      }),
    )
    throwIfAborted(options.signal)
    this.#wake(context)
    await this.#fetcher.settled(context, options.signal)
    await this.#keys.settled(context)
    throwIfAborted(options.signal)
    return { peers: asked.filter(({ status }) => status === 'fulfilled').length }
  }

  get events(): Listenable<SyncEvents> {
    return this.#emitter
  }

  async meet(
    context: ContextId,
    addresses: readonly string[],
    options: { signal?: AbortSignal } = {},
  ): Promise<{ members: number }> {
    this.#assertKnown(context)
    const ended = this.#ended.signal
    const signal = options.signal === undefined ? ended : AbortSignal.any([options.signal, ended])
    return { members: await this.#introductions.meet(context, addresses, signal) }
  }

  membersOnline(context: ContextId): readonly MemberOnline[] {
    return this.#push
      .members(context)
      .map(({ peer, party }) => ({ peer, identity: party.identity, role: party.role }))
  }

  isFetching(context: ContextId): boolean {
    return this.#fetcher.isFetching(context)
  }

  memberAddresses(context: ContextId): readonly (readonly string[])[] {
    const online = new Set(this.#push.members(context).map(({ peer }) => peer))
    const met = this.#directory.members(context).toReversed()
    const first = met.filter(({ peer }) => online.has(peer))
    const others = met.filter(({ peer }) => !online.has(peer))
    return [...first, ...others].map(({ addresses }) => addresses)
  }

  #assertKnown(context: ContextId): void {
    if (this.#status !== 'started')
      throw syncError('SYNC_STOPPED', 'the sync service is not started')
    if (this.#replica.has(context) && this.#replica.signer(context) !== undefined) return
    throw syncError('SYNC_CONTEXT_UNKNOWN', 'this node does not replicate the context')
  }

  #listen(): void {
    const { events } = this.#replica
    const push = this.#push.events
    this.#off.push(
      this.#network.events.on('peer:connect', ({ peer }) => this.#push.peerConnected(peer)),
      events.on('delta:applied', (applied) => this.#onApplied(applied)),
      events.on('context:opened', ({ context }) => {
        this.#gossip.open(context)
        this.#push.joinKnown(context)
      }),
      events.on('state:replaced', ({ context }) => this.#push.sendHeads(context)),
      events.on('context:closed', ({ context }) => this.#onClosed(context)),
      events.on('members:changed', (change) => this.#onMembers(change.context, change.removed)),
      events.on('keys:changed', ({ context }) => this.#push.sendKeys(context)),
      events.on('wanted:deltas', ({ context, ids }) => this.#fetcher.want(context, ids)),
      events.on('wanted:keys', ({ context }) => this.#keys.want(context)),
      push.on('proven', ({ context, peer, party, addresses }) => {
        this.#introductions.met(context, party.identity, peer, addresses)
      }),
      push.on('stranger', ({ context, ...applicant }) => {
        this.#introductions.applied(context, applicant)
      }),
      push.on('joined', ({ context, peer }) => {
        this.#introductions.ask(context, peer)
        this.#wake(context)
        const online = this.#push.members(context).find((member) => member.peer === peer)
        if (online === undefined) return
        this.#emitter.emit('member:online', { context, identity: online.party.identity })
      }),
      push.on('frontier', ({ context, peer, frontier }) => this.#compare(context, peer, frontier)),
      push.on('received', ({ context, peer, result }) => {
        this.#fetcher.came(context, result, peer)
      }),
    )
  }

  #onApplied(applied: {
    context: ContextId
    delta: DeltaId
    envelope: Uint8Array
    local: boolean
  }): void {
    const { context, delta, envelope } = applied
    if (applied.local && this.#push.push(context, delta, envelope)) {
      this.#gossip.publishDelta(context, envelope)
    }
    this.#heartbeat.applied(context)
    this.#fetcher.applied(context, delta)
  }

  #onClosed(context: ContextId): void {
    this.#gossip.close(context)
    this.#fetcher.forget(context)
    this.#keys.forget(context)
    this.#push.leave(context)
    this.#background.run('close context', async () => {
      await this.#responder.recheck(context)
      await this.#introductions.forgetContext(context)
    })
  }

  #onMembers(context: ContextId, removed: readonly PublicKey[]): void {
    this.#background.run('recheck members', async () => {
      await this.#push.recheck(context, removed)
      await this.#responder.recheck(context)
      await this.#introductions.forget(context, removed)
      await this.#introductions.admit(context)
    })
  }

  /**
   * What a peer's frontier asks for: pull what it has and we lack; tell it what we have and it lacks. All that is below an applied head is applied
   * too, so only a head that is not applied here says that something is missing.
   */
  #compare(context: ContextId, peer: PeerId, theirs: Frontier): void {
    const ours = this.#replica.frontier(context) ?? NO_FRONTIER
    if (theirs.epoch > ours.epoch) this.#keys.want(context)
    if (equalBytes(ours.hash, theirs.hash)) {
      if (ours.heads.length === 0) return
      const agrees = equalBytes(ours.root, theirs.root)
      if (!agrees) this.#metrics.rootMismatches.inc()
      this.#replica.compared(context, peer, agrees)
      return
    }
    const lacking = theirs.heads.filter((id) => !this.#replica.isApplied(context, id))
    // a frame has not room for more heads than this
    const isCut = theirs.heads.length >= MAX_FRAME_HEADS
    if (lacking.length > 0 || isCut) this.#fetcher.heard(context, peer, lacking)
    const known = new Set(theirs.heads.map(idKey))
    if (ours.heads.some((id) => !known.has(idKey(id)))) this.#push.replyHeads(peer, context)
  }

  #wake(context: ContextId): void {
    this.#fetcher.wake(context)
    this.#keys.want(context)
  }

  #beat(): void {
    this.#background.run('note members', () => this.#directory.flush())
    for (const context of this.#replica.contexts()) {
      this.#push.sendHeads(context)
      this.#push.joinKnown(context)
      this.#wake(context)
    }
  }

  #gossipBeat(): void {
    this.#background.run('gossip heads', async () => {
      for (const context of this.#replica.contexts()) await this.#gossip.publishHeads(context)
    })
  }
}
