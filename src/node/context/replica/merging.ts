/**
 * Deltas that only join heads. Calls join all heads there are, so heads pile up where many wrote at once and then fell silent, or have gone: each
 * next delta names them, and so does each heartbeat. An elected writer then makes a delta without operations whose parents they are.
 *
 * Elected is the writer with the smallest identity among those that are connected and ourselves; the next ones take over one after the other,
 * since what one node takes for connected may be gone. Two that merge at once do no harm, and call for no third: heads that are merges do not
 * count. So each delta is joined by a merge at most once in the history of each node, and merging ends.
 *
 * A single head is enough when its author is no writer any more: whoever did not take it in before that author had gone lets it wait until a writer
 * builds on it, and everything that is built on it with it. So a writer that has applied it says so by a merge.
 */
import { DELTA_KIND, type DeltaPayload, eventsCodec } from '../../codec/delta.ts'
import type { SigningKey } from '../../crypto/sign.ts'
import { compareBytes, EMPTY } from '../../primitives/bytes.ts'
import type { Timer } from '../../primitives/clock.ts'
import { nextHlc } from '../../primitives/hlc.ts'
import { type DeltaId, idText, PublicKey } from '../../primitives/ids.ts'
import {
  MAX_IDLE_HEADS,
  MAX_MERGE_RUN,
  MAX_PILED_HEADS,
  MERGE_IDLE_MS,
  MERGE_SETTLE_MS,
  MERGE_STEP_MS,
} from '../limits.ts'
import { makeDelta } from './author.ts'
import type { CommitBatch } from './commit-batch.ts'
import type { ReplicaCore } from './replica-core.ts'
import type { Candidate } from './verify.ts'

export class Merging {
  readonly #core: ReplicaCore
  /** The next look, and when it is due. */
  #next: { readonly timer: Timer; readonly atMs: number } | undefined
  #isMerging = false
  #isClosed = false
  /** When a delta was applied last. */
  #appliedMs = -Infinity
  /** Since when there are seen to be more heads than are waited for an idle moment with. */
  #piledMs: number | undefined
  /** Whether a head's author may be no writer any more: known once the heads were looked at. */
  #mayHaveStrays = true
  /** When this node merged, or tried to. */
  #mergedMs = -Infinity

  constructor(core: ReplicaCore) {
    this.#core = core
    core.events.on('applied', ({ candidate }) => this.#applied(candidate))
  }

  /** Looks at what there is to merge: at a start, and when we may write, or can seal, what we could not before. */
  look(): void {
    if (this.#isClosed || this.#isMerging) return
    this.#mayHaveStrays = true
    this.#cancel()
    const dueMs = this.#readDueMs()
    if (dueMs !== undefined) this.#lookAt(dueMs)
  }

  /** Merges no more. */
  close(): void {
    this.#isClosed = true
    this.#cancel()
  }

  get #monotonicMs(): number {
    return this.#core.c.clock.monotonicMs()
  }

  // Per delta, so it only sees to it that there is a look in time.
  #applied({ header }: Candidate): void {
    const { state, group } = this.#core
    const { length } = state.dag.heads
    const nowMs = this.#monotonicMs
    this.#appliedMs = nowMs
    if (group.roleOf(PublicKey.from(header.member)) !== 'writer') this.#mayHaveStrays = true
    if (length <= MAX_PILED_HEADS) this.#piledMs = undefined
    if (length <= MAX_IDLE_HEADS && !this.#mayHaveStrays) this.#cancel()
    else this.#lookAt(nowMs + (length > MAX_PILED_HEADS ? MERGE_SETTLE_MS : MERGE_IDLE_MS))
  }

  /** Sets the timer, unless it is due before. */
  #lookAt(atMs: number): void {
    if (this.#isClosed || this.#isMerging) return
    if (this.#next !== undefined && this.#next.atMs <= atMs) return
    this.#cancel()
    const leftMs = Math.max(atMs - this.#monotonicMs, 0)
    this.#next = { timer: this.#core.c.clock.after(leftMs, () => this.#onTimer()), atMs }
  }

  #cancel(): void {
    this.#next?.timer.cancel()
    this.#next = undefined
  }

  #onTimer(): void {
    this.#next = undefined
    const dueMs = this.#readDueMs()
    if (dueMs === undefined) return
    if (dueMs > this.#monotonicMs) this.#lookAt(dueMs)
    else void this.#merge()
  }

  /** As {@link Merging.#dueMs}; undefined also while the database cannot be read. */
  #readDueMs(): number | undefined {
    try {
      return this.#dueMs()
    } catch (error) {
      this.#failed(error)
      return undefined
    }
  }

  /** When this node is to merge, unless something comes meanwhile; undefined when there is nothing to merge, or it must not. @throws STORE_* */
  #dueMs(): number | undefined {
    const { state, group, c } = this.#core
    if (this.#mayHaveStrays) this.#mayHaveStrays = this.#hasStrays()
    if (state.dag.heads.length <= MAX_IDLE_HEADS && !this.#mayHaveStrays) return undefined
    // a key that covers a departure, or a role, is looked at again when it comes
    const own = group.writer()
    if (own === undefined || group.isRotating) return undefined
    const count = this.#plainHeads()
    if (count <= MAX_IDLE_HEADS && !this.#mayHaveStrays) return undefined
    if (count <= MAX_PILED_HEADS || c.sync().isFetching(state.id)) this.#piledMs = undefined
    else this.#piledMs ??= this.#monotonicMs
    const sinceMs = Math.min(this.#appliedMs + MERGE_IDLE_MS, this.#piledMs ?? Infinity)
    return Math.max(sinceMs, this.#mergedMs + MERGE_IDLE_MS) + this.#rank(own) * MERGE_STEP_MS
  }

  /** Heads that are no merges. */
  #plainHeads(): number {
    const { state, c } = this.#core
    const isPlain = (id: DeltaId): boolean =>
      c.deltas.get(state.ref.number, id)?.kind !== DELTA_KIND.merge
    return state.dag.heads.filter(isPlain).length
  }

  /** Whether a head is the word of somebody who is no writer in our view, so that others may not take it. */
  #hasStrays(): boolean {
    const { state, group, c } = this.#core
    return state.dag.heads.some((id) => {
      const row = c.deltas.get(state.ref.number, id)
      return row !== undefined && group.roleOf(PublicKey.from(row.member)) !== 'writer'
    })
  }

  /** Our place among the writers that are here, by identity. */
  #rank(own: SigningKey): number {
    const { state, group, c } = this.#core
    const online = c.sync().membersOnline(state.id)
    return online.filter(
      ({ identity }) =>
        compareBytes(identity, own.publicKey) < 0 && group.roleOf(identity) === 'writer',
    ).length
  }

  async #merge(): Promise<void> {
    const { c, state } = this.#core
    this.#isMerging = true
    try {
      const made = await this.#core.run(() => this.#make())
      if (made === 0) return
      c.metrics.merged(made)
      c.logger.debug({ context: idText(state.id), made }, 'heads merged')
    } catch (error) {
      this.#failed(error)
      return
    } finally {
      this.#isMerging = false
    }
    this.look()
  }

  // The next delta, or the disk's recovery, looks again.
  #failed(error: unknown): void {
    const { c, state } = this.#core
    c.logger.debug({ err: error, context: idText(state.id) }, 'heads not merged')
  }

  /** In the executor. Returns how many deltas it took. @throws STORE_*, CONTEXT_UNINITIALIZED without a key */
  async #make(): Promise<number> {
    const { state, group } = this.#core
    // somebody's merge may have come while this waited for its turn
    const dueMs = this.#dueMs()
    const own = group.writer()
    if (own === undefined || dueMs === undefined || dueMs > this.#monotonicMs) return 0
    this.#mergedMs = this.#monotonicMs
    const batch = state.begin()
    do this.#stage(batch, own)
    while (batch.heads.length > 1 && batch.staged.length < MAX_MERGE_RUN)
    await this.#core.commit(batch, true)
    return batch.staged.length
  }

  #stage(batch: CommitBatch, author: SigningKey): void {
    const { state, group, c } = this.#core
    const payload: DeltaPayload = {
      application: state.meta.application,
      appPayload: EMPTY,
      events: eventsCodec.encode([]),
      authorRoot: batch.meta.root,
      causedBy: undefined,
      depth: 0,
    }
    const candidate = makeDelta(
      {
        context: state.id,
        author,
        keyring: group.keyring,
        sealFrom: group.sealFrom,
        membersRevision: group.membersRevision,
        hlc: nextHlc(author.publicKey, c.clock.nowNs(), batch.meta.hlc),
        heads: batch.heads,
        own: batch.author(author.publicKey),
        payload,
        kind: 'merge',
      },
      c.random,
    )
    batch.add(this.#core.commitOf({ candidate, payload, events: [], outcome: undefined }, true))
  }
}
