/** The effect of other members' deltas: opened, merged by the guest, committed. Deltas that follow each other go to the guest together and are stored in one batch. */
import { DELTA_KIND, type DeltaPayload, eventsCodec, type PayloadEvent } from '../../codec/delta.ts'
import { hlcTime, ntp64ToNs } from '../../primitives/hlc.ts'
import { type DeltaId, idKey, type PublicKey } from '../../primitives/ids.ts'
import type { GuestOutcome, ModuleInfo } from '../../runtime/engine.ts'
import type { CommitBatch } from './commit-batch.ts'
import type { ReplicaCore } from './replica-core.ts'
import { type Candidate, checkAfterParents, openPayload } from './verify.ts'

/** A delta with its body in clear, ready to be applied once its parents are. */
export interface Opened {
  readonly candidate: Candidate
  readonly payload: DeltaPayload
  readonly events: readonly PayloadEvent[]
}

/** How far a group came: `applied` of its deltas are stored, and the one after them failed with `error` when there is one. */
export interface GroupResult {
  readonly applied: number
  /** Waiting deltas that may be applied now. */
  readonly ready: readonly DeltaId[]
  readonly failed?: { readonly error: unknown }
}

interface Guest {
  readonly module: ModuleInfo
  readonly executor: PublicKey
}

export class Applier {
  readonly #core: ReplicaCore

  constructor(core: ReplicaCore) {
    this.#core = core
  }

  /**
   * Opens the body. `before` holds timestamps of deltas that will be applied first.
   * @throws DELTA_INVALID, CODEC_MALFORMED: no honest node made it
   */
  open(candidate: Candidate, before: ReadonlyMap<string, Uint8Array> = new Map()): Opened {
    const { state, group } = this.#core
    const hlcs = candidate.parents.flatMap(
      (parent) => before.get(idKey(parent)) ?? state.appliedHlc(parent) ?? [],
    )
    checkAfterParents(candidate, hlcs)
    const payload = openPayload(candidate, group.keyring)
    const merge = candidate.header.kind === DELTA_KIND.merge
    return { candidate, payload, events: merge ? [] : eventsCodec.decode(payload.events) }
  }

  /** What applies an opened delta here; undefined while its application or our identity is missing. */
  async guest({ payload }: Opened): Promise<Guest | undefined> {
    const { group, c } = this.#core
    if (!this.#core.fits(payload.application)) return undefined
    const module = await c.module()
    const executor = group.owned()[0]?.publicKey
    return module === undefined || executor === undefined ? undefined : { module, executor }
  }

  /** Applies deltas whose parents are applied or stand before them in the list. @throws STORE_* */
  async group(list: readonly Opened[], guest: Guest | undefined): Promise<GroupResult> {
    const { state, c } = this.#core
    const running = list.map((opened, at) => settle(this.#run(opened, guest, at > 0)))
    const batch = state.begin()
    let failed: { readonly error: unknown } | undefined
    let blind = false
    let thread: number | undefined
    for (const [i, opened] of list.entries()) {
      const settled = await running[i]
      if (settled === undefined) break
      if ('error' in settled) {
        failed = settled
        break
      }
      blind = isBlind(batch, settled.value, thread)
      if (blind) break
      thread = settled.value?.thread
      const { candidate, payload, events } = opened
      const commit = { candidate, payload, events, outcome: settled.value, settles: undefined }
      batch.add(this.#core.commitOf(commit, false))
    }
    const ready = await this.#core.commit(batch, false)
    const applied = batch.staged.length
    if (failed === undefined && !blind) return { applied, ready }
    // what the guest did after the failure was done without it
    await Promise.all(running)
    await c.model.forget(state.ref)
    return failed === undefined ? { applied, ready } : { applied, ready, failed }
  }

  async #run(
    opened: Opened,
    guest: Guest | undefined,
    follows: boolean,
  ): Promise<GuestOutcome | undefined> {
    const { state, c, clockLane } = this.#core
    const { header } = opened.candidate
    if (header.kind === DELTA_KIND.merge || guest === undefined) return undefined
    const hlcNs = ntp64ToNs(hlcTime(header.hlc))
    return c.model.apply({
      context: state.ref,
      module: guest.module.hash,
      executor: guest.executor,
      artifact: opened.payload.appPayload,
      author: opened.candidate.member,
      seenNs: hlcNs > state.meta.seenNs ? hlcNs : state.meta.seenNs,
      authoredNs: hlcNs,
      lane: clockLane,
      follows,
      members: this.#core.members(guest.module),
    })
  }
}

/** Whether a call ran in a thread that has not seen what is staged before it: the one before was lost in between. */
export function isBlind(
  batch: CommitBatch,
  outcome: GuestOutcome | undefined,
  thread: number | undefined,
): boolean {
  return batch.staged.length > 0 && outcome !== undefined && outcome.thread !== thread
}

/** A promise's end as a value. */
export type Settled<T> = { readonly value: T } | { readonly error: unknown }

/** Keeps what runs later in a group from being lost, or from being an unhandled rejection, when what runs earlier fails. */
export async function settle<T>(promise: Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await promise }
  } catch (error) {
    return { error }
  }
}
