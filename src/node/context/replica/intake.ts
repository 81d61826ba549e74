/**
 * The receiving half of a context: envelopes are verified, wait for what they lack, and are applied in causal order. Whatever path brought an
 * envelope, it comes in here.
 */
import { LRUCache } from 'lru-cache'
import { DELTA_KIND } from '../../codec/delta.ts'
import { isMerogateError, toMerogateError } from '../../errors.ts'
import { shortHex, toHex } from '../../primitives/bytes.ts'
import { sha256 } from '../../primitives/hash.ts'
import { hlcTime, ntp64ToNs } from '../../primitives/hlc.ts'
import { ApplicationId, type DeltaId, idKey } from '../../primitives/ids.ts'
import { PARK_REASON, type ParkReason } from '../../store/repositories/deltas.ts'
import { AuthorNumbers } from '../../dag/numbers.ts'
import type { ReceiveResult } from '../../sync/replica.ts'
import { Applier, type Opened } from './apply.ts'
import { contextError } from '../errors.ts'
import type { Piece } from './executor.ts'
import {
  MAX_APPLY_GROUP,
  REJECTED_MEMORY_COUNT,
  REJECTED_MEMORY_MS,
  RESUME_DELAY_MS,
  RETRY_DELAYS_MS,
} from '../limits.ts'
import type { ReplicaCore } from './replica-core.ts'
import { WaitingRoom } from './waiting-room.ts'
import {
  type Candidate,
  checkSignature,
  decodeCandidate,
  holdReason,
  isFalseBody,
  isProof,
  openPayload,
} from './verify.ts'

/** Longest wait a timer takes, ms; a delta due later is looked at again then. */
const MAX_TIMER_MS = 3_600_000

export class Intake {
  readonly #core: ReplicaCore
  readonly #applier: Applier
  readonly #room: WaitingRoom
  readonly #admitInTurn: (candidate: Candidate) => Promise<ReceiveResult>
  readonly #rejected: LRUCache<string, true>
  /** Envelopes, by hash, whose fate is being decided: the same one often comes by push and gossip at once. Never ids: a false body must not keep the true one out. */
  readonly #inFlight = new Set<string>()
  /** Their numbers. */
  readonly arriving: AuthorNumbers = new AuthorNumbers()
  /** Deltas of non-members that a descendant by a writer vouches for. */
  readonly #endorsed = new Set<string>()
  readonly #tries = new Map<string, number>()
  /** Whether {@link Intake.resume} is going to run because the disk refused a batch. */
  #resuming = false

  constructor(core: ReplicaCore) {
    this.#core = core
    this.#applier = new Applier(core)
    this.#room = new WaitingRoom(core)
    this.#admitInTurn = core.lane(MAX_APPLY_GROUP, (pieces) => this.#process(pieces))
    this.#rejected = new LRUCache({ max: REJECTED_MEMORY_COUNT, ttl: REJECTED_MEMORY_MS })
  }

  /** Verifies an envelope and applies it when it is its turn. Never throws for bad bytes. */
  async receive(bytes: Uint8Array): Promise<ReceiveResult> {
    let candidate: Candidate
    const key = toHex(sha256(bytes))
    try {
      if (this.#rejected.has(key)) {
        throw contextError('DELTA_INVALID', 'expected a delta, got one that was rejected before')
      }
      candidate = decodeCandidate(this.#core.state.id, bytes)
      const known = this.#core.state.status(candidate.id, candidate.parents)
      // of one that is held, another copy may open where ours does not
      const isKnown = known !== undefined && (known !== 'held' || candidate.announced)
      if (isKnown || this.#inFlight.has(key)) return result('duplicate', candidate)
      checkSignature(candidate)
    } catch (error) {
      return this.#reject(bytes, error)
    }
    if (candidate.announced) return result('announced', candidate, [candidate.id])
    const { author, sequence } = candidate.header
    this.#inFlight.add(key)
    this.arriving.add(author, sequence)
    if (candidate.header.membersRevision > this.#core.group.membersRevision) {
      void this.#refreshMembers()
    }
    try {
      return await this.#admitInTurn(candidate)
    } catch (error) {
      if (isProof(error)) return this.#reject(bytes, error)
      if (isMerogateError(error, 'DELTA_SEALED')) return this.#doubt(candidate)
      this.#core.c.logger.warn({ err: error, delta: shortHex(candidate.id) }, 'delta not taken in')
      return result('refused', candidate)
    } finally {
      this.#inFlight.delete(key)
      this.arriving.remove(author, sequence)
    }
  }

  /** First half of verification for the gossip validator: no disk beyond one lookup, no guest. */
  precheck(bytes: Uint8Array): 'accept' | 'ignore' | 'reject' {
    try {
      const candidate = decodeCandidate(this.#core.state.id, bytes)
      if (this.#inFlight.has(toHex(sha256(bytes)))) return 'ignore'
      if (this.#core.state.status(candidate.id, candidate.parents) !== undefined) return 'ignore'
      checkSignature(candidate)
      return this.#core.group.member(candidate.member) === undefined ? 'ignore' : 'accept'
    } catch {
      return 'reject'
    }
  }

  /** Something outside the DAG arrived: looks again at every delta that waited for it. */
  reconsider(...reasons: readonly ParkReason[]): Promise<void> {
    const numbers = new Set<number>(reasons.map((reason) => PARK_REASON[reason]))
    return this.#core.run(async () => {
      for (const node of this.#core.state.dag.waiting('held')) {
        const row = this.#core.c.deltas.get(this.#core.state.ref.number, node.id)
        if (row !== undefined && numbers.has(row.reason)) await this.#reload(node.id)
      }
    })
  }

  /** After a start: looks again at everything that waits. */
  resume(): Promise<void> {
    return this.#core.run(async () => {
      const { dag } = this.#core.state
      const ready = dag
        .waiting('pending')
        .filter(({ parents }) => dag.openParents(parents).length === 0)
      for (const node of [...ready, ...dag.waiting('held'), ...dag.waiting('quarantined')]) {
        await this.#reload(node.id)
      }
    })
  }

  #resumeLater(): void {
    if (this.#resuming) return
    this.#resuming = true
    this.#core.c.clock.after(RESUME_DELAY_MS, () => {
      this.#resuming = false
      this.resume().catch((error: unknown) => {
        if (isMerogateError(error, 'STORE_FAILED')) this.#resumeLater()
        // otherwise the context is closing or stopped: the next start resumes
      })
    })
  }

  async #admit(candidate: Candidate): Promise<ReceiveResult> {
    const known = this.#core.state.status(candidate.id, candidate.parents)
    if (known !== undefined && (known !== 'held' || !this.#replacesHeld(candidate))) {
      return result('duplicate', candidate)
    }
    const status = await this.#place(candidate)
    if (status === 'duplicate' || status === 'invalid') return result(status, candidate)
    const missing = status === 'pending' ? this.#room.unknownParents(candidate) : []
    return result(status, candidate, missing)
  }

  // Body, nonce and key epoch of an envelope are nobody's word: a copy held for them, or before they could be looked at, gives way to one
  // that lacks nothing.
  #replacesHeld(candidate: Candidate): boolean {
    const row = this.#core.c.deltas.get(this.#core.state.ref.number, candidate.id)
    return row?.reason !== PARK_REASON.application && this.#holdReason(candidate) === undefined
  }

  async #refreshMembers(): Promise<void> {
    const { group } = this.#core
    const before = group.membersRevision
    await group.refreshSoon()
    // an unchanged list admits nobody, and what looks again would only ask for the list again
    if (group.membersRevision === before) return
    await this.reconsider('member').catch(() => {
      // the context is closing; what waits is looked at again at the next start
    })
  }

  /** Applies a candidate, or stores it to wait. */
  async #place(candidate: Candidate): Promise<ReceiveResult['status']> {
    const { dag } = this.#core.state
    if (dag.hasPendingChild(candidate.id)) this.#endorsed.add(toHex(candidate.id))
    const reason = this.#holdReason(candidate)
    if (reason !== undefined) return this.#hold(candidate, reason)
    // Open the body before it may wait: a genuine header with a false body must not keep the true one out.
    const pending = dag.openParents(candidate.parents).length > 0
    if (pending) openPayload(candidate, this.#core.group.keyring)
    const status = pending
      ? await this.#room.wait(candidate, 'pending')
      : await this.#apply(candidate)
    if (pending) await this.#endorse(candidate)
    return status
  }

  /** Lets a delta wait for what is missing, and sees to it that it is looked at again. */
  async #hold(candidate: Candidate, reason: ParkReason): Promise<ReceiveResult['status']> {
    const status = await this.#room.wait(candidate, 'held', reason)
    if (reason === 'future') this.#wakeAt(candidate)
    if (reason === 'member') void this.#refreshMembers()
    return status
  }

  #holdReason(candidate: Candidate): ParkReason | undefined {
    return holdReason(candidate, {
      context: this.#core.state.id,
      keyring: this.#core.group.keyring,
      roleOf: (member) => this.#core.group.roleOf(member),
      isEndorsed: (id) => this.#endorsed.has(toHex(id)),
      nowNs: () => this.#core.c.clock.nowNs(),
    })
  }

  // A current writer built on them: late joiners must accept that history.
  async #endorse(candidate: Candidate): Promise<void> {
    for (const parent of candidate.parents) {
      if (this.#endorsed.has(toHex(parent)) || this.#core.state.dag.status(parent) !== 'held')
        continue
      this.#endorsed.add(toHex(parent))
      await this.#reload(parent)
    }
  }

  #wakeAt(candidate: Candidate): void {
    const aheadNs = ntp64ToNs(hlcTime(candidate.header.hlc)) - this.#core.c.clock.nowNs()
    const ms = Math.min(Number(aheadNs / 1_000_000n), MAX_TIMER_MS)
    this.#core.c.clock.after(Math.max(ms, 1), () => void this.reconsider('future').catch(() => {}))
  }

  /** A stored delta that waited: takes it up again. */
  async #reload(id: DeltaId): Promise<void> {
    const bytes = await this.#core.c.deltas.envelope(this.#core.state.ref.number, id)
    // an earlier one may have taken it along
    if (bytes === undefined || this.#core.state.dag.waitingStatus(id) === undefined) return
    const candidate = decodeCandidate(this.#core.state.id, bytes)
    try {
      await this.#place(candidate)
    } catch (error) {
      if (!isFalseBody(error)) throw error
      await this.#room.discard(id, error)
    }
  }

  // Not stored, for the body may be false; not remembered, for it may be true: the delta and the keys of its epoch are asked for.
  #doubt(candidate: Candidate): ReceiveResult {
    const epoch = candidate.envelope.sealedEpoch
    this.#core.group.keyring.want(epoch)
    this.#core.events.emit('wanted', { deltas: [], keys: [epoch] })
    return result('refused', candidate, [candidate.id])
  }

  /** Applies a delta whose parents are applied, and then whatever waited for it, iteratively. */
  async #apply(candidate: Candidate): Promise<ReceiveResult['status']> {
    const first = await this.#applyOne(candidate)
    if (first.status !== 'applied') return first.status
    await this.#cascade(first.ready)
    return 'applied'
  }

  async #cascade(ready: readonly DeltaId[]): Promise<void> {
    const queue = [...ready]
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      const bytes = await this.#core.c.deltas.envelope(this.#core.state.ref.number, id)
      if (bytes === undefined) continue
      try {
        const next = await this.#applyOne(decodeCandidate(this.#core.state.id, bytes))
        queue.push(...next.ready)
      } catch (error) {
        if (!isFalseBody(error)) {
          this.#resumeLater() // nobody sends again what waits here
          throw error
        }
        await this.#room.discard(id, error)
      }
    }
  }

  async #applyOne(
    candidate: Candidate,
  ): Promise<{ status: ReceiveResult['status']; ready: readonly DeltaId[] }> {
    const opened = this.#applier.open(candidate)
    const guest = await this.#applier.guest(opened)
    if (guest === undefined && candidate.header.kind !== DELTA_KIND.merge) {
      const status = await this.#room.wait(candidate, 'held', 'application')
      const application = ApplicationId.from(opened.payload.application)
      if (!this.#core.fits(application)) this.#core.events.emit('foreign', { application })
      return { status, ready: [] }
    }
    const { failed, ready } = await this.#applier.group([opened], guest)
    if (failed === undefined) {
      this.#tries.delete(toHex(candidate.id))
      this.#endorsed.delete(toHex(candidate.id))
      return { status: 'applied', ready }
    }
    return { status: await this.#quarantine(candidate, failed.error), ready }
  }

  /** Envelopes that arrived together: runs of deltas that follow each other are applied as groups, the rest one by one. */
  async #process(pieces: readonly Piece<Candidate, ReceiveResult>[]): Promise<void> {
    for (let rest = pieces; rest.length > 0;) {
      const group = this.#startOfGroup(rest)
      const guest = group[0] === undefined ? undefined : await this.#applier.guest(group[0])
      rest =
        group.length > 1 && guest !== undefined
          ? await this.#admitGroup(rest, group, guest)
          : await this.#admitFirst(rest)
    }
  }

  async #admitFirst([first, ...rest]: readonly Piece<Candidate, ReceiveResult>[]): Promise<
    Piece<Candidate, ReceiveResult>[]
  > {
    try {
      if (first !== undefined) first.resolve(await this.#admit(first.item))
    } catch (error) {
      first?.reject(error)
      if (isMerogateError(error, 'STORE_CORRUPT')) throw error
    }
    return rest
  }

  async #admitGroup(
    pieces: readonly Piece<Candidate, ReceiveResult>[],
    group: readonly Opened[],
    guest: Parameters<Applier['group']>[1],
  ): Promise<readonly Piece<Candidate, ReceiveResult>[]> {
    const { applied, ready, failed } = await this.#applier.group(group, guest)
    for (const piece of pieces.slice(0, applied)) piece.resolve(result('applied', piece.item))
    await this.#cascade(ready)
    const culprit = failed === undefined ? undefined : pieces[applied]
    if (failed === undefined || culprit === undefined) return pieces.slice(applied)
    culprit.resolve(result(await this.#quarantine(culprit.item, failed.error), culprit.item))
    return pieces.slice(applied + 1)
  }

  /** The longest start of a list that can be applied together: nothing is missing, nothing waits for them, each one's parents come before it. */
  #startOfGroup(pieces: readonly Piece<Candidate, ReceiveResult>[]): Opened[] {
    const { state } = this.#core
    const group: Opened[] = []
    const before = new Map<string, Uint8Array>()
    for (const { item: candidate } of pieces) {
      const { id, parents, header } = candidate
      const fits =
        header.kind === DELTA_KIND.state &&
        !before.has(idKey(id)) &&
        state.status(id, parents) === undefined &&
        !state.dag.hasChild(id) &&
        this.#holdReason(candidate) === undefined &&
        state.dag.openParents(parents).every((parent) => before.has(idKey(parent)))
      if (!fits) break
      try {
        const opened = this.#applier.open(candidate, before)
        if (!this.#core.fits(opened.payload.application)) break
        group.push(opened)
      } catch {
        break // whoever looks at it alone says what is wrong
      }
      before.set(idKey(id), header.hlc)
    }
    return group
  }

  // Valid, but the guest failed: tried again thrice, then kept for an operator; its children wait.
  async #quarantine(candidate: Candidate, error: unknown): Promise<ReceiveResult['status']> {
    const key = toHex(candidate.id)
    const tries = this.#tries.get(key) ?? 0
    this.#tries.set(key, tries + 1)
    const delay = RETRY_DELAYS_MS[tries]
    const { code } = toMerogateError(error)
    const status = await this.#room.wait(candidate, 'quarantined', 'none', code)
    this.#core.failures.quarantined(candidate, { error, tries: tries + 1, againMs: delay })
    if (delay !== undefined) {
      this.#core.c.clock.after(delay, () => {
        void this.#core
          .run(() => this.#reload(candidate.id))
          .catch(() => {
            // the context is closing: it is tried again at the next start
          })
      })
    }
    return status
  }

  #reject(bytes: Uint8Array, error: unknown): ReceiveResult {
    const failure = toMerogateError(error)
    this.#rejected.set(toHex(sha256(bytes)), true)
    this.#core.c.metrics.rejected(failure.code)
    this.#core.c.logger.debug({ err: error }, 'envelope rejected')
    return { status: 'invalid', delta: undefined, missing: [], error: failure.code }
  }
}

function result(
  status: ReceiveResult['status'],
  { id, header: { author, sequence } }: Candidate,
  missing: readonly DeltaId[] = [],
): ReceiveResult {
  return { status, delta: id, number: { author, sequence }, missing }
}
