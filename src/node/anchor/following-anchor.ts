/**
 * An anchor that goes with groups to the contracts that they move to: each contract has an anchor of its own, and what is asked of a group goes to where the
 * group is. Until somebody took a group over, what its last contract has is true and does not change; whoever wants to change it takes it over.
 */
import { Emitter } from '../primitives/emitter.ts'
import { type ContextId, GroupId, idKey, type PublicKey } from '../primitives/ids.ts'
import { toHex } from '../primitives/bytes.ts'
import type { Timer } from '../primitives/clock.ts'
import type {
  Anchor,
  AnchorChange,
  AnchorComponents,
  AnchorManifest,
  ContextRecord,
  GroupRecord,
  InvitationInit,
  MemberRecord,
  MemberSnapshot,
  Read,
  ReadOptions,
  Receipt,
  Signer,
  SubmitOptions,
  ThroughContext,
} from './anchor.ts'
import { anchorError, isRejectedAs } from './errors.ts'
import type { UnsettledOperation } from './fates.ts'
import type { Hop, NextHop } from './hop.ts'
import { Hops, type HopsInit } from './hops.ts'
import { MAX_MOVES, MAX_QUEUED_OPERATIONS, MIGRATION_SECONDS } from './limits.ts'
import type { Operation, Subject } from './operations.ts'
import type { PackageRegistry } from './packages/registry.ts'
import { SerialQueues } from './serial.ts'
import type { ServiceOptions } from './service.ts'
import { decodeTicket } from './ticket.ts'

/** How long it is believed that a group does not move, ms: well below the time from a plan to a move, so that none is missed. */
const PLAN_MAX_AGE_MS: number = Number(MIGRATION_SECONDS / 7n) * 1000

/** What is known of a group in one contract. */
interface Known {
  /** Where it has moved. */
  readonly movedTo: Uint8Array | undefined
  /** Until when that is true, by the monotonic clock. */
  readonly untilMs: number
}

/** What is asked about. */
interface Route {
  readonly group: GroupId
  readonly context?: ContextId | undefined
  /** What is not taken over yet is, so that it may change. */
  readonly isToChange?: boolean
  readonly signal?: AbortSignal | undefined
}

/** What is to change; no group where one is made. */
type ChangeRoute = Omit<Route, 'group'> & { readonly group: GroupId | undefined }

export class FollowingAnchor implements Anchor {
  readonly protocol: string
  readonly network: string
  readonly contract: string
  readonly supports: AnchorManifest
  readonly packages?: PackageRegistry
  readonly #components: AnchorComponents
  readonly #emitter: Emitter<{ change: AnchorChange }>
  readonly #hops: Hops
  readonly #known = new Map<string, Known>()
  /** Of groups and contexts that are in a successor. */
  readonly #adopted = new Set<string>()
  /** Of looks for the group that a signer is about to change: the answers come in any order. */
  readonly #looks = new SerialQueues('this signer', MAX_QUEUED_OPERATIONS)
  /** What is waited for, so that a move is told of when it happens. */
  readonly #plans = new Map<string, { readonly plan: string; readonly timer: Timer }>()

  constructor(init: HopsInit, components: AnchorComponents) {
    this.#components = components
    const { logger } = components
    this.#emitter = new Emitter(logger.child({ component: 'anchor', protocol: init.protocol }))
    this.#hops = new Hops(init, components, (change) => this.#emitter.emit('change', change))
    const { protocol, network, contract, supports, packages } = this.#hops.first.anchor
    this.protocol = protocol
    this.network = network
    this.contract = contract
    this.supports = supports
    if (packages !== undefined) this.packages = packages
  }

  async start(): Promise<void> {
    await this.#hops.start()
  }

  async stop(): Promise<void> {
    for (const { timer } of this.#plans.values()) timer.cancel()
    this.#plans.clear()
    await this.#hops.stop()
  }

  async contextId(author: PublicKey, salt: Uint8Array, group?: GroupId): Promise<ContextId> {
    const hop = group === undefined ? this.#hops.first : await this.#hopOf({ group })
    return hop.anchor.contextId(author, salt)
  }

  async readContext(
    id: ContextId,
    options: ReadOptions = {},
  ): Promise<Read<ContextRecord> | undefined> {
    for (const hop of this.#hops.opened) {
      const found = await hop.anchor.readContext(id, options)
      if (found === undefined) continue
      const { group } = found.value
      const now = await this.#hopOf({ group, context: id, signal: options.signal }, hop)
      return now === hop ? found : now.anchor.readContext(id, options)
    }
    return undefined
  }

  async readGroup(id: GroupId, options: ReadOptions = {}): Promise<Read<GroupRecord> | undefined> {
    const hop = await this.#hopOf({ group: id, signal: options.signal })
    const found = await hop.anchor.readGroup(id, options)
    if (found === undefined) return undefined
    await this.#note(hop, found.value, options)
    if (hop === this.#hops.first) return found
    return { ...found, evidence: { ...found.evidence, contract: hop.contract } }
  }

  async readMember(
    group: GroupId,
    identity: PublicKey,
    options: ReadOptions = {},
  ): Promise<Read<MemberRecord> | undefined> {
    const hop = await this.#hopOf({ group, signal: options.signal })
    return hop.anchor.readMember(group, identity, options)
  }

  async readMembers(
    group: GroupId,
    options: ReadOptions = {},
  ): Promise<Read<MemberSnapshot> | undefined> {
    const hop = await this.#hopOf({ group, signal: options.signal })
    return hop.anchor.readMembers(group, options)
  }

  async submit(
    subject: Subject,
    operation: Operation,
    signer: Signer,
    options: SubmitOptions = {},
  ): Promise<Receipt> {
    return this.#change(
      signer,
      () => this.#routeOf(subject, operation, options),
      (anchor) => anchor.submit(subject, operation, signer, toCall(options)),
    )
  }

  async createInvitation(
    group: GroupId,
    init: InvitationInit,
    inviter: Signer,
    { context }: ThroughContext = {},
  ): Promise<Uint8Array> {
    return this.#change(
      inviter,
      async () => ({ group, context }),
      (anchor) => anchor.createInvitation(group, init, inviter),
    )
  }

  async claimInvitation(
    ticket: Uint8Array,
    signer: Signer,
    options: ServiceOptions = {},
  ): Promise<Receipt> {
    const { group } = decodeTicket(ticket).terms
    return this.#change(
      signer,
      async () => ({ group, signal: options.signal }),
      (anchor) => anchor.claimInvitation(ticket, signer, toCall(options)),
    )
  }

  async reaches(contract: string, options: ServiceOptions = {}): Promise<boolean> {
    return this.#hops.reach(contract, options)
  }

  unsettled(): readonly UnsettledOperation[] {
    return this.#hops.opened
      .flatMap(({ anchor }) => anchor.unsettled?.() ?? [])
      .sort((a, b) => a.sinceMs - b.sinceMs)
  }

  get told(): bigint {
    const heights = this.#hops.opened.map(({ anchor }) => anchor.told)
    return heights.reduce((least, height) => (height < least ? height : least))
  }

  watch(listener: (change: AnchorChange) => void): () => void {
    return this.#emitter.on('change', listener)
  }

  /** Does something where a group is, in the order in which its signer asks; once more when the group has moved meanwhile. */
  async #change<T>(
    { publicKey }: Signer,
    findRoute: () => Promise<ChangeRoute>,
    act: (anchor: Anchor) => Promise<T>,
  ): Promise<T> {
    const [hop, route] = await this.#looks.run(idKey(publicKey), async () => {
      const found = await findRoute()
      const { group } = found
      if (group === undefined) return [this.#hops.first, found] as const
      return [await this.#hopOf({ ...found, group, isToChange: true }), found] as const
    })
    try {
      return await act(hop.anchor)
    } catch (error) {
      const { group } = route
      if (group === undefined || !isRejectedAs(error, 'Moved')) throw error
      this.#known.delete(keyOf(hop, group))
      const next = await this.#hopOf({ ...route, group, isToChange: true })
      if (next === hop) throw error
      return act(next.anchor)
    }
  }

  /** The group that an operation is about; none where it makes one. */
  async #routeOf(
    subject: Subject,
    operation: Operation,
    { signal, context: through }: SubmitOptions,
  ): Promise<ChangeRoute> {
    if (operation.kind === 'createContext') return { group: operation.group, signal }
    if (operation.kind !== 'updateApplication')
      return { group: GroupId.from(subject), context: through, signal }
    const context = subject as ContextId // by the operation's kind
    const found = await this.readContext(context, toCall({ signal }))
    return { group: found?.value.group, context, signal }
  }

  /** The contract that a group, and its context, is in. @throws ANCHOR_LIMIT (input) beyond MAX_MOVES, and what the way there throws */
  async #hopOf(route: Route, from?: Hop): Promise<Hop> {
    let hop = from ?? (await this.#homeOf(route))
    for (let moves = 0; moves <= MAX_MOVES; moves++) {
      const movedTo = await this.#movedTo(hop, route)
      if (movedTo === undefined) return hop
      const next = await this.#hops.next(hop, movedTo)
      if (!(await this.#isThere(next, route))) return hop
      hop = next
    }
    throw anchorError(
      'ANCHOR_LIMIT',
      `expected a group that moved ${MAX_MOVES} times at most, got one that moved on: configure a later contract`,
      { max: MAX_MOVES },
    )
  }

  /** The contract to begin with: the first one that knows the group. */
  async #homeOf({ group, signal }: Route): Promise<Hop> {
    const { first, opened } = this.#hops
    if (opened.length === 1) return first
    const known = opened.find((hop) => this.#known.has(keyOf(hop, group)))
    if (known !== undefined) return known
    for (const hop of opened) {
      if ((await hop.anchor.readGroup(group, toCall({ signal }))) !== undefined) return hop
    }
    return first
  }

  async #movedTo(hop: Hop, { group, signal }: Route): Promise<Uint8Array | undefined> {
    const known = this.#known.get(keyOf(hop, group))
    // who said where it moved may have lied: it is asked again until that was opened
    const isOpened = known?.movedTo === undefined || this.#hops.has(known.movedTo)
    if (known !== undefined && isOpened && this.#components.clock.monotonicMs() < known.untilMs)
      return known.movedTo
    const options = toCall({ signal })
    const found = await hop.anchor.readGroup(group, options)
    // what is unknown may come to be at any time
    return found === undefined ? undefined : this.#note(hop, found.value, options)
  }

  /** Keeps in mind what a contract says of a group; where it has moved. */
  async #note(
    hop: Hop,
    { id, migration }: GroupRecord,
    { signal }: ReadOptions,
  ): Promise<Uint8Array | undefined> {
    const { clock } = this.#components
    const nowMs = clock.monotonicMs()
    const read = await hop.service.readTime?.({ signal })
    const now = read ?? BigInt(Math.floor(clock.nowMs() / 1000))
    const leftMs = migration === undefined ? Infinity : Number(migration.movesAt - now) * 1000
    const movedTo = leftMs > 0 ? undefined : migration?.successor
    const untilMs = movedTo === undefined ? nowMs + Math.min(leftMs, PLAN_MAX_AGE_MS) : Infinity
    this.#known.set(keyOf(hop, id), { movedTo, untilMs })
    this.#await(hop, id, migration, leftMs)
    return movedTo
  }

  /** Tells of a move when its time comes: nothing is announced then. */
  #await(hop: Hop, id: GroupId, migration: GroupRecord['migration'], leftMs: number): void {
    const key = keyOf(hop, id)
    const before = this.#plans.get(key)
    const plan = migration && `${toHex(migration.successor)} ${migration.movesAt}`
    if (before?.plan === plan) return
    before?.timer.cancel()
    this.#plans.delete(key)
    if (plan === undefined) return
    const timer = this.#components.clock.after(Math.max(0, leftMs), () =>
      this.#emitter.emit('change', { subject: id, height: hop.anchor.told }),
    )
    this.#plans.set(key, { plan, timer })
  }

  /** Whether the next contract has taken the group over, and the context; where they are to change, it does now. */
  async #isThere(next: NextHop, { group, context, isToChange, signal }: Route): Promise<boolean> {
    const { anchor, service } = next
    const options = toCall({ signal })
    const isGroupThere = await this.#isAdopted(
      keyOf(next, group),
      () => anchor.readGroup(group, options),
      isToChange === true ? () => service.adoptGroup(group, options) : undefined,
    )
    if (!isGroupThere || context === undefined) return isGroupThere
    return this.#isAdopted(
      `${keyOf(next, context)} context`,
      () => anchor.readContext(context, options),
      isToChange === true ? () => service.adoptContext(context, options) : undefined,
    )
  }

  async #isAdopted(
    key: string,
    read: () => Promise<unknown>,
    adopt: (() => Promise<void>) | undefined,
  ): Promise<boolean> {
    if (this.#adopted.has(key)) return true
    if ((await read()) === undefined) {
      if (adopt === undefined) return false
      await adopt()
    }
    this.#adopted.add(key)
    return true
  }
}

function keyOf({ contract }: Hop, id: GroupId | ContextId): string {
  return `${contract} ${idKey(id)}`
}

function toCall({ signal }: ServiceOptions): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
