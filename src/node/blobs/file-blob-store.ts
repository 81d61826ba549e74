/**
 * {@link BlobStore} in a folder of files, with one row per blob in the node's database. Equal chunks are stored once, however many blobs
 * have them. Rows are written last and removed first, so after a crash there is never a row without its chunks.
 */
import { createHash } from 'node:crypto'
import { isMerogateError, throwIfAborted } from '../errors.ts'
import { type Metrics, noMetrics } from '../metrics.ts'
import { equalBytes, toBase58 } from '../primitives/bytes.ts'
import type { Clock } from '../primitives/clock.ts'
import { sha256 } from '../primitives/hash.ts'
import { BlobId } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import { COLUMN, columnRange, rowKey } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { BlobInfo, BlobStore } from './blobs.ts'
import { ChunkFiles } from './chunk-files.ts'
import { blobIdOf, chunksOf } from './chunks.ts'
import { blobError } from './errors.ts'
import { KeyedLock } from './keyed-lock.ts'
import { CHUNK_BYTES, MAX_BLOB_BYTES, MAX_BLOB_CHUNKS } from './limits.ts'
import { type BlobMeta, decodeMeta, encodeMeta } from './meta.ts'
import { blobMetrics, type BlobMetrics } from './metrics.ts'

/** What the blob room uses of the database. */
export type BlobRows = Pick<Store, 'get' | 'batch' | 'iterate'>

export interface FileBlobStoreInit {
  /** Folder of the chunk files. Created when missing; nothing else should be kept in it. */
  readonly folder: string
  /** Bytes of one blob, at most 64 GiB. @default MAX_BLOB_BYTES */
  readonly maxBytes?: number
}

export interface FileBlobStoreComponents {
  readonly store: BlobRows
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics?: Metrics
}

/** A blob store over files. @throws RangeError when `maxBytes` is out of range */
export function fileBlobStore(
  init: FileBlobStoreInit,
): (components: FileBlobStoreComponents) => BlobStore {
  return (components) => new FileBlobStore(init, components)
}

class FileBlobStore implements BlobStore {
  readonly #files: ChunkFiles
  readonly #maxBytes: number
  readonly #rows: BlobRows
  readonly #clock: Clock
  readonly #log: Logger
  readonly #metrics: BlobMetrics
  readonly #lock = new KeyedLock()
  readonly #running = new Set<Promise<unknown>>()
  /** Defined while started; aborted by stop. */
  #life: AbortController | undefined
  #storedBytes = 0

  constructor(init: FileBlobStoreInit, components: FileBlobStoreComponents) {
    this.#maxBytes = init.maxBytes ?? MAX_BLOB_BYTES
    if (!(this.#maxBytes >= 0 && this.#maxBytes <= MAX_BLOB_CHUNKS * CHUNK_BYTES)) {
      throw new RangeError(`expected maxBytes up to 64 GiB, got ${this.#maxBytes}`)
    }
    this.#files = new ChunkFiles(init.folder)
    this.#rows = components.store
    this.#clock = components.clock
    this.#log = components.logger
    this.#metrics = blobMetrics(components.metrics ?? noMetrics)
  }

  async start(): Promise<void> {
    if (this.#life !== undefined) return
    const links: Uint8Array[] = []
    let damaged = 0
    this.#storedBytes = 0
    for await (const { id, meta } of this.#metas()) {
      if (meta === undefined) {
        damaged++
        this.#log.error({ blob: toBase58(id) }, 'blob row damaged')
        continue
      }
      for (const link of meta.links) links.push(link)
      this.#storedBytes += meta.size
    }
    const removed = await this.#files.open(links, damaged === 0)
    if (removed.length > 0) this.#log.info({ chunks: removed.length }, 'leftover chunks removed')
    this.#metrics.stored.set(this.#storedBytes)
    this.#life = new AbortController()
  }

  async stop(): Promise<void> {
    this.#life?.abort()
    this.#life = undefined
    await Promise.allSettled(this.#running)
    await this.#files.close()
  }

  put(
    source: AsyncIterable<Uint8Array> | Uint8Array,
    options: { hash?: Uint8Array; signal?: AbortSignal } = {},
  ): Promise<BlobInfo> {
    return this.#track(async (life) => {
      const signal = options.signal === undefined ? life : AbortSignal.any([life, options.signal])
      const startedMs = this.#clock.monotonicMs()
      const links: Uint8Array[] = []
      const stored = await this.#store(source, links, options.hash, signal).catch(
        async (error: unknown) => {
          await this.#files.release(links)
          throw error
        },
      )
      // pins of a blob that was here already are one too many
      if (stored.known) await this.#files.release(links)
      const { id, size, hash } = stored
      this.#metrics.put.inc({}, size)
      this.#metrics.putSeconds.observe((this.#clock.monotonicMs() - startedMs) / 1000)
      this.#log.debug({ blob: toBase58(id), size }, 'blob stored')
      return { id, size, hash }
    })
  }

  async info(id: BlobId): Promise<BlobInfo | undefined> {
    const meta = await this.#meta(id)
    return meta === undefined ? undefined : { id, size: meta.size, hash: meta.hash }
  }

  async has(id: BlobId): Promise<boolean> {
    return (await this.#rows.get(rowKey(COLUMN.blob, id))) !== undefined
  }

  async isWhole(id: BlobId): Promise<boolean> {
    try {
      for await (const _piece of this.read(id)); // read verifies each chunk
      return true
    } catch (error) {
      if (isMerogateError(error, 'BLOB_CORRUPT') || isMerogateError(error, 'BLOB_NOT_FOUND')) {
        return false
      }
      throw error
    }
  }

  async *read(
    id: BlobId,
    options: { offset?: number; length?: number; signal?: AbortSignal } = {},
  ): AsyncIterable<Uint8Array> {
    const { offset = 0, length = Infinity, signal } = options
    if (!(Number.isSafeInteger(offset) && offset >= 0 && length >= 0)) {
      throw new RangeError(`expected offset and length from 0 up, got ${offset} and ${length}`)
    }
    // The chunks are pinned while it is certain that they are there: a read that has begun survives a delete.
    const meta = await this.#lock.run(toBase58(id), async () => {
      const found = await this.#meta(id)
      if (found !== undefined) this.#files.pin(found.links)
      return found
    })
    if (meta === undefined) throw notFound(id)
    const end = Math.min(meta.size, offset + length)
    try {
      for (let at = offset; at < end;) {
        throwIfAborted(signal)
        const index = Math.floor(at / CHUNK_BYTES)
        const chunk = await this.#chunk(id, meta, index)
        const first = index * CHUNK_BYTES
        const piece = chunk.subarray(at - first, end - first)
        yield piece
        at += piece.length
      }
    } finally {
      await this.#files.release(meta.links)
    }
  }

  async bytes(id: BlobId): Promise<Uint8Array> {
    const meta = await this.#meta(id)
    if (meta === undefined) throw notFound(id)
    const out = new Uint8Array(meta.size)
    let at = 0
    for await (const piece of this.read(id)) {
      out.set(piece, at)
      at += piece.length
    }
    return out
  }

  async list(): Promise<readonly BlobInfo[]> {
    const infos: BlobInfo[] = []
    for await (const { id, meta } of this.#metas()) {
      if (meta !== undefined) infos.push({ id, size: meta.size, hash: meta.hash })
    }
    return infos
  }

  delete(id: BlobId): Promise<boolean> {
    return this.#track(async () => {
      const key = rowKey(COLUMN.blob, id)
      const links = await this.#lock.run(toBase58(id), async () => {
        const row = await this.#rows.get(key)
        if (row === undefined) return undefined
        await this.#rows.batch([{ type: 'del', key }], { sync: true })
        const meta = this.#decode(id, row)
        if (meta === undefined) return [] // which chunks it had is unknown: the next start removes them
        this.#count(-meta.size)
        return meta.links
      })
      if (links !== undefined) await this.#files.release(links)
      return links !== undefined
    })
  }

  /** Stores chunks, then the row. Ids of chunks go to `links` as they are pinned. */
  async #store(
    source: AsyncIterable<Uint8Array> | Uint8Array,
    links: Uint8Array[],
    expected: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<BlobInfo & { readonly known: boolean }> {
    const hasher = createHash('sha256')
    let size = 0
    for await (const chunk of chunksOf(source, signal)) {
      size += chunk.length
      if (size > this.#maxBytes) {
        throw blobError(
          'BLOB_TOO_LARGE',
          `expected a blob of at most ${this.#maxBytes} bytes, got more`,
          { max: this.#maxBytes },
        )
      }
      hasher.update(chunk)
      const link = sha256(chunk)
      this.#files.pin([link])
      links.push(link)
      await this.#files.write(link, chunk)
    }
    const hash = new Uint8Array(hasher.digest())
    if (expected !== undefined && !equalBytes(expected, hash)) {
      throw blobError(
        'BLOB_HASH_MISMATCH',
        `expected bytes with SHA-256 ${toBase58(expected)}, got ${toBase58(hash)}`,
        { expected: toBase58(expected), got: toBase58(hash) },
      )
    }
    await this.#files.sync()
    const id = blobIdOf(links)
    const known = await this.#commit(id, { size, hash, links })
    return { id, size, hash, known }
  }

  /** Writes the row of a blob whose chunks are stored. True when it was there already. */
  #commit(id: BlobId, meta: BlobMeta): Promise<boolean> {
    const key = rowKey(COLUMN.blob, id)
    return this.#lock.run(toBase58(id), async () => {
      const row = await this.#rows.get(key)
      if (row !== undefined && this.#decode(id, row) !== undefined) return true
      await this.#rows.batch([{ type: 'put', key, value: encodeMeta(meta) }], { sync: true })
      this.#count(meta.size)
      return false
    })
  }

  async #chunk(id: BlobId, meta: BlobMeta, index: number): Promise<Uint8Array> {
    const link = meta.links[index] as Uint8Array // decodeMeta: as many links as chunks of the size
    const expected = Math.min(CHUNK_BYTES, meta.size - index * CHUNK_BYTES)
    try {
      const chunk = await this.#files.read(link)
      if (chunk.length === expected) return chunk
      throw blobError(
        'BLOB_CORRUPT',
        `expected chunk ${index} of ${expected} bytes, got ${chunk.length}`,
        { blob: toBase58(id) },
      )
    } catch (error) {
      this.#metrics.corrupt.inc()
      this.#log.error({ blob: toBase58(id), index }, 'chunk damaged')
      throw error
    }
  }

  async #meta(id: BlobId): Promise<BlobMeta | undefined> {
    const row = await this.#rows.get(rowKey(COLUMN.blob, id))
    return row === undefined ? undefined : decodeMeta(id, row)
  }

  async *#metas(): AsyncIterable<{ id: BlobId; meta: BlobMeta | undefined }> {
    for await (const [key, row] of this.#rows.iterate(columnRange(COLUMN.blob))) {
      if (key.length !== 33) continue
      const id = BlobId.from(key.slice(1))
      yield { id, meta: this.#decode(id, row) }
    }
  }

  /** The row, or undefined when it is damaged. */
  #decode(id: BlobId, row: Uint8Array): BlobMeta | undefined {
    try {
      return decodeMeta(id, row)
    } catch {
      return undefined // whoever needs this very blob is told by info() and read()
    }
  }

  #count(bytes: number): void {
    this.#storedBytes += bytes
    this.#metrics.stored.set(this.#storedBytes)
  }

  /** Runs work that stop() waits for. */
  async #track<T>(work: (life: AbortSignal) => Promise<T>): Promise<T> {
    const life = this.#life?.signal
    if (life === undefined) {
      throw blobError('BLOB_STORE_STOPPED', 'expected a started blob store, got a stopped one')
    }
    const running = work(life)
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }
}

function notFound(id: BlobId): Error {
  return blobError('BLOB_NOT_FOUND', `blob ${toBase58(id)} is not here`, { blob: toBase58(id) })
}
