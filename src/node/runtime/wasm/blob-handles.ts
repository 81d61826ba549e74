/** Blobs that a call reads and makes, over a small synchronous port. */
import { equalBytes } from '../../primitives/bytes.ts'
import { blobIdOfBytes } from '../../blobs/chunks.ts'
import { hostError, sizedHostError } from '../errors.ts'
import { MAX_BLOB_BYTES, MAX_BLOB_HANDLES } from '../limits.ts'

/** Stored blobs as a worker reads them. */
export interface GuestBlobs {
  /** Bytes of a blob from `offset` on, at most `length`; none at its end, undefined when it is not here. */
  read(blob: Uint8Array, offset: number, length: number): Uint8Array | undefined
  has(blob: Uint8Array): boolean
}

/** A blob that a call made: not stored yet. */
export interface MadeBlob {
  readonly id: Uint8Array
  readonly bytes: Uint8Array
}

type Handle =
  | { readonly kind: 'read'; readonly blob: Uint8Array; offset: number }
  | { readonly kind: 'write'; readonly parts: Uint8Array[] }

/** The handles of one call. Numbers start at 1 and are not used twice. */
export class BlobHandles {
  readonly #store: GuestBlobs | undefined
  readonly #open = new Map<bigint, Handle>()
  readonly made: MadeBlob[] = []
  #opened = 0n
  #written = 0

  constructor(store: GuestBlobs | undefined) {
    this.#store = store
  }

  open(blob: Uint8Array): bigint {
    return this.#add({ kind: 'read', blob, offset: 0 })
  }

  create(): bigint {
    return this.#add({ kind: 'write', parts: [] })
  }

  write(handle: bigint, bytes: Uint8Array): void {
    const open = this.#open.get(handle)
    if (open?.kind !== 'write') throw hostError('InvalidBlobHandle')
    this.#written += bytes.length
    if (this.#written > MAX_BLOB_BYTES) {
      const data = { current: this.#written, max: MAX_BLOB_BYTES }
      throw sizedHostError('TotalBlobMemoryExceeded', data)
    }
    open.parts.push(bytes)
  }

  read(handle: bigint, length: number): Uint8Array {
    const open = this.#open.get(handle)
    if (open?.kind !== 'read') throw hostError('InvalidBlobHandle')
    const made = this.made.find((one) => equalBytes(one.id, open.blob))
    const bytes =
      made?.bytes.subarray(open.offset, open.offset + length) ??
      this.#stored().read(open.blob, open.offset, length) ??
      new Uint8Array(0)
    open.offset += bytes.length
    return bytes
  }

  /** Ends a handle. @returns the blob's id */
  close(handle: bigint): Uint8Array {
    const open = this.#open.get(handle)
    if (open === undefined) throw hostError('InvalidBlobHandle')
    this.#open.delete(handle)
    if (open.kind === 'read') return open.blob
    const bytes = new Uint8Array(Buffer.concat(open.parts))
    const id = blobIdOfBytes(bytes)
    if (!this.made.some((one) => equalBytes(one.id, id))) this.made.push({ id, bytes })
    return id
  }

  has(blob: Uint8Array): boolean {
    return this.made.some((one) => equalBytes(one.id, blob)) || this.#stored().has(blob)
  }

  #stored(): GuestBlobs {
    if (this.#store === undefined) throw hostError('BlobsNotSupported')
    return this.#store
  }

  #add(handle: Handle): bigint {
    this.#stored()
    if (this.#open.size >= MAX_BLOB_HANDLES) {
      throw sizedHostError('TooManyBlobHandles', { max: MAX_BLOB_HANDLES })
    }
    this.#opened += 1n
    this.#open.set(this.#opened, handle)
    return this.#opened
  }
}
