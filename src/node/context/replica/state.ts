/**
 * Where one context stands in memory, and `commitDelta`: the one door to the disk for deltas. State rows, heads, root, header, envelope, event log and
 * handler ledger go in one atomic batch; memory follows only when the disk has said yes.
 */
import { Dag } from '../../dag/dag.ts'
import { equalBytes } from '../../primitives/bytes.ts'
import { type ContextId, DeltaId, idKey, ZERO_ID } from '../../primitives/ids.ts'
import type { ContextRef } from '../../runtime/engine.ts'
import type { MetaRow } from '../../store/repositories/contexts.ts'
import { DELTA_STATUS, parkReasonOf } from '../../store/repositories/deltas.ts'
import type { BatchOp } from '../../store/store.ts'
import { Authors } from './authors.ts'
import { CommitBatch, type CommitComponents, type Committed } from './commit-batch.ts'

/** What a quarantined delta waits for between a start and the look at it that follows. */
const UNTRIED = 'restart'
/** Heads among the landmarks. With one position for each doubling of a history they stay below what a request may name. */
const MAX_LANDMARK_HEADS = 64
/** Recently applied ids kept in memory, so that duplicates cost no read. */
const RECENT_IDS = 4096

export class ContextState {
  readonly ref: ContextRef
  readonly dag: Dag
  /** How far each author's deltas are applied. */
  readonly authors: Authors
  readonly #c: CommitComponents
  /** Timestamps of recently applied deltas, by id. */
  readonly #recent = new Map<string, Uint8Array>()
  #meta: MetaRow

  private constructor(
    ref: ContextRef,
    meta: MetaRow,
    heads: readonly DeltaId[],
    authors: Authors,
    components: CommitComponents,
  ) {
    this.ref = ref
    this.#meta = meta
    this.#c = components
    this.authors = authors
    this.dag = new Dag({ heads, isApplied: (id) => this.isApplied(id) })
  }

  /** The stored state of a context, or that of one about to be created or joined. */
  static async open(
    ref: ContextRef,
    fresh: Pick<MetaRow, 'application' | 'blob' | 'applicationRevision'>,
    components: CommitComponents,
  ): Promise<ContextState> {
    const meta = (await components.contexts.meta(ref.number)) ?? {
      ...fresh,
      root: ZERO_ID,
      applied: 0n,
      eventSeq: 0n,
      seenNs: 0n,
      hlc: new Uint8Array(24),
      rootMismatches: 0,
    }
    const heads = await components.contexts.heads(ref.number)
    const authors = new Authors(await components.deltas.authors(ref.number))
    const state = new ContextState(ref, meta, heads, authors, components)
    for (const { id, row } of await components.deltas.waiting(ref.number)) {
      const status =
        row.status === DELTA_STATUS.pending
          ? 'pending'
          : row.status === DELTA_STATUS.quarantined
            ? 'quarantined'
            : 'held'
      const parents = row.parents.map((parent) => DeltaId.from(parent))
      const { hlc, author, sequence, size } = row
      const whys = { pending: 'parent', held: parkReasonOf(row), quarantined: UNTRIED }
      const node = { id, parents, hlc, author, sequence, share: author, size }
      state.dag.wait(node, status, whys[status])
    }
    return state
  }

  get id(): ContextId {
    return this.ref.id
  }

  get meta(): Readonly<MetaRow> {
    return this.#meta
  }

  get hasState(): boolean {
    return this.#meta.applied > 0n
  }

  isApplied(id: DeltaId): boolean {
    return this.appliedHlc(id) !== undefined
  }

  /** Timestamp of an applied delta. */
  appliedHlc(id: DeltaId): Uint8Array | undefined {
    const recent = this.#recent.get(idKey(id))
    if (recent !== undefined) return recent
    const row = this.#c.deltas.get(this.ref.number, id)
    if (row?.status !== DELTA_STATUS.applied) return undefined
    this.#remember(id, row.hlc)
    return row.hlc
  }

  /** Where a delta stands. One whose parent is a head cannot have been applied, which saves a look at the disk for most. */
  status(id: DeltaId, parents: readonly DeltaId[]): ReturnType<Dag['status']> {
    const waiting = this.dag.waitingStatus(id)
    if (waiting !== undefined) return waiting
    const { heads } = this.dag
    if (parents.some((parent) => heads.some((head) => equalBytes(head, parent)))) return undefined
    return this.isApplied(id) ? 'applied' : undefined
  }

  /**
   * Applied deltas that tell another copy about where its history parts from ours: some heads, then one, two, four ... positions back in the
   * order of application.
   */
  landmarks(): readonly DeltaId[] {
    const marks = this.dag.heads.slice(0, MAX_LANDMARK_HEADS)
    for (let back = 1n; back < this.#meta.applied; back *= 2n) {
      const id = this.#c.deltas.at(this.ref.number, this.#meta.applied - back)
      if (id !== undefined) marks.push(id)
    }
    return marks
  }

  /** The row of a context that has no state yet. */
  metaOp(): BatchOp {
    return this.#c.contexts.putMeta(this.ref.number, this.#meta)
  }

  /** Raises the floor of the guest's clock; stored with the next delta. */
  observeTime(ns: bigint): void {
    if (ns > this.#meta.seenNs) this.#meta = { ...this.#meta, seenNs: ns }
  }

  /** Another application, as the anchor says. */
  async setApplication(
    record: { id: Uint8Array; blob: Uint8Array },
    applicationRevision: bigint,
  ): Promise<void> {
    const changed = { application: record.id, blob: record.blob, applicationRevision }
    const meta = { ...this.#meta, ...changed }
    await this.#c.store.batch([this.#c.contexts.putMeta(this.ref.number, meta)], { sync: true })
    this.#meta = { ...this.#meta, ...changed }
  }

  /** Takes over rows that were built beside those in use. The caller holds the context's executor. @throws STORE_*, and then nothing has changed */
  async replace(root: Uint8Array, rows: readonly BatchOp[]): Promise<void> {
    const meta = { ...this.#meta, root }
    await this.#c.store.batch([...rows, this.#c.contexts.putMeta(this.ref.number, meta)], {
      sync: true,
    })
    this.#meta = { ...this.#meta, root }
  }

  /** Begins a commit: deltas are added in causal order and stored in one atomic batch. The caller holds the context's executor. */
  begin(): CommitBatch {
    const from = { meta: this.#meta, heads: this.dag.heads, authors: this.authors }
    return new CommitBatch(this.ref.number, from, this.#c)
  }

  /**
   * `commitDelta`: stores what a batch holds, and only then lets memory follow. @throws STORE_*, and then nothing has changed but the guest's
   * instance, which the caller makes forget
   */
  async store(batch: CommitBatch): Promise<readonly Committed[]> {
    await batch.write()
    this.authors.put(batch.authors)
    this.#meta = { ...batch.meta, seenNs: max(batch.meta.seenNs, this.#meta.seenNs) }
    return batch.staged.map(({ commit: { candidate }, ...rest }) => {
      this.#remember(candidate.id, candidate.header.hlc)
      this.dag.applied(candidate.id, candidate.parents)
      return rest
    })
  }

  #remember(id: DeltaId, hlc: Uint8Array): void {
    this.#recent.set(idKey(id), hlc)
    if (this.#recent.size <= RECENT_IDS) return
    for (const oldest of this.#recent.keys()) {
      this.#recent.delete(oldest)
      break
    }
  }
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
