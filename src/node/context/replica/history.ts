/**
 * Which deltas another copy lacks, and their envelopes. Positions in the local order of application are a topological order, so what lies above the newest
 * delta the other side has is read straight off that order; only around the fork below it is the graph walked.
 */
import { lacking, type WalkNode } from '../../dag/walk.ts'
import { throwIfAborted } from '../../errors.ts'
import { DeltaId } from '../../primitives/ids.ts'
import { DELTA_STATUS, type DeltaRow, type DeltaRows } from '../../store/repositories/deltas.ts'
import type { AuthorRange, HistoryPart } from '../../sync/replica.ts'
import { MAX_WALK_DELTAS } from '../limits.ts'

export interface HistoryRequest {
  /** Ids the other side asks for. */
  readonly want: readonly DeltaId[]
  /** Deltas the other side has applied; those we do not know are ignored. */
  readonly have: readonly DeltaId[]
  readonly maxBytes: number
  readonly signal?: AbortSignal
}

export interface RangesRequest {
  readonly ranges: readonly AuthorRange[]
  readonly maxBytes: number
  readonly signal?: AbortSignal
}

/** Above every position of an applied delta. */
const WAITING_SEQ = 1n << 63n

/** Envelopes that the other side lacks, parents before children, up to the bounds. */
export async function* readHistory(
  deltas: DeltaRows,
  context: number,
  request: HistoryRequest,
): AsyncGenerator<HistoryPart, void, undefined> {
  const { nodes, complete } = await choose(deltas, context, request)
  const all = yield* envelopes(deltas, context, nodes, request)
  const unknown = request.want.filter((id) => deltas.get(context, id) === undefined)
  yield { end: { more: !all || !complete, unknown, pruned: [] } }
}

/** Envelopes of the applied deltas in some ranges, in the order of application, up to the bounds. What is looked at is what is sent: no walk, no headers. */
export async function* readRanges(
  deltas: DeltaRows,
  context: number,
  request: RangesRequest,
): AsyncGenerator<HistoryPart, void, undefined> {
  const found: { readonly position: bigint; readonly id: DeltaId }[] = []
  let complete = true
  for (const { author, from, to } of request.ranges) {
    throwIfAborted(request.signal)
    for await (const entry of deltas.numbered(context, author, from, to)) {
      complete = found.length < MAX_WALK_DELTAS
      if (!complete) break
      found.push(entry)
    }
    if (!complete) break
  }
  found.sort((a, b) => (a.position < b.position ? -1 : 1))
  const all = yield* envelopes(deltas, context, found, request)
  yield { end: { more: !all || !complete, unknown: [], pruned: [] } }
}

/** The envelopes of a list, as far as the bytes asked for go; returns whether that was all. */
async function* envelopes(
  deltas: DeltaRows,
  context: number,
  list: readonly { readonly id: DeltaId }[],
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal?: AbortSignal },
): AsyncGenerator<{ envelope: Uint8Array }, boolean, undefined> {
  let sent = 0
  for (const { id } of list) {
    throwIfAborted(signal)
    const envelope = await deltas.envelope(context, id)
    if (envelope === undefined) continue
    if (sent > 0 && sent + envelope.length > maxBytes) return false
    sent += envelope.length
    yield { envelope }
  }
  return true
}

async function choose(
  deltas: DeltaRows,
  context: number,
  { want, have }: HistoryRequest,
): Promise<{ nodes: readonly WalkNode[]; complete: boolean }> {
  const load = (id: DeltaId): WalkNode | undefined => {
    const row = deltas.get(context, id)
    return (
      row && { id, seq: placeOf(row), parents: row.parents.map((parent) => DeltaId.from(parent)) }
    )
  }
  const wanted = want.flatMap((id) => load(id) ?? [])
  // what waits here has no place in the order
  if (wanted.some(({ seq }) => seq >= WAITING_SEQ))
    return lacking(want, have, load, MAX_WALK_DELTAS)
  let newest = 0n
  for (const id of have) {
    const seq = load(id)?.seq ?? 0n
    if (seq < WAITING_SEQ && seq > newest) newest = seq
  }
  const above: WalkNode[] = []
  let complete = true
  for await (const { id } of deltas.order(context, newest + 1n)) {
    if (above.length === MAX_WALK_DELTAS) {
      complete = false
      break
    }
    const node = load(id)
    if (node !== undefined) above.push(node)
  }
  // the other branches of the fork: what the new ones build on and the other side may lack
  const isBelow = ({ seq }: WalkNode): boolean => seq <= newest
  const roots = above.flatMap(({ parents }) => parents.flatMap((id) => load(id) ?? []))
  const below = [...roots, ...wanted].filter(isBelow).map(({ id }) => id)
  const older = lacking(below, have, load, MAX_WALK_DELTAS)
  return older.complete ? { nodes: [...older.nodes, ...above], complete } : older
}

// A child's timestamp lies after its parents', so time orders what waits.
function placeOf(row: DeltaRow): bigint {
  if (row.status === DELTA_STATUS.applied) return row.position
  return WAITING_SEQ + new DataView(row.hlc.buffer, row.hlc.byteOffset, 8).getBigUint64(0, true)
}
