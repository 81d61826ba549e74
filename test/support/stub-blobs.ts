/** A blob store in memory with the ids of the real one. */
import type { BlobInfo, BlobStore } from '../../src/node/blobs/blobs.ts'
import { MerogateError } from '../../src/node/errors.ts'
import { concat } from '../../src/node/primitives/bytes.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'
import { BlobId, idKey } from '../../src/node/primitives/ids.ts'

const CHUNK = 1 << 20

/** The id bytes have as a blob. */
export function blobIdOf(bytes: Uint8Array): BlobId {
  const ids: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += CHUNK) ids.push(sha256(bytes.subarray(at, at + CHUNK)))
  return BlobId.from(sha256(...ids))
}

export class StubBlobs implements BlobStore {
  readonly #blobs = new Map<string, Uint8Array>()

  start(): Promise<void> {
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }

  async put(source: AsyncIterable<Uint8Array> | Uint8Array): Promise<BlobInfo> {
    const parts: Uint8Array[] = []
    if (source instanceof Uint8Array) parts.push(source)
    else for await (const part of source) parts.push(part)
    const bytes = concat(...parts)
    const id = blobIdOf(bytes)
    this.#blobs.set(idKey(id), bytes)
    return { id, size: bytes.length, hash: sha256(bytes) }
  }

  /** Claims to have a blob while holding other bytes. */
  lie(id: BlobId, bytes: Uint8Array): void {
    this.#blobs.set(idKey(id), bytes)
  }

  info(id: BlobId): Promise<BlobInfo | undefined> {
    const bytes = this.#blobs.get(idKey(id))
    return Promise.resolve(bytes && { id, size: bytes.length, hash: sha256(bytes) })
  }

  has(id: BlobId): Promise<boolean> {
    return Promise.resolve(this.#blobs.has(idKey(id)))
  }

  isWhole(id: BlobId): Promise<boolean> {
    const bytes = this.#blobs.get(idKey(id))
    return Promise.resolve(bytes !== undefined && idKey(blobIdOf(bytes)) === idKey(id))
  }

  async *read(
    id: BlobId,
    options: { offset?: number; length?: number } = {},
  ): AsyncGenerator<Uint8Array> {
    const { offset = 0 } = options
    const bytes = (await this.bytes(id)).subarray(offset, offset + (options.length ?? Infinity))
    for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK)
  }

  bytes(id: BlobId): Promise<Uint8Array> {
    const bytes = this.#blobs.get(idKey(id))
    if (bytes === undefined) throw new MerogateError('BLOB_NOT_FOUND', 'missing', 'no such blob')
    return Promise.resolve(bytes)
  }

  list(): Promise<readonly BlobInfo[]> {
    return Promise.resolve([])
  }

  delete(id: BlobId): Promise<boolean> {
    return Promise.resolve(this.#blobs.delete(idKey(id)))
  }
}
