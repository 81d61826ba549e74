/** The row that makes a set of chunks a blob: its layout and its checks. */
import * as P from 'micro-packed'
import { bytes32, codec, type Codec, vec } from '../codec/codec.ts'
import { equalBytes, toBase58 } from '../primitives/bytes.ts'
import type { BlobId } from '../primitives/ids.ts'
import { blobIdOf } from './chunks.ts'
import { blobError } from './errors.ts'
import { CHUNK_BYTES, MAX_BLOB_CHUNKS } from './limits.ts'

/** What is stored of a blob beside its chunks. */
export interface BlobMeta {
  /** Bytes of the blob. */
  readonly size: number
  /** SHA-256 of all bytes. */
  readonly hash: Uint8Array
  /** Ids of its chunks in order; each 32 bytes. */
  readonly links: readonly Uint8Array[]
}

const VERSION = 1

interface Row {
  version: number
  size: bigint
  hash: Uint8Array
  links: Uint8Array[]
}

// version u8 = 1, size u64 LE, content hash 32, chunk ids Vec<[u8; 32]>
const layout: Codec<Row> = codec(
  'blob meta',
  P.struct({ version: P.U8, size: P.U64LE, hash: bytes32, links: vec(bytes32) }),
  1 + 8 + 32 + 4 + 32 * MAX_BLOB_CHUNKS,
)

/** Bytes of a meta row. */
export function encodeMeta(meta: BlobMeta): Uint8Array {
  return layout.encode({
    version: VERSION,
    size: BigInt(meta.size),
    hash: meta.hash,
    links: [...meta.links],
  })
}

/** A meta row, checked against the id it is stored under. @throws BLOB_CORRUPT (corrupt) */
export function decodeMeta(id: BlobId, row: Uint8Array): BlobMeta {
  const bad = (reason: string, cause?: unknown): Error =>
    blobError(
      'BLOB_CORRUPT',
      `the row of blob ${toBase58(id)} is damaged: ${reason}`,
      { blob: toBase58(id) },
      { cause },
    )
  let value: Row
  try {
    value = layout.decode(row)
  } catch (cause) {
    throw bad(`${row.length} bytes do not decode`, cause)
  }
  if (value.version !== VERSION) throw bad(`expected version ${VERSION}, got ${value.version}`)
  const size = Number(value.size)
  if (Math.ceil(size / CHUNK_BYTES) !== value.links.length) {
    throw bad(`expected chunks for ${size} bytes, got ${value.links.length}`)
  }
  if (!equalBytes(blobIdOf(value.links), id)) throw bad('its chunks belong to another blob')
  return { size, hash: value.hash, links: value.links }
}
