/** The contexts open on this node: their rows, their replicas, and what each tells the rest of the node. */
import type { Anchor, ContextRecord } from '../anchor/anchor.ts'
import type { ContextInfo, ContextStatus, IntentInfo } from '../interface.ts'
import { equalBytes } from '../primitives/bytes.ts'
import {
  ApplicationId,
  type BlobId,
  type ContextId,
  GroupId,
  idKey,
  idText,
  type PublicKey,
  ZERO_ID,
} from '../primitives/ids.ts'
import { columnRange, u32be } from '../store/keys.ts'
import {
  CONTEXT_COLUMNS,
  CONTEXT_STATUS,
  type ContextRow,
  type MetaRow,
} from '../store/repositories/contexts.ts'
import type { BatchOp } from '../store/store.ts'
import { ContextApplications, type Wanted } from './context-applications.ts'
import { contextInfo } from './context-info.ts'
import { anchorBehind, contextError } from './errors.ts'
import { ApplicationLook } from './application-look.ts'
import type { Group, RefreshOptions } from './groups/group.ts'
import { ForeignApplications } from './foreign-applications.ts'
import { Handlers } from './handlers.ts'
import { ContextReplica } from './replica/replica.ts'
import { Scratch } from './scratch.ts'
import { ContextState } from './replica/state.ts'
import { unsettledOperations } from './shown-intents.ts'
import type { Founding, RegistryComponents, RegistryHooks } from './registry-components.ts'

export class ContextRegistry {
  readonly applications: ContextApplications
  readonly #c: RegistryComponents
  readonly #hooks: RegistryHooks
  readonly #handlers: Handlers
  readonly #scratch: Scratch
  readonly #rows = new Map<string, ContextRow>()
  readonly #opening = new Map<string, Promise<void>>()
  /** Contexts that are being deleted. */
  readonly #forgetting = new Map<string, Promise<void>>()
  /** What takes a context's listeners off what lives longer than it. */
  readonly #offs = new Map<string, readonly (() => void)[]>()
  readonly #foreign = new ForeignApplications()
  readonly #look: ApplicationLook

  constructor(components: RegistryComponents, hooks: RegistryHooks) {
    this.#c = components
    this.#hooks = hooks
    this.#look = new ApplicationLook(components, hooks)
    this.#handlers = new Handlers({
      ...components,
      followUp: (...args) => hooks.followUp(...args),
      replica: (id) => this.replica(id),
    })
    this.#scratch = new Scratch(components.store, components.model)
    this.applications = new ContextApplications({
      ...components,
      blobFinder: () => components.sync().blobFinder,
      contexts: {
        replica: (id) => this.replica(id),
        link: (replica, blob) => components.rows.link(replica.state.ref.number, blob),
        run: (replica, wanted) => this.#run(replica, wanted),
      },
    })
  }

  replica(id: ContextId): ContextReplica | undefined {
    return this.#c.replicas.replica(id)
  }

  /** @throws CONTEXT_NOT_FOUND */
  require(id: ContextId): ContextReplica {
    const replica = this.replica(id)
    if (replica !== undefined) return replica
    const context = idText(id)
    throw contextError('CONTEXT_NOT_FOUND', `expected a context of this node, got ${context}`, {
      context,
    })
  }

  all(): readonly ContextReplica[] {
    return this.#c.replicas.all()
  }

  /** Opens what the database holds, and removes the rest of what was being deleted. */
  async load(): Promise<void> {
    await Promise.all([this.#scratch.open(), this.#c.aliases.load()])
    for (const { id, row } of await this.#c.rows.list()) {
      if (row.status === CONTEXT_STATUS.deleting) {
        await this.#clear(id, row)
        continue
      }
      const group = this.#c.groups.get(GroupId.from(row.group))
      if (group === undefined) continue // no anchor of its protocol is configured
      const fresh = { application: ZERO_ID, blob: ZERO_ID, applicationRevision: 0n }
      await this.#attach(await this.#build(id, row.number, group, fresh), row)
    }
  }

  /**
   * Makes the rows of a context that one of our identities has become a member of; of one that is here, binds the identity.
   * @throws ANCHOR_BEHIND while the list of the members does not show it: whoever made rows by then could do nothing with them
   */
  async admit(
    record: ContextRecord,
    member: PublicKey,
    protocol: string,
    options: { signal?: AbortSignal } = {},
  ): Promise<ContextReplica> {
    const { groups, identities, store, rows, globals } = this.#c
    const { id, application, applicationRevision } = record
    const group = await groups.ensure(record.group, protocol)
    await identities.bind(member, group.id)
    await group.refresh(options)
    if (group.roleOf(member) === undefined) throw anchorBehind(group.membersRevision)
    await this.#once(id, async () => {
      const number = await globals.nextNumber()
      const row = contextRow(number, group)
      const replica = await this.#build(id, number, group, {
        application: application.id,
        blob: application.blob,
        applicationRevision,
      })
      const link = rows.link(number, application.blob)
      await store.batch([rows.put(id, row), replica.state.metaOp(), link], { sync: true })
      await this.#attach(replica, row)
      this.#hooks.admitted(replica)
    })
    return this.require(id)
  }

  /** Makes a context that the anchor knows of: its rows, `init` and the first delta go to the disk in one batch with `ops`. */
  async found(
    id: ContextId,
    { group, application, blob, init }: Founding,
    ops: readonly BatchOp[],
  ): Promise<void> {
    const { rows, globals, model } = this.#c
    await this.#once(id, async () => {
      const number = await globals.nextNumber()
      const row = contextRow(number, group)
      const fresh = { application, blob, applicationRevision: 1n }
      const replica = await this.#build(id, number, group, fresh)
      try {
        await replica.initialize(init, [rows.put(id, row), rows.link(number, blob), ...ops])
      } catch (error) {
        await replica.close()
        await model.forget(replica.state.ref)
        throw error
      }
      await this.#attach(replica, row)
    })
  }

  /** Lets a context's members fetch a blob from us. */
  async linkBlob({ state }: ContextReplica, blob: BlobId): Promise<void> {
    await this.#c.store.batch([this.#c.rows.link(state.ref.number, blob)])
  }

  async info(replica: ContextReplica): Promise<ContextInfo> {
    return contextInfo(replica, {
      row: this.#rows.get(idKey(replica.state.id)),
      status: this.status(replica),
      convergence: this.applications.loaded(replica.state.meta)?.convergence,
      rotation: this.#c.groups.rotation(replica.group),
      intents: this.intents(replica.state.id),
    })
  }

  /** What was begun and is stored, and what was signed and has no end yet; of one context when it is given. */
  intents(context?: ContextId): readonly IntentInfo[] {
    const all = this.#c.intents.list()
    const operations = unsettledOperations(this.#c.groups.anchors(), this.all(), all)
    return [...all, ...operations].filter((each) => !context || equalBytes(each.context, context))
  }

  status(replica: ContextReplica): ContextStatus {
    if (replica.stopped) return 'stopped'
    if (replica.group.membersRevision > 0n && replica.group.owned().length === 0) return 'left'
    const isLoaded = this.applications.loaded(replica.state.meta) !== undefined
    return replica.state.hasState && isLoaded ? 'ready' : 'uninitialized'
  }

  /** Closes a context and removes its rows. Private keys stay. Until it is done nothing makes the context anew: what waits for it would lose its rows. */
  async forget(replica: ContextReplica): Promise<void> {
    const key = idKey(replica.state.id)
    const work = this.#forget(replica).finally(() => this.#forgetting.delete(key))
    this.#forgetting.set(key, work)
    await work
  }

  /** Resolves when a context that is being deleted is gone. */
  async forgotten(id: ContextId): Promise<void> {
    await this.#forgetting.get(idKey(id))?.catch(() => {}) // told to whoever deletes it
  }

  async #forget(replica: ContextReplica): Promise<void> {
    const { id, ref } = replica.state
    const row = this.#rows.get(idKey(id)) ?? contextRow(ref.number, replica.group)
    this.#c.replicas.remove(id)
    this.#detach(id)
    await replica.close()
    await this.#c.model.forget(ref)
    const intents = await this.#c.intents.dropContext(id)
    // so that a restart goes on with it
    const deleting = { ...row, status: CONTEXT_STATUS.deleting }
    await this.#c.store.batch([this.#c.rows.put(id, deleting), ...intents], { sync: true })
    await this.#clear(id, row)
  }

  /** Takes no more work in any context. */
  async close(): Promise<void> {
    for (const { state } of this.all()) this.#detach(state.id)
    await Promise.all(this.all().map((replica) => replica.close()))
    this.#c.replicas.close()
  }

  /** Contexts below one anchor. */
  below(anchor: Anchor): readonly ContextReplica[] {
    return this.all().filter((replica) => replica.group.anchor === anchor)
  }

  /**
   * The context moved at the anchor: members and application are read again. @returns the height of the older answer; 0 when the context was deleted
   * meanwhile @throws ANCHOR_*
   */
  async refresh(replica: ContextReplica, options: RefreshOptions = {}): Promise<bigint> {
    await replica.group.refresh(options)
    const { id } = replica.state
    let height = replica.group.readHeight
    const named = this.#foreign.take(id)
    let isSettled = false
    try {
      const isHere = (): boolean => this.replica(id) === replica
      const read = await this.#look.read(replica, isHere, options)
      // another of the same id asks for itself
      if (!isHere()) return 0n
      if (read === undefined || !equalBytes(read.value.group, replica.group.id)) return height
      if (read.evidence.height < height) height = read.evidence.height
      const { application, applicationRevision } = read.value
      const isOld = this.#look.isOld(replica, read)
      await this.applications.follow(replica, application, applicationRevision)
      isSettled = !isOld
    } finally {
      if (!isSettled) for (const application of named) this.#foreign.note(id, application)
    }
    if (isSettled && named.length > 0) await this.#settle(replica, named)
    return height
  }

  /** Asks the anchor again about applications that deltas name and that it could not be asked about. */
  async refreshForeign(replica: ContextReplica): Promise<void> {
    if (this.#foreign.has(replica.state.id)) await this.refresh(replica)
  }

  /**
   * Runs what makes a context, unless it is open; once, however many ask at a time.
   * @throws CONTEXT_DELETING
   */
  async #once(id: ContextId, make: () => Promise<void>): Promise<void> {
    if (this.replica(id) !== undefined) return
    const key = idKey(id)
    if (this.#forgetting.has(key)) {
      throw contextError('CONTEXT_DELETING', 'the context is being deleted here')
    }
    const opening = this.#opening.get(key) ?? make().finally(() => this.#opening.delete(key))
    this.#opening.set(key, opening)
    await opening
  }

  /** A replica that is not announced to anybody yet. */
  async #build(
    id: ContextId,
    number: number,
    group: Group,
    fresh: Pick<MetaRow, 'application' | 'blob' | 'applicationRevision'>,
  ): Promise<ContextReplica> {
    const components = {
      ...this.#c,
      contexts: this.#c.rows,
      scratch: this.#scratch,
      module: () => this.applications.module(state.meta),
    }
    const state = await ContextState.open({ id, number }, fresh, components)
    return new ContextReplica(state, group, components)
  }

  /** From now on the context takes calls and deltas. */
  async #attach(replica: ContextReplica, row: ContextRow): Promise<void> {
    const { id } = replica.state
    const { replicas, eventLog, background } = this.#c
    this.#rows.set(idKey(id), row)
    replica.events.on('mutation', (mutation) => eventLog.publish(mutation))
    const changed = (): void => this.#changed(replica)
    for (const event of ['ready', 'replaced'] as const) replica.events.on(event, changed)
    replica.events.on('failed', (failure) =>
      eventLog.emit('context:failed', { context: id, failure }),
    )
    replica.events.on('foreign', ({ application }) => this.#onForeign(replica, application))
    this.#offs.set(idKey(id), [
      replica.group.events.on('changed', ({ removed, isOwn }) => {
        replicas.membersChanged(id, removed)
        if (replica.group.isRotating) replicas.keysWanted(id)
        this.#changed(replica)
        background(replica.reconsider('member'))
        if (isOwn && replica.group.owned().length > 0) this.#returned(replica)
      }),
      replica.group.events.on('moved', changed),
      replica.group.events.on('keys', () => {
        replicas.keysChanged(id)
        background(replica.reconsider('key'))
      }),
    ])
    replicas.add(replica)
    await this.#handlers.open(replica)
    background(replica.resume())
    background(this.applications.opened(replica))
  }

  // While none of our identities was in it nothing was applied, no handler ran, and an application that the anchor named was not fetched.
  #returned(replica: ContextReplica): void {
    this.#c.background(this.applications.opened(replica))
    this.#hooks.reread(replica.state.id, 0n)
  }

  /** A context's group outlives it, and must not call it any more. */
  #detach(id: ContextId): void {
    for (const off of this.#offs.get(idKey(id)) ?? []) off()
    this.#offs.delete(idKey(id))
    this.#foreign.take(id)
    this.#look.forget(id)
  }

  async #clear(id: ContextId, { number }: ContextRow): Promise<void> {
    for (const column of CONTEXT_COLUMNS)
      await this.#c.store.clear(columnRange(column, u32be(number)))
    await this.#c.store.batch([this.#c.rows.del(id), ...this.#c.aliases.drop(id)], { sync: true })
    this.#rows.delete(idKey(id))
  }

  /** The application is loaded: switches to it where it is another, and takes up what waited for it. */
  async #run(replica: ContextReplica, { id, blob, revision }: Wanted): Promise<void> {
    const { ref, meta } = replica.state
    const isAnother = !equalBytes(meta.application, id) || !equalBytes(meta.blob, blob)
    if (isAnother || meta.applicationRevision !== revision) {
      if (isAnother) replica.supersede(ApplicationId.from(meta.application))
      await replica.exclusive(async () => {
        if (replica.state.meta.applicationRevision > revision) return // the anchor moved on meanwhile
        await this.#c.model.forget(ref)
        await replica.state.setApplication({ id, blob }, revision)
        // before anything of the new one: who may see the context depends on it
        this.#changed(replica)
      })
    }
    await replica.reconsider('application')
    this.#changed(replica)
    // what failed under the old application may fare better
    if (isAnother) this.#c.background(replica.resume())
    if (isAnother) this.#handlers.applicationChanged(replica.state.id)
    else this.#handlers.wake(replica.state.id)
  }

  // A delta names an application that is not the context's: a newer one that we have not heard of, or one that the context ran before.
  #onForeign(replica: ContextReplica, application: ApplicationId): void {
    if (this.#isAwaited(replica, application)) return // parked until it is fetched
    const isNew = this.#foreign.note(replica.state.id, application)
    if (!isNew) return
    // an anchor that is away is asked again until it answers
    const owe = (): void => this.#hooks.reread(replica.state.id, 0n)
    this.#c.background(this.refresh(replica).then(() => {}, owe))
  }

  /** The anchor was asked after deltas named these: those that it does not name, the context ran before. */
  async #settle(replica: ContextReplica, named: readonly ApplicationId[]): Promise<void> {
    for (const application of named) {
      if (!this.#isAwaited(replica, application)) replica.supersede(application)
    }
    await replica.reconsider('application')
  }

  #isAwaited({ state }: ContextReplica, application: ApplicationId): boolean {
    const awaited = this.applications.awaited(state.id)
    return awaited !== undefined && equalBytes(awaited, application)
  }

  #changed(replica: ContextReplica): void {
    const { id } = replica.state
    this.#c.eventLog.emit('context:changed', { context: id, status: this.status(replica) })
  }
}

function contextRow(number: number, group: Group): ContextRow {
  const { protocol, network, contract } = group.anchor
  return { number, group: group.id, protocol, network, contract, status: CONTEXT_STATUS.active }
}
