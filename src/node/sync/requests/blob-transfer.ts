/** Downloads blobs from members: whoever has it first, resumed at another when one breaks off, verified before it is stored. */
import type { BlobFinder, BlobInfo, BlobStore } from '../../blobs/blobs.ts'
import { isMerogateError, throwIfAborted, untilAborted } from '../../errors.ts'
import type { PeerId } from '../../network/network.ts'
import { equalBytes } from '../../primitives/bytes.ts'
import { sha256 } from '../../primitives/hash.ts'
import { type BlobId, ContextId, idKey } from '../../primitives/ids.ts'
import type { Logger } from '../../primitives/logger.ts'
import { syncError } from '../errors.ts'
import { MAX_BLOB_DOWNLOADS, MAX_BLOB_SOURCES, MAX_FETCHED_BLOB_BYTES } from '../limits.ts'
import type { SyncMetrics } from '../metrics.ts'
import type { PushPlane } from '../push/push.ts'
import type { ReplicaSource } from '../replica.ts'
import type { Requests } from './requests.ts'

/** Bytes of a chunk of a blob; its id is their SHA-256, the blob's id the SHA-256 of all chunk ids. */
const CHUNK_BYTES: number = 1 << 20

export interface BlobTransferComponents {
  readonly replica: ReplicaSource
  readonly blobs: BlobStore
  readonly push: PushPlane
  readonly requests: Requests
  readonly logger: Logger
  readonly metrics: SyncMetrics
}

interface Source {
  readonly peer: PeerId
  readonly size: number
}

/** A finder that asks the members of the context who are online. */
export function blobTransfer(components: BlobTransferComponents): BlobFinder {
  return new BlobTransfer(components)
}

class BlobTransfer implements BlobFinder {
  readonly #c: BlobTransferComponents
  readonly #waiting: (() => void)[] = []
  /** Downloads under way, by blob. */
  readonly #fetching = new Map<string, Promise<unknown>>()
  #running = 0

  constructor(components: BlobTransferComponents) {
    this.#c = components
  }

  async fetch(
    context: Uint8Array,
    blob: BlobId,
    options: { signal?: AbortSignal } = {},
  ): Promise<BlobInfo | undefined> {
    const id = ContextId.from(context)
    const { signal } = options
    if (!this.#c.replica.blobAllowed(id, blob)) return undefined
    const key = idKey(blob)
    // one download of a blob at a time; what another context's members did not have, this one's may
    for (let other; (other = this.#fetching.get(key)) !== undefined;) {
      await untilAborted(settled(other), signal)
    }
    throwIfAborted(signal)
    const fetching = this.#inTurn(async () => {
      throwIfAborted(signal)
      if (await this.#c.blobs.isWhole(blob)) return this.#c.blobs.info(blob)
      return this.#download(id, blob, signal)
    }).finally(() => this.#fetching.delete(key))
    this.#fetching.set(key, fetching)
    return fetching
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    while (this.#running >= MAX_BLOB_DOWNLOADS) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#running++
    try {
      return await work()
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }

  async #download(
    context: ContextId,
    blob: BlobId,
    signal: AbortSignal | undefined,
  ): Promise<BlobInfo | undefined> {
    const sources = await this.#sources(context, blob, signal)
    if (sources.length === 0) return undefined
    let failure: unknown
    // All together first; should the bytes be wrong, one after the other, so that a liar cannot spoil what others send.
    for (const group of [
      sources,
      ...(sources.length > 1 ? sources.map((source) => [source]) : []),
    ]) {
      throwIfAborted(signal)
      try {
        const bytes = verified(blob, this.#bytes(context, blob, group, signal))
        return await this.#c.blobs.put(bytes, signal === undefined ? {} : { signal })
      } catch (error) {
        failure = error
        if (!isMerogateError(error) || error.kind === 'corrupt' || error.kind === 'aborted') break
        this.#c.logger.debug({ err: error }, 'blob download failed')
      }
    }
    throw failure
  }

  /** Members who have the blob, the fastest to answer first. */
  async #sources(
    context: ContextId,
    blob: BlobId,
    signal: AbortSignal | undefined,
  ): Promise<readonly Source[]> {
    const sources: Source[] = []
    const members = this.#c.push.members(context).slice(0, MAX_BLOB_SOURCES)
    await Promise.all(
      members.map(async ({ peer }) => {
        try {
          const size = await this.#c.requests.blobSize(peer, context, blob, { signal })
          if (size !== undefined && size <= MAX_FETCHED_BLOB_BYTES) sources.push({ peer, size })
        } catch (error) {
          this.#c.logger.debug({ err: error, peer }, 'peer could not be asked for a blob')
        }
      }),
    )
    return sources
  }

  async *#bytes(
    context: ContextId,
    blob: BlobId,
    sources: readonly Source[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    let offset = 0
    let failure: unknown
    for (const { peer, size } of sources) {
      try {
        for await (const bytes of this.#c.requests.blob(peer, context, blob, offset, { signal })) {
          offset += bytes.length
          if (offset > size) {
            throw syncError('SYNC_BLOB_TOO_LARGE', `expected ${size} bytes of blob, got more`, {
              size,
            })
          }
          this.#c.metrics.blobBytes.inc({}, bytes.length)
          yield bytes
        }
        return
      } catch (error) {
        throwIfAborted(signal)
        failure = error
        this.#c.logger.debug({ err: error, peer, offset }, 'blob download broke off')
      }
    }
    throw failure
  }
}

/** Passes the bytes on and fails at the end unless they make up the blob, so that the store never keeps anything else. */
async function* verified(
  blob: BlobId,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const chunkIds: Uint8Array[] = []
  let parts: Uint8Array[] = []
  let held = 0
  const endChunk = (): void => {
    chunkIds.push(sha256(...parts))
    parts = []
    held = 0
  }
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + CHUNK_BYTES - held)
      parts.push(part)
      held += part.length
      at += part.length
      if (held === CHUNK_BYTES) endChunk()
    }
    yield bytes
  }
  if (held > 0) endChunk()
  if (!equalBytes(sha256(...chunkIds), blob)) {
    throw syncError('SYNC_BLOB_MISMATCH', 'expected the bytes of the blob, got others')
  }
}

async function settled(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch {
    // whoever began it is told
  }
}
