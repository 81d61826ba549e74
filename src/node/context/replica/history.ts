/**
 * Which deltas another copy lacks, and their envelopes. Positions in the local order of application are a topological order, so what lies above the newest
 * delta the other side has is read straight off that order; only around the fork below it is the graph walked.
 */
import { lacking, type WalkNode } from '../../dag/walk.ts'
import { throwIfAborted } from '../../errors.ts'
import { DeltaId } from '../../primitives/ids.ts'
import { DELTA_STATUS, type DeltaRow, type DeltaRows } from '../../store/repositories/deltas.ts'
import { MAX_WALK_DELTAS } from '../limits.ts'

export interface HistoryRequest {
  /** Ids the other side asks for. */
  readonly want: readonly DeltaId[]
  /** Heads the other side has; those we do not know are ignored. */
  readonly have: readonly DeltaId[]
  readonly maxBytes: number
  readonly signal?: AbortSignal
}

/** One envelope, or the end: `more` when a bound was met and asking again with newer heads brings the rest. */
export type HistoryPart =
  | { readonly envelope: Uint8Array }
  | {
      readonly end: {
        readonly more: boolean
        readonly unknown: readonly DeltaId[]
        readonly pruned: readonly DeltaId[]
      }
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
  let sent = 0
  let more = !complete
  for (const { id } of nodes) {
    throwIfAborted(request.signal)
    const envelope = await deltas.envelope(context, id)
    if (envelope === undefined) continue
    if (sent > 0 && sent + envelope.length > request.maxBytes) {
      more = true
      break
    }
    sent += envelope.length
    yield { envelope }
  }
  const unknown = request.want.filter((id) => deltas.get(context, id) === undefined)
  yield { end: { more, unknown, pruned: [] } }
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
