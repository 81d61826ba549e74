/**
 * One group as this node sees it: the newest view of its members, its key epochs, and our identities in it. The anchor is the authority; the
 * view is refreshed by hints, by the revision in deltas, and on demand. A dead anchor keeps the last view.
 */
import type {
  Anchor,
  MemberRecord,
  MemberSnapshot,
  MigrationRecord,
  Read,
  Role,
  SecondWord,
} from '../../anchor/anchor.ts'
import type { SigningKey } from '../../crypto/sign.ts'
import { throwIfAborted, untilAborted } from '../../errors.ts'
import { compareBytes } from '../../primitives/bytes.ts'
import type { Timer } from '../../primitives/clock.ts'
import { Emitter } from '../../primitives/emitter.ts'
import { type GroupId, idKey, type PublicKey } from '../../primitives/ids.ts'
import type { GroupRow, GroupRows, MemberRow } from '../../store/repositories/groups.ts'
import type { BatchOp, Store } from '../../store/store.ts'
import { keyPending } from '../errors.ts'
import { judgeAnswer, mayHaveDeparted } from './departures.ts'
import type { IdentityPool } from './identities.ts'
import { type Keyring, type LearntKey, type Standing, unvouched } from './keyring.ts'
import { isAltered, toRecord, toRow, viewOf } from './member-rows.ts'
import { isSameMove, migrationOf, moveOf, tellMove } from './move.ts'
import { SecondLook, type SecondLookComponents, type View } from './second-look.ts'
import type { MembersView, ViewDoubt } from '../members-view.ts'
import { REFRESH_INTERVAL_MS, ROTATION_WAIT_MS, VIEW_DOUBT_RETRY_MS } from '../limits.ts'

export interface GroupEvents {
  /** The member list, a role or a capability changed, or which members are ours. */
  changed: {
    readonly removed: readonly PublicKey[]
    readonly added: readonly PublicKey[]
    /** Other members than before are ours: one that was bound may have been listed before. */
    readonly isOwn: boolean
  }
  /** Its contract is another, or will be, or will not be after all. */
  moved: unknown
  /** Key epochs arrived, or one was made. */
  keys: { readonly epochs: readonly number[] }
}

export interface GroupComponents extends SecondLookComponents {
  readonly store: Store
  readonly rows: GroupRows
  readonly identities: IdentityPool
}

/** How the anchor is read again. */
export interface RefreshOptions {
  readonly signal?: AbortSignal | undefined
  /** What it says now counts, whatever was read of it before: an operator's word. @default false */
  readonly isReset?: boolean | undefined
}

export class Group {
  readonly id: GroupId
  readonly number: number
  readonly anchor: Anchor
  readonly keyring: Keyring
  readonly events: Emitter<GroupEvents>
  readonly #components: GroupComponents
  readonly #members = new Map<string, MemberRecord>()
  /** Identities that were members once: their row is kept for display. */
  readonly #departed = new Map<string, MemberRow>()
  #row: GroupRow
  /** Our members as they were told of last. */
  #toldOwn: string
  #reading: Promise<void> | undefined
  #nextReading: Promise<void> | undefined
  #refreshedAtMs = -Infinity
  #readHeight = 0n
  /** The next reading is an operator's. */
  #isReset = false
  #replacedAtMs: number | undefined
  /** Times that this happened. */
  #replaced = 0
  readonly #look: SecondLook
  #again: Timer | undefined

  constructor(
    id: GroupId,
    row: GroupRow,
    anchor: Anchor,
    keyring: Keyring,
    members: readonly { identity: PublicKey; row: MemberRow }[],
    components: GroupComponents,
  ) {
    this.id = id
    this.number = row.number
    this.anchor = anchor
    this.keyring = keyring
    this.events = new Emitter<GroupEvents>(components.logger)
    this.#components = components
    this.#row = row
    for (const { identity, row: member } of members) {
      if (member.removedRevision > 0n) this.#departed.set(idKey(identity), member)
      else this.#members.set(idKey(identity), toRecord(identity, member))
    }
    this.#toldOwn = this.#own()
    this.#look = new SecondLook(id, anchor, components)
  }

  /** Looks at nothing by itself any more. */
  stop(): void {
    this.#again?.cancel()
  }

  /** The revision of the view. 0: never read. */
  get membersRevision(): bigint {
    return this.#row.membersRevision
  }

  /** Members, by identity. */
  members(): readonly MemberRecord[] {
    return [...this.#members.values()].sort((a, b) => compareBytes(a.identity, b.identity))
  }

  member(identity: PublicKey): MemberRecord | undefined {
    return this.#members.get(idKey(identity))
  }

  roleOf(identity: PublicKey): Role | undefined {
    return this.#members.get(idKey(identity))?.role
  }

  /** Our identities that are members now. */
  owned(): readonly SigningKey[] {
    return this.#components.identities
      .boundTo(this.id)
      .filter((key) => this.#members.has(idKey(key.publicKey)))
  }

  /** The identity a node writes with: the first of ours that may. */
  writer(): SigningKey | undefined {
    return this.owned().find((key) => this.roleOf(key.publicKey) === 'writer')
  }

  /** Height of the anchor's last answer about members; it lags where an endpoint does. */
  get readHeight(): bigint {
    return this.#readHeight
  }

  /** The contract that it is in, as far as was read. */
  get contract(): string {
    return this.#row.contract === '' ? this.anchor.contract : this.#row.contract
  }

  /** Where it moves, or has moved and nobody took it over, as far as was read. */
  get migration(): MigrationRecord | undefined {
    return migrationOf(this.#row)
  }

  /** Where the view was read, and what speaks against it. */
  get shownView(): MembersView {
    const { viewHeight: height, viewBlock } = this.#row
    const block = viewBlock === '' ? undefined : viewBlock
    return { height, block, doubt: this.#look.doubt, replacedAtMs: this.#replacedAtMs }
  }

  /** What an answer of the anchor must not be older than; undefined while nothing was read. */
  get since(): SecondWord['since'] {
    const { membersRevision, viewHeight: height, viewAtMs } = this.#row
    return membersRevision === 0n ? undefined : { height, atMs: Number(viewAtMs) }
  }

  /** Set while the anchor contradicts the view. */
  get doubt(): ViewDoubt | undefined {
    return this.#look.doubt
  }

  /**
   * Reads the anchor again. A reading that runs may be older than what the caller must see: whoever asks meanwhile shares the next. So who gives up leaves
   * it to the others. @throws ANCHOR_*, ABORTED
   */
  refresh(options: RefreshOptions = {}): Promise<void> {
    if (options.isReset === true) this.#isReset = true
    this.#nextReading ??= this.#readAfter(this.#reading)
    return untilAborted(this.#nextReading, options.signal)
  }

  async #readAfter(running: Promise<void> | undefined): Promise<void> {
    await running?.catch(() => {}) // whoever asked for it is told
    this.#nextReading = undefined
    this.#reading = this.#read()
    await this.#reading
  }

  /** As {@link refresh}, but at most once per interval, and a dead anchor is only logged. */
  async refreshSoon(): Promise<void> {
    const { clock, logger } = this.#components
    if (clock.monotonicMs() - this.#refreshedAtMs < REFRESH_INTERVAL_MS) return
    try {
      await this.refresh()
    } catch (error) {
      logger.debug({ err: error }, 'membership could not be read')
    }
  }

  async #read(): Promise<void> {
    const isReset = this.#isReset
    this.#isReset = false
    const view = this.#view()
    this.#refreshedAtMs = this.#components.clock.monotonicMs()
    if (this.#row.contract !== '') await this.anchor.reaches?.(this.#row.contract)
    const read = await this.anchor.readMembers(this.id, isReset ? {} : { since: view.since })
    if (read === undefined) return
    this.#readHeight = read.evidence.height
    const judgement = judgeAnswer(view, read)
    if (judgement === 'newer') this.#look.agree()
    if (judgement === 'newer' || isReset) {
      await this.#take(view, read, judgement !== 'newer')
    } else if (judgement === 'other') {
      const borneOut = await this.#look.weigh(view, read)
      if (borneOut !== undefined) await this.#take(view, borneOut, true)
      else this.#lookAgain()
    }
  }

  #view(): View {
    const { membersRevision: revision, viewHeight: height } = this.#row
    const { since } = this
    return { revision, members: [...this.#members.values()], height, since }
  }

  #lookAgain(): void {
    const { clock, logger } = this.#components
    this.#again?.cancel()
    this.#again = clock.after(VIEW_DOUBT_RETRY_MS, () => {
      this.refresh().catch((error: unknown) => {
        logger.debug({ err: error }, 'membership could not be read')
      })
    })
  }

  /**
   * Takes an answer for the view. One that replaces a view which never was the anchor's makes the next key necessary: whoever it let in
   * may hold the present one.
   */
  async #take(
    before: View,
    { value: { revision, members }, evidence }: Read<MemberSnapshot>,
    isReplacement: boolean,
  ): Promise<void> {
    const { store, rows, clock, logger } = this.#components
    const group = await this.anchor.readGroup(this.id)
    const now = new Map(members.map((member) => [idKey(member.identity), member]))
    const isFirst = before.revision === 0n
    const departed = isReplacement || (!isFirst && mayHaveDeparted(before, { revision, members }))
    const isBehind = !isReplacement && evidence.height < before.height
    const removed = before.members.filter(({ identity }) => !now.has(idKey(identity)))
    const added = members.filter(({ identity }) => !this.#members.has(idKey(identity)))
    const altered = members.filter((member) =>
      isAltered(this.#members.get(idKey(member.identity)), member),
    )
    const isLate = !isReplacement && group !== undefined && group.evidence.height < before.height
    const move = group === undefined || isLate ? this.#row : { ...this.#row, ...moveOf(group) }
    const isMove = !isSameMove(this.#row, move)
    const row: GroupRow = {
      ...move,
      membersRevision: revision,
      capabilitiesRevision: group?.value.capabilitiesRevision ?? this.#row.capabilitiesRevision,
      // who lags bears out what was read, and says nothing of later
      ...(isBehind ? {} : viewOf(evidence, clock.nowMs())),
      ...(isFirst || this.#row.watchedFrom > revision ? { watchedFrom: revision } : {}),
      ...(departed ? { departedRevision: revision, departedAtMs: BigInt(clock.nowMs()) } : {}),
    }
    const ops: BatchOp[] = [rows.put(this.id, row)]
    if (isReplacement) ops.push(...this.keyring.doubt(revision))
    for (const member of [...added, ...altered]) {
      ops.push(rows.putMember(this.number, member.identity, toRow(member, 0n)))
    }
    for (const member of removed) {
      ops.push(rows.putMember(this.number, member.identity, toRow(member, revision)))
    }
    const moved = removed.length > 0 || added.length > 0 || altered.length > 0
    // that the same was read at a later height is no news for the disk
    const isNews = moved || departed || isMove || revision !== before.revision
    if (isNews) await store.batch(ops, { sync: true })
    if (isMove) tellMove(logger, this.id, this.#row, move)
    this.#row = row
    if (isReplacement) {
      this.#replacedAtMs = clock.nowMs()
      this.#replaced++
    }
    this.#members.clear()
    for (const [key, member] of now) this.#members.set(key, member)
    for (const member of removed)
      this.#departed.set(idKey(member.identity), toRow(member, revision))
    // keys that came while the disk wrote were judged by the old view
    const late = isReplacement ? this.keyring.doubt(revision) : []
    if (late.length > 0) await store.batch(late, { sync: true })
    const own = this.#own()
    const isOwn = own !== this.#toldOwn
    this.#toldOwn = own
    if (moved || departed || isFirst || isOwn) {
      this.events.emit('changed', {
        removed: removed.map(({ identity }) => identity),
        added: added.map(({ identity }) => identity),
        isOwn,
      })
    }
    if (isMove) this.events.emit('moved', undefined)
  }

  #own(): string {
    return this.owned()
      .map(({ publicKey }) => idKey(publicKey))
      .join()
  }

  /** Stores a key epoch, or what was learned of it. False when it was known. */
  async addKey(epoch: number, key: Uint8Array, standing: Standing): Promise<boolean> {
    return (await this.addKeys([{ epoch, key, standing }])) > 0
  }

  /** Stores keys of different epochs, or what was learned of them, in one batch. Returns how many were news. */
  async addKeys(keys: readonly LearntKey[]): Promise<number> {
    const { news, ops } = this.keyring.rows(keys)
    if (news.length === 0) return 0
    const replaced = this.#replaced
    await this.#components.store.batch(ops, { sync: true })
    // what they were said to cover, they were by a view that was none
    if (replaced !== this.#replaced) return this.addKeys(news.map(unvouched))
    for (const { epoch, key, standing, giver } of news)
      this.keyring.remember(epoch, key, standing, giver)
    this.events.emit('keys', { epochs: news.map(({ epoch }) => epoch) })
    return news.length
  }

  /** Stores the next key epoch, made here: it covers every departure known here. */
  async makeKey(key: Uint8Array): Promise<void> {
    const { membersRevision } = this
    await this.addKey(this.keyring.next, key, {
      madeAt: membersRevision,
      coversTo: membersRevision,
    })
  }

  /** The membersRevision that a key must cover to be sealed under: of the newest departure, or of our first reading. */
  get sealFrom(): bigint {
    const { watchedFrom, departedRevision } = this.#row
    return departedRevision > watchedFrom ? departedRevision : watchedFrom
  }

  /** What our word about the keys we give is worth: we have watched up to `to` and know of no departure after `from`. */
  get view(): { readonly from: bigint; readonly to: bigint } {
    return { from: this.sealFrom, to: this.#row.membersRevision }
  }

  /** Whether somebody who has gone may hold every key that is here: nothing is sealed until another one comes. */
  get isRotating(): boolean {
    return this.keyring.next > 0 && !this.keyring.covers(this.sealFrom)
  }

  /** Whether that is because we saw somebody go, and not for want of a member's word about the keys it gave us. */
  get hasUncoveredDeparture(): boolean {
    const { departedRevision } = this.#row
    return this.isRotating && !this.keyring.covers(departedRevision)
  }

  /** When the departure was read that the keys do not cover; undefined when they do, or we saw none. */
  get rotatingSinceMs(): number | undefined {
    return this.hasUncoveredDeparture ? Number(this.#row.departedAtMs) : undefined
  }

  /**
   * Resolves when bodies may be sealed that who has gone must not read: with the next key epoch, which the elected member makes, or another
   * when it does not, in the end this node itself. @throws CONTEXT_KEY_PENDING when it does not come in time, ABORTED
   */
  async untilRotated({
    signal,
  }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (!this.isRotating) return
    const late = new AbortController()
    const timer = this.#components.clock.after(ROTATION_WAIT_MS, () => late.abort())
    const either = signal === undefined ? late.signal : AbortSignal.any([late.signal, signal])
    try {
      await this.events.next('keys', { accept: () => !this.isRotating, signal: either })
    } catch {
      throwIfAborted(signal)
      throw keyPending(this.id, this.sealFrom)
    } finally {
      timer.cancel()
    }
  }

  /** Whether an identity was a member once and is no longer. */
  hasDeparted(identity: PublicKey): boolean {
    return this.#departed.has(idKey(identity)) && !this.#members.has(idKey(identity))
  }
}
