/** Rows of contexts: what each is (written at join), where it stands (rewritten with every delta), its heads, and the blobs its members share. */
import * as P from 'micro-packed'
import { bytes32, type Codec, codec, string, vec } from '../../codec/codec.ts'
import { EMPTY } from '../../primitives/bytes.ts'
import { ContextId, DeltaId } from '../../primitives/ids.ts'
import { COLUMN, columnRange, rowKey, u32be } from '../keys.ts'
import type { BatchOp, Store } from '../store.ts'
import { del, put, readRow } from './rows.ts'

/** Deleting: its other rows are being removed. */
export const CONTEXT_STATUS = { active: 0, deleting: 2 } as const

/** A context's place among the local numbers. */
export interface ContextRow {
  number: number
  group: Uint8Array
  protocol: string
  network: string
  contract: string
  /** One of {@link CONTEXT_STATUS}. */
  status: number
}

/** Where a context stands; one small row in the batch of every delta. */
export interface MetaRow {
  application: Uint8Array
  /** The blob its bytes must be in, by the anchor's word. */
  blob: Uint8Array
  applicationRevision: bigint
  /** Zero while there is no state. */
  root: Uint8Array
  /** Applied deltas; also the last position in the order of application. */
  applied: bigint
  /** Last sequence in the event log. */
  eventSeq: bigint
  /** Newest time any guest of this context saw or was told of, ns. */
  seenNs: bigint
  /** Newest hybrid timestamp applied, 24 bytes. */
  hlc: Uint8Array
  /** Linear applies that ended in another root than the author's. */
  rootMismatches: number
}

const contextRow: Codec<ContextRow> = codec(
  'a context row',
  P.struct({
    number: P.U32LE,
    group: bytes32,
    protocol: string,
    network: string,
    contract: string,
    status: P.U8,
  }),
  4096,
)

const metaRow: Codec<MetaRow> = codec(
  'a context meta row',
  P.struct({
    application: bytes32,
    blob: bytes32,
    applicationRevision: P.U64LE,
    root: bytes32,
    applied: P.U64LE,
    eventSeq: P.U64LE,
    seenNs: P.U64LE,
    hlc: P.bytes(24),
    rootMismatches: P.U32LE,
  }),
  256,
)

const headsRow: Codec<Uint8Array[]> = codec('a list of heads', vec(bytes32), 1 << 20)

const CONTEXT_KIND = Uint8Array.of(0)

export interface ContextRows {
  list(): Promise<{ id: ContextId; row: ContextRow }[]>
  put(id: ContextId, row: ContextRow): BatchOp
  del(id: ContextId): BatchOp
  meta(number: number): Promise<MetaRow | undefined>
  putMeta(number: number, row: MetaRow): BatchOp
  heads(number: number): Promise<DeltaId[]>
  putHeads(number: number, heads: readonly DeltaId[]): BatchOp
  /** Lets the members of a context fetch a blob from us, and us from them. */
  link(number: number, blob: Uint8Array): BatchOp
  isLinked(number: number, blob: Uint8Array): boolean
}

export function contextRows(store: Store): ContextRows {
  const key = (id: ContextId): Uint8Array => rowKey(COLUMN.number, CONTEXT_KIND, id)
  const metaKey = (number: number): Uint8Array => rowKey(COLUMN.meta, u32be(number))
  const linkKey = (number: number, blob: Uint8Array): Uint8Array =>
    rowKey(COLUMN.blobLink, u32be(number), blob)
  const headsKey = (number: number): Uint8Array => rowKey(COLUMN.heads, u32be(number))
  return {
    async list() {
      const rows = []
      for await (const [k, v] of store.iterate(columnRange(COLUMN.number, CONTEXT_KIND))) {
        rows.push({ id: ContextId.from(k.slice(2)), row: readRow(contextRow, k, v) })
      }
      return rows
    },
    put: (id, row) => put(contextRow, key(id), row),
    del: (id) => del(key(id)),
    async meta(number) {
      const found = await store.get(metaKey(number))
      return found === undefined ? undefined : readRow(metaRow, metaKey(number), found)
    },
    putMeta: (number, row) => put(metaRow, metaKey(number), row),
    async heads(number) {
      const found = await store.get(headsKey(number))
      const ids = found === undefined ? [] : readRow(headsRow, headsKey(number), found)
      return ids.map((id) => DeltaId.from(id))
    },
    putHeads: (number, heads) => put(headsRow, headsKey(number), [...heads]),
    link: (number, blob) => ({ type: 'put', key: linkKey(number, blob), value: EMPTY }),
    isLinked: (number, blob) => store.getSync(linkKey(number, blob)) !== undefined,
  }
}

/** Columns that hold rows of one context, for its deletion. */
export const CONTEXT_COLUMNS: readonly number[] = [
  COLUMN.meta,
  COLUMN.heads,
  COLUMN.state,
  COLUMN.header,
  COLUMN.body,
  COLUMN.order,
  COLUMN.waiting,
  COLUMN.ledger,
  COLUMN.frontier,
  COLUMN.blobLink,
  COLUMN.event,
  COLUMN.privateState,
  COLUMN.indexState,
  COLUMN.author,
  COLUMN.numbered,
]
