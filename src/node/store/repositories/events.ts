/** Rows of the event log (one mutation per applied delta but merges, in local order) and of the handler ledger. */
import * as P from 'micro-packed'
import { bytes32, type Codec, codec, string, vec } from '../../codec/codec.ts'
import { event, type PayloadEvent } from '../../codec/delta.ts'
import { DeltaId } from '../../primitives/ids.ts'
import { COLUMN, columnRange, rowKey, u32be, u64be } from '../keys.ts'
import type { BatchOp, Store } from '../store.ts'
import { del, put, readRow } from './rows.ts'

export interface MutationRow {
  delta: Uint8Array
  root: Uint8Array
  member: Uint8Array
  events: PayloadEvent[]
}

const mutationRow: Codec<MutationRow> = codec(
  'a mutation row',
  P.struct({ delta: bytes32, root: bytes32, member: bytes32, events: vec(event) }),
  8 << 20,
)

/** State of one handler run. Refused: it is not tried again by itself. A run that is done has no row any more. */
export const LEDGER_STATUS = { todo: 0, refused: 1 } as const

export interface LedgerRow {
  status: number
  /** Rounds of tries that failed. */
  tries: number
  /** When it was stored first, and about when it is tried again, ms since the Unix epoch; 0 before the first failure. */
  sinceMs: bigint
  nextMs: bigint
  /** Why the last round failed; empty before the first. */
  code: string
  message: string
  /** Depth of the delta whose event it is. */
  depth: number
  event: PayloadEvent
}

const ledgerRow: Codec<LedgerRow> = codec(
  'a handler ledger row',
  P.struct({
    status: P.U8,
    tries: P.U32LE,
    sinceMs: P.U64LE,
    nextMs: P.U64LE,
    code: string,
    message: string,
    depth: P.U8,
    event,
  }),
  64 << 10,
)

export interface EventRows {
  put(context: number, seq: bigint, row: MutationRow): BatchOp
  /** From `since` on, at most `limit`. */
  read(context: number, since: bigint, limit: number): Promise<{ seq: bigint; row: MutationRow }[]>
  /** Sequence of the oldest stored mutation. */
  oldest(context: number): Promise<bigint | undefined>
  /** Removes mutations below a sequence. */
  trim(context: number, below: bigint): Promise<void>
  putLedger(context: number, delta: DeltaId, index: number, row: LedgerRow): BatchOp
  /** A handler has run: nothing is left to be done. */
  delLedger(context: number, delta: DeltaId, index: number): BatchOp
  ledger(context: number): Promise<{ delta: DeltaId; index: number; row: LedgerRow }[]>
}

function ledgerKey(context: number, delta: DeltaId, index: number): Uint8Array {
  const suffix = new Uint8Array(2)
  new DataView(suffix.buffer).setUint16(0, index)
  return rowKey(COLUMN.ledger, u32be(context), delta, suffix)
}

export function eventRows(store: Store): EventRows {
  const key = (context: number, seq: bigint): Uint8Array =>
    rowKey(COLUMN.event, u32be(context), u64be(seq))
  const seqOf = (k: Uint8Array): bigint =>
    new DataView(k.buffer, k.byteOffset, k.byteLength).getBigUint64(5)
  return {
    put: (context, seq, row) => put(mutationRow, key(context, seq), row),
    async read(context, since, limit) {
      const rows = []
      const { lt } = columnRange(COLUMN.event, u32be(context))
      for await (const [k, v] of store.iterate({ gte: key(context, since), lt, limit })) {
        rows.push({ seq: seqOf(k), row: readRow(mutationRow, k, v) })
      }
      return rows
    },
    async oldest(context) {
      const range = columnRange(COLUMN.event, u32be(context))
      for await (const k of store.keys({ ...range, limit: 1 })) return seqOf(k)
      return undefined
    },
    trim: (context, below) => store.clear({ gte: key(context, 0n), lt: key(context, below) }),
    putLedger: (context, delta, index, row) =>
      put(ledgerRow, ledgerKey(context, delta, index), row),
    delLedger: (context, delta, index) => del(ledgerKey(context, delta, index)),
    async ledger(context) {
      const rows = []
      for await (const [k, v] of store.iterate(columnRange(COLUMN.ledger, u32be(context)))) {
        const index = new DataView(k.buffer, k.byteOffset, k.byteLength).getUint16(37)
        rows.push({ delta: DeltaId.from(k.slice(5, 37)), index, row: readRow(ledgerRow, k, v) })
      }
      return rows
    },
  }
}
