/** The effect of other members' deltas: opened, merged by the guest, committed. Deltas that follow each other go to the guest together and are stored in one batch. */
import { type DeltaPayload, eventsCodec, type PayloadEvent } from '../../codec/delta.ts'
import { hlcTime, ntp64ToNs } from '../../primitives/hlc.ts'
import { idKey, type PublicKey } from '../../primitives/ids.ts'
import type { GuestOutcome, ModuleInfo } from '../../runtime/engine.ts'
import type { CommitBatch } from './commit-batch.ts'
import type { ReplicaCore } from './replica-core.ts'
import { type Candidate, checkAfterParents, hasEffect, openPayload } from './verify.ts'

/** A delta with its body in clear. */
export interface Opened {
  readonly candidate: Candidate
  readonly payload: DeltaPayload
  readonly events: readonly PayloadEvent[]
}

/** How far a run came: `applied` of its deltas are stored, and the one after them failed with `error` when there is one. */
export interface RunResult {
  readonly applied: number
  /** Which of them left one head more among many. */
  readonly widening: ReadonlySet<Candidate>
  readonly failed?: { readonly error: unknown }
}

/** What applies deltas here. */
export interface Guest {
  readonly module: ModuleInfo
  readonly executor: PublicKey
}

export class Applier {
  readonly #core: ReplicaCore
  /** Bodies that were opened: a delta is often looked at again before it is its turn. */
  readonly #opened = new WeakMap<Candidate, Opened>()

  constructor(core: ReplicaCore) {
    this.#core = core
  }

  /** The body in clear. @throws DELTA_INVALID, CODEC_MALFORMED: no honest node made it; DELTA_SEALED */
  open(candidate: Candidate): Opened {
    const known = this.#opened.get(candidate)
    if (known !== undefined) return known
    const payload = openPayload(candidate, this.#core.group.keyring)
    const events = hasEffect(candidate) ? eventsCodec.decode(payload.events) : []
    const opened = { candidate, payload, events }
    this.#opened.set(candidate, opened)
    return opened
  }

  /** @throws DELTA_INVALID unless its time lies after its parents', which are applied or have their times in `before` */
  checkTime(candidate: Candidate, before: ReadonlyMap<string, Uint8Array>): void {
    const hlcs = candidate.parents.flatMap(
      (parent) => before.get(idKey(parent)) ?? this.#core.state.appliedHlc(parent) ?? [],
    )
    checkAfterParents(candidate, hlcs)
  }

  /** What applies deltas here; undefined while the application or our identity is missing. */
  async guest(): Promise<Guest | undefined> {
    const module = await this.#core.c.module()
    const executor = this.#core.group.owned()[0]?.publicKey
    return module === undefined || executor === undefined ? undefined : { module, executor }
  }

  /** Begins a run: deltas whose parents are applied or were pushed before them. */
  begin(guest: Guest | undefined): ApplyRun {
    return new ApplyRun(this.#core, guest)
  }
}

/**
 * Deltas on their way through the guest. Each is given to it when it is pushed, so that it works while the next is looked at; all are stored together
 * when the run ends.
 */
export class ApplyRun {
  readonly #core: ReplicaCore
  readonly #guest: Guest | undefined
  readonly #list: Opened[] = []
  readonly #running: Promise<Settled<GuestOutcome | undefined>>[] = []
  /** The guest has one already, and what it did there is not stored. */
  #follows = false

  constructor(core: ReplicaCore, guest: Guest | undefined) {
    this.#core = core
    this.#guest = guest
  }

  get length(): number {
    return this.#list.length
  }

  push(opened: Opened): void {
    this.#list.push(opened)
    this.#running.push(settle(this.#merge(opened)))
    this.#follows ||= hasEffect(opened.candidate)
  }

  /** Stores what was done of it. @throws STORE_* */
  async end(): Promise<RunResult> {
    const { state } = this.#core
    const batch = state.begin()
    let failed: { readonly error: unknown } | undefined
    let blind = false
    let thread: number | undefined
    for (const [i, opened] of this.#list.entries()) {
      const settled = await this.#running[i]
      if (settled === undefined) break
      if ('error' in settled) {
        failed = settled
        break
      }
      blind = isBlind(batch, settled.value, thread)
      if (blind) break
      thread = settled.value?.thread ?? thread
      const { candidate, payload, events } = opened
      const commit = { candidate, payload, events, outcome: settled.value, settles: undefined }
      batch.add(this.#core.commitOf(commit, false))
    }
    await this.#core.commit(batch, false)
    const wider = batch.staged.filter(({ widens }) => widens)
    const applied = batch.staged.length
    const widening = new Set(wider.map(({ commit }) => commit.candidate))
    if (failed === undefined && !blind) return { applied, widening }
    await this.abandon()
    return { applied, widening, ...(failed === undefined ? {} : { failed }) }
  }

  /** Lets the guest forget what is not stored: what it did after a failure was done without what failed. */
  async abandon(): Promise<void> {
    await Promise.all(this.#running)
    if (this.#follows) await this.#core.c.model.forget(this.#core.state.ref)
  }

  async #merge(opened: Opened): Promise<GuestOutcome | undefined> {
    const { state, c, clockLane } = this.#core
    const guest = this.#guest
    const follows = this.#follows
    const { candidate, payload } = opened
    if (!hasEffect(candidate) || guest === undefined) return undefined
    const hlcNs = ntp64ToNs(hlcTime(candidate.header.hlc))
    return c.model.apply({
      context: state.ref,
      module: guest.module.hash,
      executor: guest.executor,
      artifact: payload.appPayload,
      author: candidate.member,
      seenNs: hlcNs > state.meta.seenNs ? hlcNs : state.meta.seenNs,
      authoredNs: hlcNs,
      lane: clockLane,
      follows,
      members: this.#core.members(guest.module),
    })
  }
}

/** Whether a call ran in another thread than the one before it, which was lost in between: it has not seen what is staged. */
export function isBlind(
  batch: CommitBatch,
  outcome: GuestOutcome | undefined,
  thread: number | undefined,
): boolean {
  if (batch.staged.length === 0 || outcome === undefined || thread === undefined) return false
  return outcome.thread !== thread
}

/** A promise's end as a value. */
export type Settled<T> = { readonly value: T } | { readonly error: unknown }

/** Keeps what runs later in a run from being lost, or from being an unhandled rejection, when what runs earlier fails. */
export async function settle<T>(promise: Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await promise }
  } catch (error) {
    return { error }
  }
}
