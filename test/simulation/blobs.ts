/** The files of one machine's blobs, which outlive its processes: whole or not there, and damaged now and then. */
import type { BlobInfo, BlobStore } from '../../src/node/blobs/blobs.ts'
import { CHUNK_BYTES } from '../../src/node/blobs/limits.ts'
import { blobError } from '../../src/node/blobs/errors.ts'
import { concat, equalBytes } from '../../src/node/primitives/bytes.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'
import { type BlobId, idKey } from '../../src/node/primitives/ids.ts'
import { blobIdOf } from '../support/stub-blobs.ts'
import type { Life } from './life.ts'
import type { SimRandom } from './random.ts'

/** Longest time of storing a blob, ms: each of its files is synced. */
const PUT_MS = 20
/** Longest time of reading one, ms. */
const READ_MS = 2

interface Stored {
  readonly info: BlobInfo
  readonly bytes: Uint8Array
  isDamaged: boolean
}

export class SimBlobFiles {
  readonly #stored = new Map<string, Stored>()
  readonly #isFull: () => boolean

  constructor(isFull: () => boolean) {
    this.#isFull = isFull
  }

  /** Damages a file. False when there is none. */
  damage(random: SimRandom): boolean {
    const all = [...this.#stored.values()].filter(({ isDamaged }) => !isDamaged)
    if (all.length === 0) return false
    random.pick(all).isDamaged = true
    return true
  }

  /** The store of one life. */
  open(life: Life, random: SimRandom): BlobStore {
    const stored = this.#stored
    const known = (id: BlobId): Stored => {
      const found = stored.get(idKey(id))
      if (found === undefined) throw blobError('BLOB_NOT_FOUND', 'no such blob')
      if (found.isDamaged) throw blobError('BLOB_CORRUPT', 'a chunk is damaged')
      return found
    }
    const put: BlobStore['put'] = async (source, options = {}) => {
      const parts: Uint8Array[] = []
      if (source instanceof Uint8Array) parts.push(source)
      else for await (const part of source) parts.push(part)
      const bytes = concat(...parts)
      const hash = sha256(bytes)
      if (options.hash !== undefined && !equalBytes(options.hash, hash)) {
        throw blobError('BLOB_HASH_MISMATCH', 'other bytes than announced')
      }
      await life.pass(random.below(PUT_MS * 1000) / 1000)
      if (this.#isFull()) throw blobError('BLOB_DISK_FAILED', 'no space left')
      const info = { id: blobIdOf(bytes), size: bytes.length, hash }
      stored.set(idKey(info.id), { info, bytes, isDamaged: false })
      await life.pass(random.below(READ_MS * 1000) / 1000)
      return info
    }
    const bytesOf = async (id: BlobId): Promise<Uint8Array> => {
      await life.pass(random.below(READ_MS * 1000) / 1000)
      return known(id).bytes
    }
    return {
      start: async () => {},
      stop: async () => {},
      put,
      info: async (id) => stored.get(idKey(id))?.info,
      has: async (id) => stored.has(idKey(id)),
      async isWhole(id) {
        await life.pass(random.below(READ_MS * 1000) / 1000)
        return stored.get(idKey(id))?.isDamaged === false
      },
      async *read(id, options = {}) {
        const { offset = 0, length = Infinity } = options
        const bytes = (await bytesOf(id)).subarray(offset, offset + length)
        for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
          yield bytes.subarray(at, at + CHUNK_BYTES)
        }
      },
      bytes: bytesOf,
      list: async () => [...stored.values()].map(({ info }) => info),
      delete: async (id) => stored.delete(idKey(id)),
    }
  }
}
