/** Rows of deltas: a small header each, the envelope apart, the order of application, and markers of those that wait. */
import * as P from 'micro-packed'
import { bytes32, type Codec, codec, vec } from '../../codec/codec.ts'
import { DIGEST_BYTES } from '../../codec/frontier.ts'
import { DeltaId, PublicKey } from '../../primitives/ids.ts'
import { COLUMN, columnRange, rowKey, u32be, u64be } from '../keys.ts'
import type { BatchOp, Store } from '../store.ts'
import { del, put, readRow } from './rows.ts'

/** Where a stored delta stands. */
export const DELTA_STATUS = {
  applied: 0,
  /** A parent is not applied. */
  pending: 1,
  /** Something outside the DAG is missing. */
  parked: 2,
  /** Valid, but its guest failed. */
  quarantined: 3,
} as const

/** What a parked delta waits for. */
export const PARK_REASON = {
  none: 0,
  /** Its member is no current writer in our view. */
  member: 1,
  /** We lack the key epoch it is sealed under. */
  key: 2,
  /** Its application is not here. */
  application: 3,
  /** Its timestamp lies ahead of our clock. */
  future: 4,
  /** It names an authority, a kind or a version we do not know. */
  unknown: 5,
} as const

export type ParkReason = keyof typeof PARK_REASON

/** The name of what a stored delta waits for. */
export function parkReasonOf({ reason }: Pick<DeltaRow, 'reason'>): ParkReason {
  const names = Object.keys(PARK_REASON) as ParkReason[] // keys of a const object are its keys
  return names.find((name) => PARK_REASON[name] === reason) ?? 'unknown'
}

export interface DeltaRow {
  status: number
  reason: number
  /** Position in the local order of application, from 1; 0 while it is not applied. */
  position: bigint
  author: Uint8Array
  /** The author's own number. */
  sequence: bigint
  /** As in its header. */
  kind: number
  member: Uint8Array
  parents: Uint8Array[]
  hlc: Uint8Array
  /** Bytes of the envelope. */
  size: number
}

const deltaRow: Codec<DeltaRow> = codec(
  'a delta row',
  P.struct({
    status: P.U8,
    reason: P.U8,
    position: P.U64LE,
    author: bytes32,
    sequence: P.U64LE,
    kind: P.U8,
    member: bytes32,
    parents: vec(bytes32),
    hlc: P.bytes(24),
    size: P.U32LE,
  }),
  8192,
)

/** What the numbers of an author's applied deltas say of it. */
export const AUTHOR_STATE = {
  /** Each number up to the greatest once. */
  whole: 0,
  /** A number was applied before the one below it: no honest author makes that. */
  gap: 1,
  /** One number was given to two deltas. */
  fork: 2,
} as const

/** How far one author's deltas are applied. */
export interface AuthorRow {
  /** Greatest number applied. */
  height: bigint
  /** Deltas applied. */
  count: bigint
  /** The first bytes of all their ids, combined by XOR: the same in any order of application. */
  digest: Uint8Array
  /** The delta of the greatest number; the one applied last when there are two. */
  last: Uint8Array
  /** One of {@link AUTHOR_STATE}. */
  state: number
}

const authorRow: Codec<AuthorRow> = codec(
  'an author row',
  P.struct({
    height: P.U64LE,
    count: P.U64LE,
    digest: P.bytes(DIGEST_BYTES),
    last: bytes32,
    state: P.U8,
  }),
  128,
)

export interface DeltaRows {
  /** Synchronous: one lookup on the path of every delta. */
  get(context: number, id: DeltaId): DeltaRow | undefined
  envelope(context: number, id: DeltaId): Promise<Uint8Array | undefined>
  putRow(context: number, id: DeltaId, row: DeltaRow): BatchOp
  putEnvelope(context: number, id: DeltaId, envelope: Uint8Array): BatchOp
  /** Rows that make a delta applied at `row.position`. */
  putApplied(context: number, id: DeltaId, row: DeltaRow): BatchOp[]
  /** Rows that make a delta wait. */
  putWaiting(context: number, id: DeltaId, row: DeltaRow): BatchOp[]
  /** Removes every trace of a delta that was never applied. */
  delWaiting(context: number, id: DeltaId): BatchOp[]
  /** All that wait. */
  waiting(context: number): Promise<{ id: DeltaId; row: DeltaRow }[]>
  /** Ids by order of application, from a position on. */
  order(context: number, from: bigint): AsyncIterable<{ position: bigint; id: DeltaId }>
  /** The delta applied at a position. */
  at(context: number, position: bigint): DeltaId | undefined
  /** How far each author's deltas are applied here, by author. */
  authors(context: number): Promise<{ author: PublicKey; row: AuthorRow }[]>
  putAuthor(context: number, author: Uint8Array, row: AuthorRow): BatchOp
  /** Applied deltas of one author, by its own numbers `from` to `to`; of one number in order of application. */
  numbered(
    context: number,
    author: Uint8Array,
    from: bigint,
    to: bigint,
  ): AsyncIterable<{ position: bigint; id: DeltaId }>
}

export function deltaRows(store: Store): DeltaRows {
  const headerKey = (context: number, id: DeltaId): Uint8Array =>
    rowKey(COLUMN.header, u32be(context), id)
  const bodyKey = (context: number, id: DeltaId): Uint8Array =>
    rowKey(COLUMN.body, u32be(context), id)
  const waitingKey = (context: number, id: DeltaId): Uint8Array =>
    rowKey(COLUMN.waiting, u32be(context), id)
  const orderKey = (context: number, position: bigint): Uint8Array =>
    rowKey(COLUMN.order, u32be(context), u64be(position))
  const get = (context: number, id: DeltaId): DeltaRow | undefined => {
    const key = headerKey(context, id)
    const found = store.getSync(key)
    return found === undefined ? undefined : readRow(deltaRow, key, found)
  }
  return {
    get,
    envelope: (context, id) => store.get(bodyKey(context, id)),
    putRow: (context, id, row) => put(deltaRow, headerKey(context, id), row),
    putEnvelope: (context, id, envelope) => ({
      type: 'put',
      key: bodyKey(context, id),
      value: envelope,
    }),
    putApplied: (context, id, row) => [
      put(deltaRow, headerKey(context, id), row),
      { type: 'put', key: orderKey(context, row.position), value: id },
      {
        type: 'put',
        key: rowKey(
          COLUMN.numbered,
          u32be(context),
          row.author,
          u64be(row.sequence),
          u64be(row.position),
        ),
        value: id,
      },
      del(waitingKey(context, id)),
    ],
    putWaiting: (context, id, row) => [
      put(deltaRow, headerKey(context, id), row),
      { type: 'put', key: waitingKey(context, id), value: Uint8Array.of(row.status) },
    ],
    delWaiting: (context, id) => [
      del(headerKey(context, id)),
      del(bodyKey(context, id)),
      del(waitingKey(context, id)),
    ],
    async waiting(context) {
      const rows = []
      for await (const key of store.keys(columnRange(COLUMN.waiting, u32be(context)))) {
        const id = DeltaId.from(key.slice(5))
        const row = get(context, id)
        if (row !== undefined) rows.push({ id, row })
      }
      return rows
    },
    async *order(context, from) {
      const range = columnRange(COLUMN.order, u32be(context))
      const gte = orderKey(context, from)
      for await (const [key, value] of store.iterate({ gte, lt: range.lt })) {
        const view = new DataView(key.buffer, key.byteOffset)
        yield { position: view.getBigUint64(5), id: DeltaId.from(value) }
      }
    },
    at(context, position) {
      const found = store.getSync(orderKey(context, position))
      return found === undefined ? undefined : DeltaId.from(found)
    },
    async authors(context) {
      const rows = []
      for await (const [key, value] of store.iterate(columnRange(COLUMN.author, u32be(context)))) {
        rows.push({ author: PublicKey.from(key.slice(5)), row: readRow(authorRow, key, value) })
      }
      return rows
    },
    putAuthor: (context, author, row) =>
      put(authorRow, rowKey(COLUMN.author, u32be(context), author), row),
    async *numbered(context, author, from, to) {
      const prefix = [u32be(context), author] as const
      const gte = rowKey(COLUMN.numbered, ...prefix, u64be(from))
      const { lt } = columnRange(COLUMN.numbered, ...prefix, u64be(to))
      for await (const [key, value] of store.iterate({ gte, lt })) {
        const view = new DataView(key.buffer, key.byteOffset)
        yield { position: view.getBigUint64(45), id: DeltaId.from(value) }
      }
    },
  }
}
