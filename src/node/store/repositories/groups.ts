/** Rows of groups: the newest view of their members, their key epochs, and the identities this node holds in them. */
import * as P from 'micro-packed'
import { bytes, bytes32, type Codec, codec } from '../../codec/codec.ts'
import { concat } from '../../primitives/bytes.ts'
import { ContextId, GroupId, PublicKey } from '../../primitives/ids.ts'
import { COLUMN, columnRange, rowKey, u32be } from '../keys.ts'
import type { BatchOp, Store } from '../store.ts'
import { del, put, readRow } from './rows.ts'

export interface GroupRow {
  number: number
  protocol: string
  membersRevision: bigint
  capabilitiesRevision: bigint
  /** membersRevision of our first reading: whoever went before is not known here. */
  watchedFrom: bigint
  /** membersRevision of the newest reading after which somebody who holds keys may have gone; 0 for none. */
  departedRevision: bigint
  /** When that was read, ms since the Unix epoch; for display. */
  departedAtMs: bigint
  /** Height of the anchor at which this view was read, its block where there is one, and when; it may have been read later too. */
  viewHeight: bigint
  viewBlock: string
  viewAtMs: bigint
  /** The contract that the group moved to; empty while it is in the one that the anchor is of. */
  contract: string
  /** Where it moves next, an address as it stands in a domain, and the second at which it does; empty and 0 while it stays. */
  successor: Uint8Array
  movesAt: bigint
}

export interface MemberRow {
  /** 0 writer, 1 reader, 2 relay */
  role: number
  capabilities: number
  nonce: bigint
  joinedRevision: bigint
  /** membersRevision at which we saw it gone; 0 while it is a member. */
  removedRevision: bigint
}

export interface EpochRow {
  epoch: number
  /** The membersRevision its maker had seen; 0 while nobody who may make keys has vouched for it. */
  madeAt: bigint
  /** The membersRevision up to which nobody who has gone holds it. */
  coversTo: bigint
  /** Who gave it first; zeros: it was made here. */
  giver: Uint8Array
  /** The 32-byte key, sealed with the node's key at rest. */
  sealed: Uint8Array
}

export interface IdentityRow {
  /** The 32-byte seed, sealed with the node's key at rest. */
  sealed: Uint8Array
  /** Group it is bound to; empty while it is none. */
  group: Uint8Array
}

const groupRow: Codec<GroupRow> = codec(
  'a group row',
  P.struct({
    number: P.U32LE,
    protocol: P.string(P.U32LE),
    membersRevision: P.U64LE,
    capabilitiesRevision: P.U64LE,
    watchedFrom: P.U64LE,
    departedRevision: P.U64LE,
    departedAtMs: P.U64LE,
    viewHeight: P.U64LE,
    viewBlock: P.string(P.U32LE),
    viewAtMs: P.U64LE,
    contract: P.string(P.U32LE),
    successor: bytes,
    movesAt: P.U64LE,
  }),
  512,
)

const memberRow: Codec<MemberRow> = codec(
  'a member row',
  P.struct({
    role: P.U8,
    capabilities: P.U8,
    nonce: P.U64LE,
    joinedRevision: P.U64LE,
    removedRevision: P.U64LE,
  }),
  64,
)

const epochRow: Codec<EpochRow> = codec(
  'a key epoch row',
  P.struct({ epoch: P.U32LE, madeAt: P.U64LE, coversTo: P.U64LE, giver: bytes32, sealed: bytes }),
  256,
)
const identityRow: Codec<IdentityRow> = codec(
  'an identity row',
  P.struct({ sealed: bytes, group: bytes }),
  256,
)
/** A peer id and multiaddrs, for {@link GroupRows.addresses}. */
export interface AddressRow {
  peer: string
  addresses: string[]
}
const addressRow: Codec<AddressRow> = codec(
  'an address row',
  P.struct({ peer: P.string(P.U32LE), addresses: P.array(P.U32LE, P.string(P.U32LE)) }),
  16_384,
)

const GROUP_KIND = Uint8Array.of(1)

export interface GroupRows {
  list(): Promise<{ id: GroupId; row: GroupRow }[]>
  put(id: GroupId, row: GroupRow): BatchOp
  members(group: number): Promise<{ identity: PublicKey; row: MemberRow }[]>
  putMember(group: number, identity: PublicKey, row: MemberRow): BatchOp
  epochs(group: number): Promise<EpochRow[]>
  /** `keyHash` tells keys of one epoch apart when two members made one each. */
  putEpoch(group: number, keyHash: Uint8Array, row: EpochRow): BatchOp
  identities(): Promise<{ identity: PublicKey; row: IdentityRow }[]>
  putIdentity(identity: PublicKey, row: IdentityRow): BatchOp
  addresses(): Promise<{ context: ContextId; identity: PublicKey; row: AddressRow }[]>
  putAddress(context: ContextId, identity: PublicKey, row: AddressRow): BatchOp
  delAddress(context: ContextId, identity: PublicKey): BatchOp
}

export function groupRows(store: Store): GroupRows {
  async function rows<T>(
    column: number,
    skip: number,
    rowCodec: Codec<T>,
    ...prefix: Uint8Array[]
  ): Promise<{ id: Uint8Array; row: T }[]> {
    const out = []
    for await (const [key, value] of store.iterate(columnRange(column, ...prefix))) {
      out.push({ id: key.slice(skip), row: readRow(rowCodec, key, value) })
    }
    return out
  }
  const named = <T>(list: { id: Uint8Array; row: T }[]): { identity: PublicKey; row: T }[] =>
    list.map(({ id, row }) => ({ identity: PublicKey.from(id), row }))
  return {
    async list() {
      const list = await rows(COLUMN.number, 2, groupRow, GROUP_KIND)
      return list.map(({ id, row }) => ({ id: GroupId.from(id), row }))
    },
    put: (id, row) => put(groupRow, rowKey(COLUMN.number, GROUP_KIND, id), row),
    members: async (group) => named(await rows(COLUMN.member, 5, memberRow, u32be(group))),
    putMember: (group, identity, row) =>
      put(memberRow, rowKey(COLUMN.member, u32be(group), identity), row),
    async epochs(group) {
      return (await rows(COLUMN.epoch, 5, epochRow, u32be(group))).map(({ row }) => row)
    },
    putEpoch: (group, keyHash, row) =>
      put(epochRow, rowKey(COLUMN.epoch, concat(u32be(group), u32be(row.epoch)), keyHash), row),
    identities: async () => named(await rows(COLUMN.identity, 1, identityRow)),
    putIdentity: (identity, row) => put(identityRow, rowKey(COLUMN.identity, identity), row),
    async addresses() {
      const list = await rows(COLUMN.address, 1, addressRow)
      return list.map(({ id, row }) => ({
        context: ContextId.from(id.slice(0, 32)),
        identity: PublicKey.from(id.slice(32)),
        row,
      }))
    },
    putAddress: (context, identity, row) =>
      put(addressRow, rowKey(COLUMN.address, context, identity), row),
    delAddress: (context, identity) => del(rowKey(COLUMN.address, context, identity)),
  }
}
