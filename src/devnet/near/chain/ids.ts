/** Ids of what transactions and receipts make. */
import { fromBase58, toBase58 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { u64 } from '../codec/borsh.ts'

/** The id of the `index`th thing that `origin` made in a block. */
export function derivedId(origin: string, height: number, index: number): string {
  return toBase58(sha256(fromBase58(origin), u64(BigInt(height)), u64(BigInt(index))))
}
