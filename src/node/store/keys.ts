/**
 * Layout of the database: one byte of column, then fixed-width parts, no separators. `ctx` and `group` are u32
 * big-endian local numbers, sequences u64 big-endian, so that rows sort by them.
 */
import { concat, utf8 } from '../primitives/bytes.ts'
import type { Range } from './store.ts'

/** Version of this layout. A database with a greater one is refused. */
export const SCHEMA_VERSION = 2

export const COLUMN = {
  /** name -> value */
  global: 0x00,
  /** kind u8, id 32 -> number and more */
  number: 0x01,
  /** ctx -> meta */
  meta: 0x02,
  /** ctx -> heads */
  heads: 0x03,
  /** group, identity 32 -> member */
  member: 0x04,
  /** group, epoch u32, SHA-256 of the key 32 -> group key, sealed at rest */
  epoch: 0x05,
  /** ctx, state key 32 -> guest state */
  state: 0x06,
  /** ctx, delta 32 -> delta header and status */
  header: 0x08,
  /** ctx, delta 32 -> envelope as received or made, sealed */
  body: 0x09,
  /** ctx, position -> delta, in order of application */
  order: 0x0a,
  /** ctx, delta 32 -> status of one not applied */
  waiting: 0x0c,
  /** ctx, delta 32, event u16 -> handler ledger */
  ledger: 0x0e,
  /** ctx, identity 32 -> acknowledged heads */
  frontier: 0x0f,
  /** blob 32 -> blob meta */
  blob: 0x10,
  /** ctx, blob 32 -> nothing: who may fetch it */
  blobLink: 0x11,
  /** application 32 -> record */
  application: 0x12,
  /** kind u8, scope 32, name -> target */
  alias: 0x13,
  /** identity 32 -> private seed, sealed at rest, and the group it is bound to */
  identity: 0x14,
  /** kind u8, context 32, part 32 -> work that was begun and must be finished */
  intent: 0x16,
  /** ctx, event seq -> mutation */
  event: 0x17,
  /** ctx, key 32 -> node-local private guest state */
  privateState: 0x18,
  /** ctx, ordered index of guests */
  indexState: 0x19,
  /** context 32, identity 32 -> where a member was last seen */
  address: 0x1a,
  /** ctx, author 32 -> how far its deltas are applied */
  author: 0x1b,
  /** ctx, author 32, its number, position -> delta, applied ones */
  numbered: 0x1c,
} as const

/** u32 big-endian. */
export function u32be(value: number): Uint8Array {
  const out = new Uint8Array(4)
  new DataView(out.buffer).setUint32(0, value)
  return out
}

/** u64 big-endian. */
export function u64be(value: bigint): Uint8Array {
  const out = new Uint8Array(8)
  new DataView(out.buffer).setBigUint64(0, value)
  return out
}

/** A key: column byte and parts. */
export function rowKey(column: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return concat(Uint8Array.of(column), ...parts)
}

/** A global's key. */
export function globalKey(name: string): Uint8Array {
  return rowKey(COLUMN.global, utf8(name))
}

/** All rows that begin with a prefix. The prefix must not be all 0xff. */
export function prefixRange(prefix: Uint8Array): Range {
  const lt = prefix.slice()
  for (let i = lt.length - 1; i >= 0; i--) {
    const byte = lt[i] as number // i is within lt
    if (byte !== 0xff) {
      lt[i] = byte + 1
      return { gte: prefix, lt: lt.subarray(0, i + 1) }
    }
  }
  return { gte: prefix, lt: prefix }
}

/** All rows of a column, narrowed by leading parts. */
export function columnRange(column: number, ...parts: readonly Uint8Array[]): Range {
  return prefixRange(rowKey(column, ...parts))
}
