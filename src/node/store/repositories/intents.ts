/** Rows of intents: work that was begun and must be finished, whatever happens meanwhile. What a kind of work needs to go on is its own layout. */
import * as P from 'micro-packed'
import { bytes, type Codec, codec, string } from '../../codec/codec.ts'
import { ContextId } from '../../primitives/ids.ts'
import { COLUMN, columnRange, rowKey } from '../keys.ts'
import type { BatchOp, Store } from '../store.ts'
import { del, put, readRow } from './rows.ts'

/** First byte of an intent's key. An operation that was signed is for a subject of an anchor, where others are for a context. */
export const INTENT_KIND = {
  join: 0,
  claim: 1,
  create: 2,
  application: 3,
  operation: 4,
  call: 5,
} as const

/** Open: it is tried again. Refused: for good, kept to be seen. Done: its outcome waits for whoever asked. */
export const INTENT_STATUS = { open: 0, refused: 1, done: 2 } as const

export interface IntentRow {
  /** One of {@link INTENT_STATUS}. */
  status: number
  /** Tries that failed. */
  tries: number
  /** When it was begun, and about when it is tried again, ms since the Unix epoch: to be shown, and a hint after a restart. */
  sinceMs: bigint
  nextMs: bigint
  /** Why the last try failed; empty before the first. */
  code: string
  message: string
  body: Uint8Array
}

const intentRow: Codec<IntentRow> = codec(
  'an intent',
  P.struct({
    status: P.U8,
    tries: P.U32LE,
    sinceMs: P.U64LE,
    nextMs: P.U64LE,
    code: string,
    message: string,
    body: bytes,
  }),
  3 << 20,
)

/** Which intent: a kind, the context it is for, and what tells it from others of that context, 32 bytes. */
export interface IntentKey {
  readonly kind: number
  readonly context: ContextId
  readonly part: Uint8Array
}

export interface IntentRows {
  /** All of one kind. `row` is the error when it is damaged. */
  list(kind: number): Promise<{ key: IntentKey; row: IntentRow | Error }[]>
  put(key: IntentKey, row: IntentRow): BatchOp
  del(key: IntentKey): BatchOp
}

export function intentRows(store: Store): IntentRows {
  const keyOf = ({ kind, context, part }: IntentKey): Uint8Array =>
    rowKey(COLUMN.intent, Uint8Array.of(kind), context, part)
  const read = (key: Uint8Array, value: Uint8Array): IntentRow | Error => {
    try {
      return readRow(intentRow, key, value)
    } catch (error) {
      return error as Error // STORE_CORRUPT, by readRow
    }
  }
  return {
    async list(kind) {
      const rows = []
      for await (const [k, v] of store.iterate(columnRange(COLUMN.intent, Uint8Array.of(kind)))) {
        const key = { kind, context: ContextId.from(k.slice(2, 34)), part: k.slice(34) }
        rows.push({ key, row: read(k, v) })
      }
      return rows
    },
    put: (key, row) => put(intentRow, keyOf(key), row),
    del: (key) => del(keyOf(key)),
  }
}
