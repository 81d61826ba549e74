/**
 * Where one context stands in memory, and `commitDelta`: the one door to the disk for deltas. State rows, heads, root, header, envelope, event log and
 * handler ledger go in one atomic batch; memory follows only when the disk has said yes.
 */
import type { DeltaPayload, PayloadEvent } from '../codec/delta.ts'
import { Dag, headsAfter } from '../dag/dag.ts'
import { concat, EMPTY, equalBytes } from '../primitives/bytes.ts'
import { compareHlc, type HybridClock, hlcTime, ntp64ToNs } from '../primitives/hlc.ts'
import { type ContextId, DeltaId, idKey, ZERO_ID } from '../primitives/ids.ts'
import type { ContextRef, GuestOutcome } from '../runtime/engine.ts'
import { COLUMN, rowKey, u32be } from '../store/keys.ts'
import type { ContextRows, MetaRow } from '../store/repositories/contexts.ts'
import { DELTA_STATUS, type DeltaRow, type DeltaRows } from '../store/repositories/deltas.ts'
import { type EventRows, LEDGER_STATUS, type LedgerRow } from '../store/repositories/events.ts'
import type { BatchOp, Store } from '../store/store.ts'
import type { ClockMark } from './clock-mark.ts'
import type { Candidate } from './verify.ts'

export interface StateComponents {
  readonly store: Store
  readonly contexts: ContextRows
  readonly deltas: DeltaRows
  readonly events: EventRows
  readonly hlc: HybridClock
  readonly mark: ClockMark
}

/** One entry of the handler ledger. */
export interface LedgerEntry {
  readonly delta: DeltaId
  readonly index: number
  readonly row: LedgerRow
}

/** All that is stored together for one delta. */
export interface Commit {
  readonly candidate: Candidate
  readonly payload: DeltaPayload
  readonly events: readonly PayloadEvent[]
  /** Undefined for a merge: it has no effect on state. */
  readonly outcome: GuestOutcome | undefined
  /** Handlers of its events are to be run here. */
  readonly runHandlers: boolean
  /** The ledger entry this delta settles, when a handler made it. */
  readonly settles?: LedgerEntry | undefined
}

/** What a commit changed. */
export interface Committed {
  readonly root: Uint8Array
  readonly eventSeq: bigint
  readonly todo: readonly LedgerEntry[]
  /** A linear apply ended in another root than its author's. */
  readonly mismatch: boolean
  /** Waiting children that may be applied now, in order. */
  readonly ready: readonly DeltaId[]
}

/** Recently applied ids kept in memory, so that duplicates cost no read. */
const RECENT_IDS = 4096

export class ContextState {
  readonly ref: ContextRef
  readonly dag: Dag
  readonly #c: StateComponents
  readonly #recent = new Set<string>()
  #meta: MetaRow

  private constructor(
    ref: ContextRef,
    meta: MetaRow,
    heads: readonly DeltaId[],
    components: StateComponents,
  ) {
    this.ref = ref
    this.#meta = meta
    this.#c = components
    this.dag = new Dag({ heads, isApplied: (id) => this.isApplied(id) })
  }

  /** The stored state of a context, or that of one about to be created or joined. */
  static async open(
    ref: ContextRef,
    fresh: Pick<MetaRow, 'application' | 'blob' | 'applicationRevision'>,
    components: StateComponents,
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
    const state = new ContextState(ref, meta, heads, components)
    for (const head of heads) state.#remember(head)
    for (const { id, row } of await components.deltas.waiting(ref.number)) {
      const status =
        row.status === DELTA_STATUS.pending
          ? 'pending'
          : row.status === DELTA_STATUS.quarantined
            ? 'quarantined'
            : 'held'
      const parents = row.parents.map((parent) => DeltaId.from(parent))
      state.dag.wait({ id, parents, hlc: row.hlc, author: row.author, size: row.size }, status)
    }
    components.hlc.observe(hlcTime(meta.hlc))
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
    if (this.#recent.has(idKey(id))) return true
    return this.#c.deltas.get(this.ref.number, id)?.status === DELTA_STATUS.applied
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

  /**
   * Stores an applied delta. The caller holds the context's executor, and forgets the guest's instance when this throws.
   * `extra` goes into the same batch. @throws STORE_*
   */
  async commitDelta(commit: Commit, extra: readonly BatchOp[] = []): Promise<Committed> {
    const { candidate, payload, outcome } = commit
    const { contexts, deltas, events, store, hlc } = this.#c
    const { number } = this.ref
    const before = this.#meta
    const root = outcome?.root ?? before.root
    const seq = before.applied + 1n
    const eventSeq = before.eventSeq + 1n
    const hlcNs = ntp64ToNs(hlcTime(candidate.header.hlc))
    const meta: MetaRow = {
      ...before,
      root,
      applied: seq,
      eventSeq,
      seenNs: max(before.seenNs, hlcNs, outcome?.lastNs ?? 0n),
      hlc: compareHlc(candidate.header.hlc, before.hlc) > 0 ? candidate.header.hlc : before.hlc,
    }
    const linear = sameIds(candidate.parents, this.dag.heads)
    const mismatch = linear && outcome !== undefined && !equalBytes(root, payload.authorRoot)
    if (mismatch) meta.rootMismatches++
    const todo = commit.runHandlers ? this.#todo(commit) : []
    const heads = headsAfter(this.dag.heads, candidate.id, candidate.parents)
    const ops: BatchOp[] = [
      ...stateOps(number, outcome),
      contexts.putMeta(number, meta),
      contexts.putHeads(number, heads),
      ...deltas.putApplied(number, candidate.id, appliedRow(candidate, seq)),
      deltas.putEnvelope(number, candidate.id, candidate.bytes),
      events.put(number, eventSeq, {
        delta: candidate.id,
        root,
        member: candidate.member,
        events: [...commit.events],
      }),
      ...todo.map(({ delta, index, row }) => events.putLedger(number, delta, index, row)),
      ...extra,
    ]
    const settled = commit.settles
    if (settled !== undefined) {
      const row = { ...settled.row, status: LEDGER_STATUS.done, produced: candidate.id }
      ops.push(events.putLedger(number, settled.delta, settled.index, row))
    }
    const time = hlcTime(candidate.header.hlc)
    const mark = this.#c.mark.opFor(time)
    if (mark !== undefined) ops.push(mark)
    await store.batch(ops, { sync: mark !== undefined })
    this.#meta = meta
    this.#remember(candidate.id)
    hlc.observe(time)
    if (mark !== undefined) this.#c.mark.stored(time)
    const ready = this.dag.applied(candidate.id, candidate.parents).map((node) => node.id)
    return { root, eventSeq, todo, mismatch, ready }
  }

  #todo(commit: Commit): LedgerEntry[] {
    return commit.events.flatMap((event, index) =>
      event.handler === undefined
        ? []
        : [
            {
              delta: commit.candidate.id,
              index,
              row: {
                status: LEDGER_STATUS.todo,
                tries: 0,
                depth: commit.payload.depth,
                produced: ZERO_ID,
                event,
              },
            },
          ],
    )
  }

  #remember(id: DeltaId): void {
    this.#recent.add(idKey(id))
    if (this.#recent.size <= RECENT_IDS) return
    for (const oldest of this.#recent) {
      this.#recent.delete(oldest)
      break
    }
  }
}

function max(...values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (a > b ? a : b))
}

function sameIds(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  if (b.length === 0) return true // genesis
  return a.length === b.length && a.every((id, i) => equalBytes(id, b[i] ?? EMPTY))
}

/** The header row of an applied delta. */
function appliedRow(candidate: Candidate, seq: bigint): DeltaRow {
  return { ...waitingRow(candidate), status: DELTA_STATUS.applied, seq }
}

/** The header row of a delta that waits; status and reason are the caller's. */
export function waitingRow(candidate: Candidate): DeltaRow {
  const { header } = candidate
  return {
    status: DELTA_STATUS.pending,
    reason: 0,
    seq: 0n,
    author: header.author,
    member: header.member,
    parents: header.parents,
    hlc: header.hlc,
    size: candidate.bytes.length,
  }
}

function stateOps(number: number, outcome: GuestOutcome | undefined): BatchOp[] {
  if (outcome === undefined) return []
  const ops: BatchOp[] = []
  const prefix = u32be(number)
  const add = (column: number, key: Uint8Array, value: Uint8Array | undefined): void => {
    const full = rowKey(column, concat(prefix, key))
    ops.push(value === undefined ? { type: 'del', key: full } : { type: 'put', key: full, value })
  }
  for (const { key, value } of outcome.writes) add(COLUMN.state, key, value)
  for (const { key, value } of outcome.privateWrites) add(COLUMN.privateState, key, value)
  for (const blob of outcome.blobs) add(COLUMN.blobLink, blob, EMPTY)
  return ops
}
