/**
 * Calls into other contexts that one call asked for, as they are kept: one row, in the batch of the call that asked, until all are made or given up. A row
 * rather than one each, for they are made in the order in which they were asked for.
 */
import * as P from 'micro-packed'
import { bytes, bytes32, type Codec, codec, string, vec } from '../../codec/codec.ts'
import type { ContextId } from '../../primitives/ids.ts'
import type { CrossCall } from '../../runtime/engine.ts'
import { MAX_CROSS_CALL_DEPTH } from '../limits.ts'
import type { Kept } from '../intents/intent.ts'

/** Where a call comes from that a context makes. The node says so: nothing of it stands in a guest's memory. */
export interface CrossOrigin {
  readonly context: ContextId
  /** What that context ran when it called. */
  readonly application: Uint8Array
  /** Whether both contexts have the same group. */
  readonly isSameGroup: boolean
  /** Calls from context to context in a row, this one among them. */
  readonly hops: number
  /** Depth of the delta that the calling execution made, or would have made. */
  readonly depth: number
}

interface OwedCall {
  context: Uint8Array
  method: string
  params: Uint8Array
}

/** What is left of them. */
export interface OwedCalls {
  /** Whose call asked for them, in the calling context. */
  executor: Uint8Array
  application: Uint8Array
  /** Calls from context to context that led to the calling execution. */
  hops: number
  depth: number
  calls: OwedCall[]
}

export const owedCalls: Codec<OwedCalls> = codec(
  'calls into other contexts',
  P.struct({
    executor: bytes32,
    application: bytes32,
    hops: P.U8,
    depth: P.U8,
    calls: vec(P.struct({ context: bytes32, method: string, params: bytes })),
  }),
  1 << 20,
)

/** The execution that asks. */
export interface Asking {
  readonly context: ContextId
  readonly application: Uint8Array
  readonly executor: Uint8Array
  readonly from: Pick<CrossOrigin, 'hops'> | undefined
  readonly depth: number
  readonly nowMs: number
  /** 32 bytes that no other row has. */
  part(): Uint8Array
}

/** What is owed for the calls of one execution; undefined for none, and where too many contexts called each other already. */
export function owe(calls: readonly CrossCall[], asking: Asking): Kept<OwedCalls> | undefined {
  const { context, application, executor, from, depth, nowMs, part } = asking
  const hops = from?.hops ?? 0
  if (calls.length === 0 || hops >= MAX_CROSS_CALL_DEPTH) return undefined
  const owed = calls.map(({ contextId, method, params }) => ({
    context: contextId,
    method,
    params,
  }))
  return {
    ...{ context, part: part(), body: { executor, application, hops, depth, calls: owed } },
    ...{ status: 'open', tries: 0, sinceMs: nowMs, nextMs: nowMs, reason: undefined },
  }
}
