/**
 * How far each author's deltas are applied in one copy of a context. Authors number their own deltas and build each on the one before, so
 * what a copy has of an author is a prefix, and a number says it all: the difference of two copies is computed, not negotiated.
 *
 * ```text
 * entry = { author 32, height u64, digest 16 }
 * hash  = SHA-256("cali/frontier/1\0" || every entry, ascending by author)
 * ```
 *
 * The digest combines by XOR the first 16 bytes of the ids of all applied deltas of the author. Equal heights with unequal digests say that
 * the author gave a number to two deltas, or left one out.
 */
import * as P from 'micro-packed'
import { concat } from '../primitives/bytes.ts'
import { domainTag, taggedHash } from '../primitives/hash.ts'
import { bytes32 } from './codec.ts'

/** Bytes of a digest. */
export const DIGEST_BYTES = 16
/** The digest of no delta. */
export const NO_DIGEST: Uint8Array = new Uint8Array(DIGEST_BYTES)

/** How far one author's deltas are applied. */
export interface AuthorHeight {
  author: Uint8Array
  /** Greatest number applied. */
  height: bigint
  digest: Uint8Array
}

/** Layout of an entry. */
export const authorHeight: P.CoderType<AuthorHeight> = P.struct({
  author: bytes32,
  height: P.U64LE,
  digest: P.bytes(DIGEST_BYTES),
})

const TAG = domainTag('cali/frontier/1')

/** The digest once a delta is applied, or, by the same sum, once it is taken out. */
export function digestWith(digest: Uint8Array, id: Uint8Array): Uint8Array {
  // an id is 32 bytes, a digest its first 16
  return digest.map((byte, i) => byte ^ (id[i] as number))
}

/** What stands for a whole frontier. `authors` must be ascending, each once. */
export function frontierHash(authors: readonly AuthorHeight[]): Uint8Array {
  return taggedHash(TAG, concat(...authors.map((entry) => authorHeight.encode(entry))))
}
