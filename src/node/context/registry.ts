/** The contexts open on this node: their rows, replicas and what is told of them. The other files of this room work on it. */
import type { Anchor, ContextRecord } from '../anchor/anchor.ts'
import type { NodeApplications } from '../applications/applications.ts'
import type { BlobFinder } from '../blobs/blobs.ts'
import type { SigningKey } from '../crypto/sign.ts'
import type { ContextInfo, ContextStatus } from '../interface.ts'
import { EMPTY, equalBytes } from '../primitives/bytes.ts'
import {
  ApplicationId,
  type BlobId,
  type ContextId,
  idKey,
  idText,
  PublicKey,
  ZERO_ID,
} from '../primitives/ids.ts'
import type { ModuleInfo } from '../runtime/engine.ts'
import { COLUMN, columnRange, rowKey, u32be } from '../store/keys.ts'
import {
  CONTEXT_COLUMNS,
  type ContextRow,
  type ContextRows,
  type MetaRow,
} from '../store/repositories/contexts.ts'
import type { Globals } from '../store/repositories/globals.ts'
import type { BatchOp } from '../store/store.ts'
import type { LocalResult } from './replica/calls.ts'
import { contextError } from './errors.ts'
import type { EventLog } from './event-log.ts'
import type { Group } from './groups/group.ts'
import type { Groups } from './groups/groups.ts'
import { runHandlers } from './handlers.ts'
import type { IdentityPool } from './groups/identities.ts'
import { ContextReplica } from './replica/replica.ts'
import type { ReplicaComponents } from './replica/replica-core.ts'
import type { ContextReplicas } from './replica-source.ts'
import { ContextState } from './replica/state.ts'

/** What contexts ask of the sync room. */
export interface SyncPort {
  /** Exchanges frontiers with connected members now. */
  syncNow(context: ContextId, options?: { signal?: AbortSignal }): Promise<{ peers: number }>
  /** Proves our membership to whoever may be a member, at the addresses and among connected peers. */
  meet(
    context: ContextId,
    addresses: readonly string[],
    options?: { signal?: AbortSignal },
  ): Promise<unknown>
  membersOnline(context: ContextId): readonly unknown[]
  /** Addresses of each other member, those online first, then those met last. */
  memberAddresses(context: ContextId): readonly (readonly string[])[]
  readonly blobFinder: BlobFinder
}

export interface RegistryComponents extends Omit<ReplicaComponents, 'module' | 'contexts'> {
  readonly rows: ContextRows
  readonly globals: Globals
  readonly groups: Groups
  readonly identities: IdentityPool
  readonly replicas: ContextReplicas
  readonly applications: NodeApplications
  readonly eventLog: EventLog
  /** Our dialable addresses, for invitations. */
  addresses(): readonly string[]
  sync(): SyncPort
  /** Runs a promise that the node's `stop()` waits for; a failure is logged. */
  background(work: Promise<void>): void
}

/** Values of {@link ContextRow.status}. */
const ROW_STATUS = { active: 0, left: 1 } as const

/** Begins what a call asked for beside its own state. */
export type FollowUp = (replica: ContextReplica, result: LocalResult, executor: SigningKey) => void

export class ContextRegistry {
  readonly c: RegistryComponents
  readonly #followUp: FollowUp
  readonly #rows = new Map<string, ContextRow>()
  readonly #opening = new Map<string, Promise<void>>()
  /** Modules by application and blob, so that a delta costs no lookup. */
  readonly #modules = new Map<string, ModuleInfo>()

  /** `followUp` begins what a handler's run asks for beside its state. */
  constructor(components: RegistryComponents, followUp: FollowUp) {
    this.c = components
    this.#followUp = followUp
  }

  /** @throws CONTEXT_NOT_FOUND */
  require(id: ContextId): ContextReplica {
    const replica = this.c.replicas.replica(id)
    if (replica === undefined) {
      throw contextError(
        'CONTEXT_NOT_FOUND',
        `expected a context of this node, got ${idText(id)}`,
        {
          context: idText(id),
        },
      )
    }
    return replica
  }

  /** One of our identities in a group. @throws IDENTITY_NOT_OWNED, IDENTITY_AMBIGUOUS, CONTEXT_LEFT */
  executor(group: Group, wanted: PublicKey | undefined): SigningKey {
    const owned = group.owned()
    if (wanted !== undefined) {
      const key = owned.find(({ publicKey }) => equalBytes(publicKey, wanted))
      if (key !== undefined) return key
      throw contextError(
        'IDENTITY_NOT_OWNED',
        `expected an identity of this node in the context, got ${idText(wanted)}`,
        { publicKey: idText(wanted), group: idText(group.id) },
      )
    }
    const [first, ...others] = owned
    if (first === undefined) {
      throw contextError('CONTEXT_LEFT', 'this node has no identity left in the context')
    }
    if (others.length > 0) {
      throw contextError(
        'IDENTITY_AMBIGUOUS',
        `expected which of ${owned.length} identities to use, got none named`,
      )
    }
    return first
  }

  /** One of our identities to read as: also after it has left. @throws IDENTITY_NOT_OWNED */
  reader(group: Group, wanted: PublicKey | undefined): SigningKey {
    if (group.owned().length > 0) return this.executor(group, wanted)
    const bound = this.c.identities.boundTo(group.id)
    const key =
      wanted === undefined ? bound[0] : bound.find((one) => equalBytes(one.publicKey, wanted))
    return key ?? this.executor(group, wanted)
  }

  /** Runs what opens a context, unless it is open; once, however many ask at a time. */
  async openOnce(id: ContextId, open: () => Promise<void>): Promise<void> {
    if (this.c.replicas.replica(id) !== undefined) return
    const key = idKey(id)
    const opening = this.#opening.get(key) ?? open().finally(() => this.#opening.delete(key))
    this.#opening.set(key, opening)
    await opening
  }

  /** Makes the rows of a context that one of our identities has become a member of; of one that is here, binds the identity. */
  async admit(
    record: ContextRecord,
    member: PublicKey,
    protocol: string,
    options: { signal?: AbortSignal } = {},
  ): Promise<ContextReplica> {
    const { groups, identities, store, rows, globals } = this.c
    const { id, application, applicationRevision } = record
    const group = await groups.ensure(record.group, protocol)
    await store.batch([identities.bind(member, group.id)], { sync: true })
    await group.refresh(options)
    await this.openOnce(id, async () => {
      const number = await globals.nextNumber()
      const row = this.contextRow(number, group)
      const replica = await this.build(id, number, group, {
        application: application.id,
        blob: application.blob,
        applicationRevision,
      })
      const link = this.link(number, application.blob)
      await store.batch([rows.put(id, row), replica.state.metaOp(), link], { sync: true })
      await this.attach(replica, row)
    })
    return this.require(id)
  }

  /** Opens a context that the database holds, or that begins now with `row`. */
  async open(id: ContextId, row: ContextRow, group: Group): Promise<ContextReplica> {
    const replica = await this.build(id, row.number, group, {
      application: ZERO_ID,
      blob: ZERO_ID,
      applicationRevision: 0n,
    })
    await this.attach(replica, row)
    return replica
  }

  /** A replica that is not announced to anybody yet. */
  async build(
    id: ContextId,
    number: number,
    group: Group,
    fresh: Pick<MetaRow, 'application' | 'blob' | 'applicationRevision'>,
  ): Promise<ContextReplica> {
    const components = {
      ...this.c,
      contexts: this.c.rows,
      module: () => this.#module(state),
    }
    const state = await ContextState.open({ id, number }, fresh, components)
    return new ContextReplica(state, group, components)
  }

  /** From now on the context takes calls and deltas. */
  async attach(replica: ContextReplica, row: ContextRow): Promise<void> {
    const { id } = replica.state
    this.#rows.set(idKey(id), row)
    replica.events.on('mutation', (mutation) => this.c.eventLog.publish(mutation))
    replica.events.on('failed', (failure) => {
      this.c.eventLog.emit('context:failed', { context: id, failure })
    })
    replica.events.on('ready', () => this.#changed(replica))
    replica.events.on('foreign', ({ application }) => {
      this.c.background(this.#settleForeign(replica, application))
    })
    replica.group.events.on('changed', ({ removed }) => {
      this.c.replicas.membersChanged(id, removed)
      if (replica.group.isRotating) this.c.replicas.keysWanted(id)
      this.#changed(replica)
      this.#again(replica, 'member')
    })
    replica.group.events.on('keys', () => {
      this.c.replicas.keysChanged(id)
      this.#again(replica, 'key')
    })
    this.c.replicas.add(replica)
    await runHandlers(replica, {
      ...this.c,
      followUp: (result, executor) => this.#followUp(replica, result, executor),
    })
    this.c.background(replica.resume())
    this.c.background(this.#fetchApplication(replica))
  }

  contextRow(number: number, group: Group): ContextRow {
    const { protocol, network, contract } = group.anchor
    return { number, group: group.id, protocol, network, contract, status: ROW_STATUS.active }
  }

  /** Rows that let members of a context fetch a blob from us. */
  link(number: number, blob: BlobId): BatchOp {
    return { type: 'put', key: rowKey(COLUMN.blobLink, u32be(number), blob), value: EMPTY }
  }

  /** Another application, as the anchor says: fetched and loaded before anything is applied under it. */
  async setApplication(
    replica: ContextReplica,
    record: { id: ApplicationId; blob: BlobId },
    revision: bigint,
  ): Promise<void> {
    const { meta, ref } = replica.state
    if (meta.applicationRevision === revision && equalBytes(meta.application, record.id)) return
    await this.c.store.batch([this.link(ref.number, record.blob)])
    await replica.exclusive(async () => {
      await this.c.model.forget(ref)
      await replica.state.setApplication(record, revision)
    })
    await this.#fetchApplication(replica)
    // what failed or waited under the old application may fare better
    this.c.background(replica.resume())
  }

  async info(replica: ContextReplica): Promise<ContextInfo> {
    const { state, group } = replica
    const row = this.#rows.get(idKey(state.id))
    const application = ApplicationId.from(state.meta.application)
    const waiting = state.dag.count()
    const reasons = state.dag.reasons()
    return {
      id: state.id,
      group: group.id,
      application,
      applicationRevision: state.meta.applicationRevision,
      membersRevision: group.membersRevision,
      protocol: row?.protocol ?? group.anchor.protocol,
      network: row?.network ?? group.anchor.network,
      contract: row?.contract ?? group.anchor.contract,
      root: state.meta.root,
      heads: state.dag.heads,
      status: this.status(replica),
      convergence: this.#loaded(replica)?.convergence,
      deltas: {
        applied: Number(state.meta.applied),
        pending: waiting.pending,
        parked: waiting.held,
        quarantined: waiting.quarantined,
      },
      waitsFor: { parked: reasons.held, quarantined: reasons.quarantined },
      rootMismatches: state.meta.rootMismatches,
      forkedAuthors: state.authors.forked.map((author) => PublicKey.from(author)),
      lastFailure: replica.failures.last,
      rotation: this.c.groups.rotation(group),
    }
  }

  status(replica: ContextReplica): ContextStatus {
    if (replica.stopped) return 'stopped'
    if (replica.group.membersRevision > 0n && replica.group.owned().length === 0) return 'left'
    return replica.state.hasState && this.#loaded(replica) !== undefined ? 'ready' : 'uninitialized'
  }

  /** Closes a context and removes its rows. Private keys stay. */
  async forget(replica: ContextReplica): Promise<void> {
    const { id, ref } = replica.state
    this.c.replicas.remove(id)
    await replica.close()
    await this.c.model.forget(ref)
    await this.c.store.batch([this.c.rows.del(id)], { sync: true })
    for (const column of CONTEXT_COLUMNS) {
      await this.c.store.clear(columnRange(column, u32be(ref.number)))
    }
    this.#rows.delete(idKey(id))
  }

  // A delta names an application that is not the context's: a newer one that we have not heard of, or one that the context ran before.
  async #settleForeign(replica: ContextReplica, application: ApplicationId): Promise<void> {
    await this.refresh(replica)
    if (equalBytes(replica.state.meta.application, application)) return // refresh() took up what waited
    replica.supersede(application)
    await replica.reconsider('application')
  }

  #loaded({ state }: ContextReplica): ModuleInfo | undefined {
    return this.#modules.get(idKey(state.meta.application) + idKey(state.meta.blob))
  }

  /** Groups of open contexts below one anchor. */
  below(anchor: Anchor): readonly ContextReplica[] {
    return this.c.replicas.all().filter((replica) => replica.group.anchor === anchor)
  }

  /** The context moved at the anchor: members and application are read again. @throws ANCHOR_* */
  async refresh(replica: ContextReplica, options: { signal?: AbortSignal } = {}): Promise<void> {
    await replica.group.refresh(options)
    const read = await replica.group.anchor.readContext(replica.state.id, options)
    if (read === undefined || !equalBytes(read.value.group, replica.group.id)) return
    const { application, applicationRevision } = read.value
    if (applicationRevision < replica.state.meta.applicationRevision) return
    await this.setApplication(replica, application, applicationRevision)
  }

  // The id of a bundle says nothing of its content: what is installed must lie in the very blob that the anchor names.
  async #module({ id, meta }: ContextState): Promise<ModuleInfo | undefined> {
    const key = idKey(meta.application) + idKey(meta.blob)
    const known = this.#modules.get(key)
    if (known !== undefined) return known
    const application = ApplicationId.from(meta.application)
    try {
      const record = await this.c.applications.record(application)
      if (record === undefined || !equalBytes(record.blob, meta.blob)) return undefined
      const module = await this.c.applications.ensureLoaded(application)
      this.#modules.set(key, module)
      return module
    } catch (error) {
      this.c.logger.error({ err: error, context: idText(id) }, 'application cannot be loaded')
      return undefined
    }
  }

  /** Gets the application from members when it is not here, then takes up what waited for it. */
  async #fetchApplication(replica: ContextReplica): Promise<void> {
    const { id } = replica.state
    if ((await this.#module(replica.state)) === undefined) {
      const read = await replica.group.anchor.readContext(id)
      if (read === undefined) return
      const record = read.value.application
      const blob = await this.c.sync().blobFinder.fetch(id, record.blob)
      if (blob === undefined) return // nobody had it: the next connection tries again
      const installed = await this.c.applications.installBlob(record.blob, record.source, {
        metadata: record.metadata,
      })
      if (!equalBytes(installed.id, record.id)) {
        this.c.logger.error(
          { expected: idText(record.id), got: idText(installed.id) },
          'the application’s bytes are not what the anchor names',
        )
        return
      }
      if ((await this.#module(replica.state)) === undefined) return
    }
    await replica.reconsider('application')
    this.#changed(replica)
  }

  /** Tries again to get an application that nobody had. */
  async retryApplication(replica: ContextReplica): Promise<void> {
    if (this.#loaded(replica) === undefined) await this.#fetchApplication(replica)
  }

  #again(replica: ContextReplica, reason: 'member' | 'key'): void {
    this.c.background(replica.reconsider(reason))
  }

  #changed(replica: ContextReplica): void {
    this.c.eventLog.emit('context:changed', {
      context: replica.state.id,
      status: this.status(replica),
    })
  }
}
