/**
 * What becomes of a delta when it is its turn: it is applied, or stored to wait for what it lacks. Whatever it comes from (a peer, the waiting room, a
 * look back at what failed) it goes this way, and deltas in a row that may be applied go to the guest together. Runs inside the context's executor.
 */
import { isMerogateError, toMerogateError } from '../../errors.ts'
import { toHex } from '../../primitives/bytes.ts'
import { hlcTime, ntp64ToNs } from '../../primitives/hlc.ts'
import { ApplicationId, type DeltaId, idKey } from '../../primitives/ids.ts'
import { loudnessOf } from '../../store/errors.ts'
import { PARK_REASON, type ParkReason } from '../../store/repositories/deltas.ts'
import type { ReceiveResult } from '../../sync/replica.ts'
import { MAX_APPLY_RUN, MAX_HEADS, RETRY_DELAYS_MS, UNOPENED_WAIT_MS } from '../limits.ts'
import { Applier, type ApplyRun, type Guest, type Opened } from './apply.ts'
import { contextError, isOwnFailure } from '../errors.ts'
import type { ReplicaCore } from './replica-core.ts'
import { type Candidate, decodeCandidate, hasEffect, holdReason, isFalseBody } from './verify.ts'
import { WaitingRoom } from './waiting-room.ts'

/** Longest wait a timer takes, ms; a delta due later is looked at again then. */
const MAX_TIMER_MS = 3_600_000

/** A delta whose turn it is, and whoever waits to hear what becomes of it. */
export interface Arrival {
  readonly candidate: Candidate
  /** It waits here already. @default false */
  readonly isStored?: boolean
  resolve(result: ReceiveResult): void
  /** It was not taken in, for its bytes are false, or the disk refused. */
  reject(error: unknown): void
}

/** What is to be done with a delta now. */
type Verdict =
  | { readonly kind: 'apply'; readonly opened: Opened }
  /** Parents are not applied. */
  | { readonly kind: 'wait'; readonly open: readonly DeltaId[] }
  | { readonly kind: 'hold'; readonly reason: ParkReason }
  | { readonly kind: 'duplicate' }
  /** There are too many heads for one more. */
  | { readonly kind: 'crowded' }
  | { readonly kind: 'false'; readonly error: unknown }

/** What was done with the start of a list. */
interface Step {
  /** To be told once what waited for these has had its turn. */
  readonly answers: readonly (() => void)[]
  readonly rest: readonly Arrival[]
}

/** What is looked at again later, and by whose call. */
export interface AdmissionHooks {
  /** A delta after a while, because its time lies ahead, or the guest failed on it. */
  later(id: DeltaId, ms: number): void
  /** The member list may say by now that a delta's author is a writer. */
  membersWanted(): void
  /** The disk refused what nobody sends again. */
  stranded(): void
  /** More waits that may be applied: it has turns of its own, so that calls come in between. */
  more(): void
}

export class Admission {
  readonly #core: ReplicaCore
  readonly #hooks: AdmissionHooks
  readonly #applier: Applier
  readonly #room: WaitingRoom
  /** Deltas of non-members that a descendant by a writer vouches for. */
  readonly #endorsed = new Set<string>()
  /** Those of them that are to be looked at again. */
  #vouchedFor: DeltaId[] = []
  readonly #tries = new Map<string, number>()
  /** Stored deltas that no key of their epoch opens, and since when, by the monotonic clock. */
  readonly #unopened = new Map<string, number>()

  constructor(core: ReplicaCore, hooks: AdmissionHooks) {
    this.#core = core
    this.#hooks = hooks
    this.#applier = new Applier(core)
    this.#room = new WaitingRoom(core)
  }

  /** Takes deltas in, in order, and then whatever waited for them. Settles each arrival. @throws STORE_CORRUPT */
  async take(arrivals: readonly Arrival[]): Promise<void> {
    for (let rest = arrivals; rest.length > 0;) {
      const step = await this.#step(rest)
      try {
        await this.#cascade()
      } finally {
        for (const answer of step.answers) answer()
      }
      rest = step.rest
    }
  }

  /** Looks again at deltas that wait, no more than go to the guest together, and then at whatever waited for them. @throws STORE_* */
  async again(ids: readonly DeltaId[]): Promise<void> {
    await this.#retake(ids)
    await this.#followUp()
  }

  /** Takes care of the start of a list: a run that is applied together, or one delta that must wait. */
  async #step(arrivals: readonly Arrival[]): Promise<Step> {
    const guest = await this.#applier.guest()
    const run = this.#applier.begin(guest)
    let next: Verdict | undefined
    try {
      next = this.#fill(run, arrivals, guest)
    } catch (error) {
      await run.abandon()
      throw error
    }
    if (run.length === 0) {
      if (next === undefined) return { answers: [], rest: [] }
      return this.#setAside(arrivals, next, guest)
    }
    const { applied, failed, widening } = await run.end()
    const answers = arrivals.slice(0, applied).map((arrival) => {
      const { candidate } = arrival
      this.#tries.delete(toHex(candidate.id))
      this.#endorsed.delete(toHex(candidate.id))
      const widens = widening.has(candidate)
      return () => arrival.resolve({ ...result('applied', candidate), widens })
    })
    const culprit = failed === undefined ? undefined : arrivals[applied]
    if (failed === undefined || culprit === undefined) {
      return { answers, rest: arrivals.slice(applied) }
    }
    answers.push(await this.#failed(culprit, failed.error))
    return { answers, rest: arrivals.slice(applied + 1) }
  }

  /** Takes care of the start of a list that is not to be applied: all of it together, for each costs the disk a write. */
  async #setAside(
    arrivals: readonly Arrival[],
    first: Verdict,
    guest: Guest | undefined,
  ): Promise<Step> {
    const settled: Promise<() => void>[] = []
    for (const [at, arrival] of arrivals.entries()) {
      const verdict = at === 0 ? first : this.#judge(arrival, new Map(), guest)
      if (verdict.kind === 'apply') break
      settled.push(this.#settle(arrival, verdict))
    }
    return { answers: await Promise.all(settled), rest: arrivals.slice(settled.length) }
  }

  /** A guest did not come to an end with a delta: the application failed on it, or this node did, and then it is taken in another time. */
  async #failed(arrival: Arrival, error: unknown): Promise<() => void> {
    if (isMerogateError(error, 'STORE_CORRUPT')) throw error
    if (isOwnFailure(error)) return () => arrival.reject(error)
    await this.#quarantine(arrival.candidate, error)
    return () => arrival.resolve(result('quarantined', arrival.candidate))
  }

  /** Gives a run the longest start of a list that can be applied together; returns what is to be done with the one after it. */
  #fill(
    run: ApplyRun,
    arrivals: readonly Arrival[],
    guest: Guest | undefined,
  ): Verdict | undefined {
    const before = new Map<string, Uint8Array>()
    for (const arrival of arrivals) {
      const verdict = this.#judge(arrival, before, guest)
      if (verdict.kind !== 'apply') return verdict
      run.push(verdict.opened)
      before.set(idKey(arrival.candidate.id), arrival.candidate.header.hlc)
    }
    return undefined
  }

  /** `before` has the times of deltas that will be applied first. */
  #judge(
    { candidate, isStored = false }: Arrival,
    before: ReadonlyMap<string, Uint8Array>,
    guest: Guest | undefined,
  ): Verdict {
    const { dag } = this.#core.state
    const { id, parents } = candidate
    if (before.has(idKey(id)) || this.#isDuplicate(candidate, isStored))
      return { kind: 'duplicate' }
    if (dag.hasPendingChild(id)) this.#endorsed.add(toHex(id))
    const reason = this.#holdReason(candidate)
    if (reason !== undefined) return { kind: 'hold', reason }
    try {
      // Opened before it may wait: a genuine header with a false body must not keep the true one out.
      const opened = this.#applier.open(candidate)
      const others = before.size === 0 ? parents : parents.filter((id) => !before.has(idKey(id)))
      const open = this.#room.openParents(candidate, others)
      if (open.length > 0) return { kind: 'wait', open }
      this.#applier.checkTime(candidate, before)
      if (!isStored && this.#isCrowded(candidate, before)) return { kind: 'crowded' }
      const isReady = guest !== undefined && this.#core.fits(opened.payload.application)
      if (isReady || !hasEffect(candidate)) return { kind: 'apply', opened }
      return { kind: 'hold', reason: 'application' }
    } catch (error) {
      return { kind: 'false', error }
    }
  }

  /** Whether a delta would be one more head where there are too many, and nothing that builds on it is here: it is taken once heads were merged. */
  #isCrowded({ id, parents }: Candidate, before: ReadonlyMap<string, Uint8Array>): boolean {
    const { dag } = this.#core.state
    if (dag.heads.length < MAX_HEADS || dag.hasPendingChild(id)) return false
    const heads = new Set(dag.heads.map(idKey))
    return !parents.some((parent) => heads.has(idKey(parent)) || before.has(idKey(parent)))
  }

  #isDuplicate(candidate: Candidate, isStored: boolean): boolean {
    const { state, c } = this.#core
    if (isStored) return state.dag.waitingStatus(candidate.id) === undefined
    const known = state.status(candidate.id, candidate.parents)
    if (known !== 'held') return known !== undefined
    // Body, nonce and key epoch of an envelope are nobody's word: a copy held for them, or before they could be looked at, gives way to one
    // that lacks nothing.
    const row = c.deltas.get(state.ref.number, candidate.id)
    return row?.reason === PARK_REASON.application || this.#holdReason(candidate) !== undefined
  }

  #holdReason(candidate: Candidate): ParkReason | undefined {
    const { state, group, c } = this.#core
    return holdReason(candidate, {
      context: state.id,
      keyring: group.keyring,
      roleOf: (member) => group.roleOf(member),
      isEndorsed: (id) => this.#endorsed.has(toHex(id)),
      latestNs: () => c.clock.latestNs(),
    })
  }

  /** Does what a verdict says with a delta that is not to be applied now; returns the answer to whoever waits. */
  async #settle(arrival: Arrival, verdict: Verdict): Promise<() => void> {
    try {
      const settled = await this.#store(arrival.candidate, verdict)
      if (arrival.isStored === true) this.#room.want(settled.missing, [])
      return () => arrival.resolve(settled)
    } catch (error) {
      if (isMerogateError(error, 'STORE_CORRUPT')) throw error
      return () => arrival.reject(error)
    }
  }

  async #store(candidate: Candidate, verdict: Verdict): Promise<ReceiveResult> {
    switch (verdict.kind) {
      case 'wait':
        await this.#room.wait(candidate, 'pending', { open: verdict.open })
        this.#endorse(candidate)
        return result('pending', candidate, this.#room.unknownParents(candidate))
      case 'hold':
        await this.#hold(candidate, verdict.reason)
        return result('parked', candidate, this.#room.unknownParents(candidate))
      case 'crowded':
        this.#core.c.metrics.refused()
        throw contextError('CONTEXT_BUSY', 'heads of this context are to be merged first', {
          max: MAX_HEADS,
        })
      case 'false':
        throw verdict.error
      case 'duplicate':
      case 'apply':
        return result('duplicate', candidate)
    }
  }

  /** Lets a delta wait for what is missing, and sees to it that it is looked at again. */
  async #hold(candidate: Candidate, reason: ParkReason): Promise<void> {
    await this.#room.wait(candidate, 'held', { reason })
    const { id, header } = candidate
    if (reason === 'member') this.#hooks.membersWanted()
    if (reason === 'application') {
      const application = ApplicationId.from(this.#applier.open(candidate).payload.application)
      if (!this.#core.fits(application)) this.#core.events.emit('foreign', { application })
    }
    if (reason === 'future') {
      const aheadNs = ntp64ToNs(hlcTime(header.hlc)) - this.#core.c.clock.latestNs()
      const ms = Math.min(Math.max(Number(aheadNs / 1_000_000n), 1), MAX_TIMER_MS)
      this.#hooks.later(id, ms)
    }
  }

  // A current writer built on them: late joiners must accept that history.
  #endorse({ parents }: Candidate): void {
    for (const parent of parents) {
      if (this.#endorsed.has(toHex(parent))) continue
      if (this.#core.state.dag.waitingStatus(parent) !== 'held') continue
      this.#endorsed.add(toHex(parent))
      this.#vouchedFor.push(parent)
    }
  }

  // Valid, but the guest failed: tried again thrice, then kept for an operator; its children wait.
  async #quarantine(candidate: Candidate, error: unknown): Promise<void> {
    const { id } = candidate
    const tries = this.#tries.get(toHex(id)) ?? 0
    this.#tries.set(toHex(id), tries + 1)
    const delay = RETRY_DELAYS_MS[tries]
    await this.#room.wait(candidate, 'quarantined', { why: toMerogateError(error).code })
    this.#core.failures.quarantined(candidate, { error, tries: tries + 1, againMs: delay })
    if (delay !== undefined) this.#hooks.later(id, delay)
  }

  /** As {@link Admission.#followUp}, for those who have their answer: what fails here is tried again, and is not theirs. @throws STORE_CORRUPT */
  async #cascade(): Promise<void> {
    try {
      await this.#followUp()
    } catch (error) {
      if (isMerogateError(error, 'STORE_CORRUPT')) throw error
      const { logger } = this.#core.c
      logger[loudnessOf(error)]({ err: error }, 'deltas that wait could not be applied')
      this.#hooks.stranded()
    }
  }

  /** Applies what waited for parents that are applied by now, and looks again at what was vouched for: a run of it. @throws STORE_* */
  async #followUp(): Promise<void> {
    const { dag } = this.#core.state
    for (let left = MAX_APPLY_RUN; left > 0;) {
      const vouched = this.#vouchedFor.splice(0, left)
      const ready = dag.ready(left).map(({ id }) => id)
      const next = [...vouched, ...ready]
      if (next.length === 0) return
      await this.#retake(next)
      left -= next.length
    }
    if (this.#vouchedFor.length > 0 || dag.hasReady) this.#hooks.more()
  }

  async #retake(ids: readonly DeltaId[]): Promise<void> {
    const { state, c } = this.#core
    const failures: { readonly candidate: Candidate; readonly error: unknown }[] = []
    const arrivals: Arrival[] = []
    for (const id of ids) {
      // an earlier one may have taken it along
      if (state.dag.waitingStatus(id) === undefined) continue
      const bytes = await c.deltas.envelope(state.ref.number, id)
      if (bytes === undefined) {
        const error = contextError('DELTA_INVALID', 'expected a stored delta, got none')
        await this.#room.discard(id, error)
        continue
      }
      const candidate = decodeCandidate(state.id, bytes)
      arrivals.push({
        candidate,
        isStored: true,
        resolve: () => this.#unopened.delete(toHex(id)),
        reject: (error) => failures.push({ candidate, error }),
      })
    }
    for (let rest: readonly Arrival[] = arrivals; rest.length > 0;) {
      const step = await this.#step(rest)
      for (const answer of step.answers) answer()
      rest = step.rest
    }
    for (const { candidate, error } of failures) {
      if (!isFalseBody(error)) throw error
      if (isMerogateError(error, 'DELTA_SEALED') && (await this.#waitForKey(candidate))) continue
      this.#unopened.delete(toHex(candidate.id))
      await this.#room.discard(candidate.id, error)
    }
  }

  /**
   * No key we have of its epoch opens a stored delta: two members may have made the epoch, and the other key is asked for. But the body may be
   * false as well, and keeps the true one out while it is here: after a while it goes.
   */
  async #waitForKey(candidate: Candidate): Promise<boolean> {
    const { clock } = this.#core.c
    const key = toHex(candidate.id)
    const sinceMs = this.#unopened.get(key) ?? clock.monotonicMs()
    const leftMs = sinceMs + UNOPENED_WAIT_MS - clock.monotonicMs()
    if (leftMs <= 0) return false
    await this.#hold(candidate, 'key')
    this.#unopened.set(key, sinceMs)
    this.#hooks.later(candidate.id, leftMs)
    return true
  }
}

/** What is told of a delta. */
export function result(
  status: ReceiveResult['status'],
  { id, header: { author, sequence } }: Candidate,
  missing: readonly DeltaId[] = [],
): ReceiveResult {
  return { status, delta: id, number: { author, sequence }, missing }
}
