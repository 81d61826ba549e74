/** The port of the blob room: content-addressed bytes in files, chunked as the Calimero API has them (docs/api.md). */
import type { BlobId } from '../primitives/ids.ts'
import type { Startable } from '../primitives/startable.ts'

/** What is known of a stored blob. */
export interface BlobInfo {
  /** SHA-256 of the concatenated chunk ids. */
  readonly id: BlobId
  readonly size: number
  /** SHA-256 of all bytes. */
  readonly hash: Uint8Array
}

export interface BlobStore extends Startable {
  /** Streams bytes to disk. @throws BLOB_TOO_LARGE (limit), BLOB_HASH_MISMATCH (input) when `hash` is given and differs */
  put(
    source: AsyncIterable<Uint8Array> | Uint8Array,
    options?: { hash?: Uint8Array; signal?: AbortSignal },
  ): Promise<BlobInfo>
  info(id: BlobId): Promise<BlobInfo | undefined>
  has(id: BlobId): Promise<boolean>
  /** Whether it is here with all its bytes; reads them all. What is not is mended by putting the bytes again. */
  isWhole(id: BlobId): Promise<boolean>
  /** The bytes from `offset` on, in chunks. @throws BLOB_NOT_FOUND (missing), BLOB_CORRUPT (corrupt) */
  read(
    id: BlobId,
    options?: { offset?: number; length?: number; signal?: AbortSignal },
  ): AsyncIterable<Uint8Array>
  /** All bytes at once, for blobs known to be small. */
  bytes(id: BlobId): Promise<Uint8Array>
  list(): Promise<readonly BlobInfo[]>
  /** False when it was not here. Chunks shared with other blobs stay. */
  delete(id: BlobId): Promise<boolean>
}

/** Finds a blob among the members of a context (implemented by the sync room). */
export interface BlobFinder {
  /** Downloads from connected members into the store, unless it is there and whole. Undefined when nobody has it. */
  fetch(
    context: Uint8Array,
    blob: BlobId,
    options?: { signal?: AbortSignal },
  ): Promise<BlobInfo | undefined>
}
