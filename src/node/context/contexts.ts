/**
 * The contexts of a node as its users see them: the adapter between the public interface and this room.
 *
 * @packageDocumentation
 */
import type { Anchor, MemberRecord, MigrationRecord } from '../anchor/anchor.ts'
import type { NodeApplications } from '../applications/applications.ts'
import type { BlobFinder } from '../blobs/blobs.ts'
import type { AtRest } from '../crypto/at-rest.ts'
import { untilAborted } from '../errors.ts'
import type {
  ContextInfo,
  Contexts,
  CreateContext,
  ExecuteCall,
  ExecuteResult,
  IntentInfo,
  Invitation,
  InviteMember,
  Repaired,
  Signalled,
} from '../interface.ts'
import { EMPTY, equalBytes } from '../primitives/bytes.ts'
import {
  type ApplicationId,
  type BlobId,
  type ContextId,
  idText,
  type PublicKey,
} from '../primitives/ids.ts'
import { aliasRows } from '../store/repositories/aliases.ts'
import { Aliases } from './aliases.ts'
import { AnchorNews } from './anchor-news.ts'
import { type Created, Creation } from './creation.ts'
import { contextError } from './errors.ts'
import { checkCall } from './call-checks.ts'
import { FollowUps } from './follow-up.ts'
import { executorOf, readerOf } from './groups/executor.ts'
import type { RefreshOptions } from './groups/group.ts'
import type { Groups } from './groups/groups.ts'
import type { IdentityPool } from './groups/identities.ts'
import { type Joined, Joining } from './joining.ts'
import { VIEW_REFRESH_MS } from './limits.ts'
import { Membership } from './membership.ts'
import type { Company } from './replica/replica-core.ts'
import type { RegistryComponents } from './registry-components.ts'
import { ContextRegistry } from './registry.ts'
import { owedRotations } from './shown-intents.ts'
import { storageSize } from './storage-size.ts'

/** What granting and revoking take. */
type CapabilityChange = Parameters<Contexts['grant']>

/** What contexts ask of the sync room. */
export interface SyncPort extends Company {
  /** Exchanges frontiers with connected members now. */
  syncNow(context: ContextId, options?: Signalled): Promise<{ peers: number }>
  /** Proves our membership to whoever may be a member, at the addresses and among connected peers. */
  meet(context: ContextId, addresses: readonly string[], options?: Signalled): Promise<unknown>
  /** Addresses of each other member, those online first, then those met last. */
  memberAddresses(context: ContextId): readonly (readonly string[])[]
  readonly blobFinder: BlobFinder
}

export interface ContextsComponents extends Omit<RegistryComponents, 'aliases'> {
  readonly groups: Groups
  readonly identities: IdentityPool
  readonly applications: NodeApplications
  readonly atRest: AtRest
  /** Our dialable addresses, for invitations. */
  addresses(): readonly string[]
  sync(): SyncPort
}

export class NodeContexts implements Contexts {
  readonly #c: ContextsComponents
  readonly #registry: ContextRegistry
  readonly #creation: Creation
  readonly #joining: Joining
  readonly #membership: Membership
  readonly #followUps: FollowUps
  readonly #news: AnchorNews
  readonly #unwatch: (() => void)[] = []
  /** Up to which height each anchor told what moved. */
  readonly #told = new Map<Anchor, bigint>()

  constructor(given: ContextsComponents) {
    const components = { ...given, aliases: new Aliases(aliasRows(given.store)) }
    this.#c = components
    const contexts = new ContextRegistry(components, {
      followUp: (...args) => this.#followUps.begin(...args),
      reread: (context, height) => this.#news.heard(context, height),
      admitted: ({ state, group }) =>
        this.#news.heard(state.id, this.#told.get(group.anchor) ?? 0n),
      newsOf: (context) => this.#news.owed(context),
    })
    this.#registry = contexts
    this.#creation = new Creation({ ...components, contexts })
    this.#joining = new Joining({ ...components, contexts })
    this.#membership = new Membership({ ...components, contexts })
    this.#followUps = new FollowUps({
      ...components,
      contexts,
      create: (...args) => this.#creation.createNamed(...args),
      submit: (...args) => this.#membership.submit(...args),
      forget: (replica) => contexts.forget(replica),
      linkBlob: (replica, blob) => contexts.linkBlob(replica, blob),
    })
    this.#news = new AnchorNews({
      ...components,
      read: async (id) => {
        const replica = components.replicas.replica(id)
        return replica && contexts.refresh(replica)
      },
    })
    // a state that arrived is what a join waits for last
    components.eventLog.on('context:changed', ({ context }) => this.#joining.wake(context))
  }

  /** Opens what the database holds, and listens to the anchors. */
  async start(anchors: Iterable<Anchor>): Promise<void> {
    await this.#c.intents.load()
    await this.#registry.load()
    for (const anchor of anchors) {
      this.#unwatch.push(anchor.watch(({ subject, height }) => this.#hint(anchor, subject, height)))
      // whatever moved while we were away, and what an earlier process was told of and did not come to read
      this.#hint(anchor, EMPTY, anchor.told)
    }
    // and what an endpoint said that nobody says any more, though nothing moved since
    const again = this.#c.clock.every(VIEW_REFRESH_MS, () => {
      for (const { state } of this.#registry.all()) this.#news.heard(state.id, 0n)
    })
    this.#unwatch.push(() => again.cancel())
  }

  /** The rest of the node is up: goes on with what an earlier process has begun. */
  begin(): void {
    this.#c.intents.begin()
  }

  /** Goes on with nothing that is owed: the next start does. To be called while what it asks of others is still there. */
  async standDown(): Promise<void> {
    for (const unwatch of this.#unwatch.splice(0)) unwatch()
    this.#news.stop()
    await this.#c.intents.stop()
  }

  async stop(): Promise<void> {
    await this.standDown()
    this.#c.groups.stop()
    await this.#registry.close()
  }

  /** The disk takes batches again: what it refused is taken up, and what could not be noted meanwhile is read anew. */
  recovered(): void {
    for (const replica of this.#c.replicas.all()) this.#c.background(replica.resume())
    for (const anchor of this.#told.keys()) this.#hint(anchor, EMPTY, 0n)
  }

  /** The node takes it for later than before, or earlier: deltas that lie in the future may be due. */
  clockMoved(): void {
    for (const replica of this.#c.replicas.all()) {
      this.#c.background(replica.reconsider('future'))
    }
  }

  /** A peer has connected: it may be a member of a context that is being joined. */
  peerSeen(): void {
    this.#joining.wake()
  }

  /** A member is online: it may have the state and the application that somebody waits for. */
  memberSeen(context: ContextId): void {
    this.#joining.wake(context)
    this.#registry.applications.wake(context)
    const replica = this.#registry.replica(context)
    if (replica !== undefined) this.#c.background(this.#registry.refreshForeign(replica))
  }

  /** An application was installed: contexts may wait for it. */
  applicationInstalled(): void {
    this.#registry.applications.wake()
  }

  /** A member asked for a blob of which our copy is damaged. */
  blobDamaged(context: ContextId, blob: BlobId): void {
    const replica = this.#registry.replica(context)
    if (replica !== undefined) this.#c.background(this.#registry.applications.mend(replica, blob))
  }

  /** Whether any context here runs this very build of an application. */
  uses(application: ApplicationId, blob: BlobId): boolean {
    return this.#registry
      .all()
      .some(
        ({ state: { meta } }) =>
          equalBytes(meta.application, application) && equalBytes(meta.blob, blob),
      )
  }

  async get(id: ContextId): Promise<ContextInfo | undefined> {
    const replica = this.#registry.replica(id)
    return replica === undefined ? undefined : this.#registry.info(replica)
  }

  async list(options: { application?: ApplicationId } = {}): Promise<readonly ContextInfo[]> {
    const { application } = options
    const infos = await Promise.all(
      this.#registry.all().map((replica) => this.#registry.info(replica)),
    )
    return application === undefined
      ? infos
      : infos.filter((info) => equalBytes(info.application, application))
  }

  async execute(call: ExecuteCall): Promise<ExecuteResult> {
    checkCall(call.method, call.input)
    const replica = this.#registry.require(call.context)
    const { group } = replica
    const executor =
      call.readOnly === true
        ? readerOf(group, this.#c.identities.boundTo(group.id), call.executor)
        : executorOf(group, call.executor)
    const result = await replica.execute({
      method: call.method,
      input: call.input,
      executor,
      readOnly: call.readOnly === true,
      ...{ caller: call.caller, signal: call.signal },
    })
    this.#followUps.begin(replica, result, executor)
    const { output, logs, root, delta } = result
    const { trouble } = this.#c.clock
    const answer = { output, logs, root, delta }
    return trouble === undefined ? answer : { ...answer, clockSkewMs: trouble.skewMs }
  }

  create(options: CreateContext): Promise<Created> {
    return this.#creation.create(options, options.protocol ?? this.#onlyProtocol())
  }

  invite(options: InviteMember): Promise<Invitation> {
    return this.#membership.invite(options)
  }

  inviteOpen(...[options]: Parameters<Contexts['inviteOpen']>): Promise<Invitation> {
    return this.#membership.inviteOpen(options)
  }

  async voidInvitations(...[id, options]: Parameters<Contexts['voidInvitations']>): Promise<void> {
    const [replica, operation] = [this.#registry.require(id), { kind: 'voidInvitations' } as const]
    await this.#membership.submit(replica, operation, { ...options, as: options?.inviter })
  }

  async migrate(...[id, ...how]: Parameters<Contexts['migrate']>): Promise<void> {
    await this.#membership.migrate(this.#registry.require(id), ...how)
  }

  async migration(id: ContextId, options?: Signalled): Promise<MigrationRecord | undefined> {
    return this.#membership.migration(this.#registry.require(id), options)
  }

  join(invitation: string, options: Signalled = {}): Promise<Joined> {
    return this.#joining.join(invitation, options)
  }

  joinOpen(...[invitation, options = {}]: Parameters<Contexts['joinOpen']>): Promise<Joined> {
    return this.#joining.joinOpen(invitation, options)
  }

  async waitReady(id: ContextId, options: Signalled = {}): Promise<ContextInfo> {
    const replica = this.#registry.require(id)
    if (this.#registry.status(replica) === 'uninitialized') {
      await this.#c.eventLog.next('context:changed', {
        accept: ({ context, status }) => equalBytes(context, id) && status !== 'uninitialized',
        ...options,
      })
    }
    return this.#registry.info(replica)
  }

  async members(id: ContextId): Promise<readonly MemberRecord[]> {
    return this.#registry.require(id).group.members()
  }

  async removeMembers(...[id, ids, options]: Parameters<Contexts['removeMembers']>): Promise<void> {
    const operation = {
      kind: 'removeMembers',
      ids,
      mayReturn: options?.mayReturn ?? false,
    } as const
    await this.#membership.submit(this.#registry.require(id), operation, options)
  }

  async setRole(...[id, ids, role, options]: Parameters<Contexts['setRole']>): Promise<void> {
    await this.#membership.submit(
      this.#registry.require(id),
      { kind: 'setRole', ids, role },
      options,
    )
  }

  async grant(...[id, ...change]: CapabilityChange): Promise<void> {
    await this.#membership.changeCapability(this.#registry.require(id), 'grant', ...change)
  }

  async revoke(...[id, ...change]: CapabilityChange): Promise<void> {
    await this.#membership.changeCapability(this.#registry.require(id), 'revoke', ...change)
  }

  async updateApplication(
    id: ContextId,
    application: ApplicationId,
    options: Signalled & { executor?: PublicKey | undefined } = {},
  ): Promise<void> {
    const replica = this.#registry.require(id)
    const record = await this.#c.applications.recordAfter(replica.state.meta, application)
    if (record === undefined) {
      throw contextError(
        'APPLICATION_NOT_INSTALLED',
        `the application ${idText(application)} is not installed here`,
        { application: idText(application) },
      )
    }
    const operation = { kind: 'updateApplication', application: record } as const
    await this.#membership.submit(replica, operation, { ...options, as: options.executor })
  }

  async leave(id: ContextId, options: Signalled = {}): Promise<void> {
    await this.#membership.leave(this.#registry.require(id), options)
    await this.delete(id)
  }

  async delete(id: ContextId): Promise<boolean> {
    const replica = this.#registry.replica(id)
    if (replica === undefined) return (await this.#c.intents.withdrawAll(id)) > 0
    await this.#registry.forget(replica)
    return true
  }

  intents(context?: ContextId): readonly IntentInfo[] {
    const replicas = this.#registry
      .all()
      .filter(({ state }) => context === undefined || equalBytes(state.id, context))
    return [...this.#registry.intents(context), ...owedRotations(replicas, this.#c.groups)]
  }

  withdraw(intent: string): Promise<boolean> {
    return this.#c.intents.withdraw(intent)
  }

  async sync(id: ContextId, options: Signalled = {}): Promise<{ peers: number }> {
    this.#registry.require(id)
    const result = await this.#c.sync().syncNow(id, options)
    this.#c.intents.wake(id)
    return result
  }

  async repair(id: ContextId, options: Signalled = {}): Promise<Repaired> {
    const { repair } = this.#registry.require(id)
    // goes on when the caller does not wait for it
    return untilAborted(repair.ask(), options.signal)
  }

  async storageSize(id: ContextId): Promise<number> {
    return storageSize(this.#c.store, this.#registry.require(id).state.ref)
  }

  async refresh(id: ContextId, options: RefreshOptions = {}): Promise<void> {
    await this.#registry.refresh(this.#registry.require(id), options)
  }

  // The anchor says that something moved; no subject: anything may have.
  #hint(anchor: Anchor, subject: Uint8Array, height: bigint): void {
    const told = this.#told.get(anchor) ?? -1n
    const isOther = subject.length === 0 && height > 0n && height < told
    if (isOther || height > told) this.#told.set(anchor, height)
    this.#joining.anchorMoved()
    this.#creation.anchorMoved()
    for (const replica of this.#registry.below(anchor)) {
      const { state, group } = replica
      const isMeant = [state.id, group.id].some((id) => equalBytes(subject, id))
      if (isMeant || subject.length === 0) this.#news.heard(state.id, height, isOther)
    }
  }

  #onlyProtocol(): string {
    const [only, ...others] = this.#c.groups.protocols()
    if (only === undefined || others.length > 0) {
      throw contextError(
        'ANCHOR_UNKNOWN',
        only === undefined
          ? 'no anchor is configured: this node can create no contexts'
          : `expected which of the protocols ${[only, ...others].join(', ')} to use, got none named`,
      )
    }
    return only
  }
}
