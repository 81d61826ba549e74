/**
 * Deltas on their way to the disk. State rows, heads, root, header, envelope, event log and handler ledger of every delta in it go in one atomic batch;
 * rows that a later delta writes again are written once.
 */
import type { DeltaPayload, PayloadEvent } from '../../codec/delta.ts'
import { headsAfter } from '../../dag/dag.ts'
import { concat, EMPTY, equalBytes, toHex } from '../../primitives/bytes.ts'
import { compareHlc, hlcTime, ntp64ToNs } from '../../primitives/hlc.ts'
import { type DeltaId, idKey } from '../../primitives/ids.ts'
import type { GuestOutcome } from '../../runtime/engine.ts'
import { COLUMN, rowKey, u32be } from '../../store/keys.ts'
import type { ContextRows, MetaRow } from '../../store/repositories/contexts.ts'
import {
  AUTHOR_STATE,
  type AuthorRow,
  DELTA_STATUS,
  type DeltaRow,
  type DeltaRows,
} from '../../store/repositories/deltas.ts'
import {
  type EventRows,
  LEDGER_STATUS,
  type LedgerRow,
  type MutationRow,
} from '../../store/repositories/events.ts'
import type { BatchOp, Store } from '../../store/store.ts'
import { MAX_PILED_HEADS } from '../limits.ts'
import { advanced, type Author, type Authors } from './authors.ts'
import { type Candidate, hasEffect } from './verify.ts'

export interface CommitComponents {
  readonly store: Store
  readonly contexts: ContextRows
  readonly deltas: DeltaRows
  readonly events: EventRows
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
  /** Its place in the event log; undefined for a merge, which is no change. */
  readonly eventSeq: bigint | undefined
  readonly todo: readonly LedgerEntry[]
  /** A linear apply ended in another root than its author's. */
  readonly mismatch: boolean
  /** With it the author has given one number to two deltas, for the first time here. */
  readonly forks: boolean
  /** With it there is one head more, and more of them than are left alone. */
  readonly widens: boolean
}

/** A delta in a batch, and what storing it will have changed. */
interface Staged extends Committed {
  readonly commit: Commit
}

export class CommitBatch {
  readonly staged: Staged[] = []
  readonly #number: number
  readonly #c: CommitComponents
  /** By key: a row that is written again replaces the one before. */
  readonly #ops = new Map<string, BatchOp>()
  readonly #before: Authors
  readonly #authors = new Map<string, Author>()
  #meta: MetaRow
  #heads: readonly DeltaId[]

  constructor(
    number: number,
    from: { readonly meta: MetaRow; readonly heads: readonly DeltaId[]; readonly authors: Authors },
    components: CommitComponents,
  ) {
    this.#number = number
    this.#meta = from.meta
    this.#heads = from.heads
    this.#before = from.authors
    this.#c = components
  }

  /** Where the context will stand. */
  get meta(): MetaRow {
    return this.#meta
  }

  get heads(): readonly DeltaId[] {
    return this.#heads
  }

  /** How far an author's deltas will be applied. */
  author(author: Uint8Array): AuthorRow {
    return this.#authors.get(idKey(author))?.row ?? this.#before.row(author)
  }

  /** Rows of authors that the batch changes. */
  get authors(): Iterable<Author> {
    return this.#authors.values()
  }

  /** Adds a delta whose parents are applied or in this batch. `extra` rows are stored with it. */
  add(commit: Commit, extra: readonly BatchOp[] = []): void {
    const { candidate, payload, outcome, settles } = commit
    const { deltas, events } = this.#c
    const before = this.#meta
    const root = outcome?.root ?? before.root
    const position = before.applied + 1n
    const isChange = hasEffect(candidate)
    const eventSeq = isChange ? before.eventSeq + 1n : before.eventSeq
    const linear = sameIds(candidate.parents, this.#heads)
    const mismatch = linear && outcome !== undefined && !equalBytes(root, payload.authorRoot)
    const { hlc, author, sequence } = candidate.header
    const known = this.author(author)
    const row = advanced(known, sequence, candidate.id)
    const forks = row.state === AUTHOR_STATE.fork && known.state !== AUTHOR_STATE.fork
    this.#authors.set(idKey(author), { author, row })
    this.#meta = {
      ...before,
      root,
      applied: position,
      eventSeq,
      seenNs: max(before.seenNs, ntp64ToNs(hlcTime(hlc)), outcome?.lastNs ?? 0n),
      hlc: compareHlc(hlc, before.hlc) > 0 ? hlc : before.hlc,
      rootMismatches: before.rootMismatches + (mismatch ? 1 : 0),
    }
    const { length } = this.#heads
    this.#heads = headsAfter(this.#heads, candidate.id, candidate.parents)
    const widens = this.#heads.length > Math.max(length, MAX_PILED_HEADS)
    const todo = commit.runHandlers ? todoEntries(commit) : []
    this.#put(...stateOps(this.#number, outcome))
    this.#put(
      ...deltas.putApplied(this.#number, candidate.id, appliedRow(candidate, position)),
      deltas.putEnvelope(this.#number, candidate.id, candidate.bytes),
      ...(isChange ? [events.put(this.#number, eventSeq, eventRow(commit, root))] : []),
      ...todo.map(({ delta, index, row }) => events.putLedger(this.#number, delta, index, row)),
      ...extra,
    )
    if (settles !== undefined) {
      this.#put(events.delLedger(this.#number, settles.delta, settles.index))
    }
    const seq = isChange ? eventSeq : undefined
    this.staged.push({ commit, root, eventSeq: seq, todo, mismatch, forks, widens })
  }

  /** Adds rows that are stored with it, also when no delta is. */
  also(ops: readonly BatchOp[]): void {
    this.#put(...ops)
  }

  /** Everything or nothing. @throws STORE_* */
  async write(): Promise<void> {
    if (this.#ops.size === 0) return
    const { contexts, deltas, store } = this.#c
    await store.batch([
      ...this.#ops.values(),
      contexts.putMeta(this.#number, this.#meta),
      contexts.putHeads(this.#number, this.#heads),
      ...[...this.#authors.values()].map(({ author, row }) =>
        deltas.putAuthor(this.#number, author, row),
      ),
    ])
  }

  #put(...ops: readonly BatchOp[]): void {
    for (const op of ops) this.#ops.set(toHex(op.key), op)
  }
}

function todoEntries({ candidate, events, payload }: Commit): LedgerEntry[] {
  return events.flatMap((event, index) => {
    if (event.handler === undefined) return []
    const row: LedgerRow = {
      status: LEDGER_STATUS.todo,
      ...{ tries: 0, sinceMs: 0n, nextMs: 0n, code: '', message: '' },
      depth: payload.depth,
      event,
    }
    return [{ delta: candidate.id, index, row }]
  })
}

function max(...values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (a > b ? a : b), 0n)
}

function sameIds(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  if (b.length === 0) return true // genesis
  return a.length === b.length && a.every((id, i) => equalBytes(id, b[i] ?? EMPTY))
}

function eventRow({ candidate, events }: Commit, root: Uint8Array): MutationRow {
  return { delta: candidate.id, root, member: candidate.member, events: [...events] }
}

/** The header row of an applied delta. */
function appliedRow(candidate: Candidate, position: bigint): DeltaRow {
  return { ...waitingRow(candidate), status: DELTA_STATUS.applied, position }
}

/** The header row of a delta that waits; status and reason are the caller's. */
export function waitingRow(candidate: Candidate): DeltaRow {
  const { header } = candidate
  return {
    status: DELTA_STATUS.pending,
    reason: 0,
    position: 0n,
    author: header.author,
    sequence: header.sequence,
    kind: header.kind,
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
  for (const { key, value } of outcome.indexWrites ?? []) add(COLUMN.indexState, key, value)
  for (const blob of outcome.blobs) add(COLUMN.blobLink, blob, EMPTY)
  return ops
}
