/** Cutting bytes into chunks, and the ids that follow from it. */
import { MerogateError } from '../errors.ts'
import { concat } from '../primitives/bytes.ts'
import { sha256 } from '../primitives/hash.ts'
import { BlobId } from '../primitives/ids.ts'
import { CHUNK_BYTES } from './limits.ts'

/** The id of a blob: SHA-256 of its concatenated chunk ids, also when there is only one; of nothing for the empty blob. */
export function blobIdOf(chunkIds: readonly Uint8Array[]): BlobId {
  return BlobId.from(sha256(concat(...chunkIds)))
}

/** The id of a blob that is at hand as a whole. */
export function blobIdOfBytes(bytes: Uint8Array): BlobId {
  const ids: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    ids.push(sha256(bytes.subarray(at, at + CHUNK_BYTES)))
  }
  return blobIdOf(ids)
}

/**
 * The source cut into chunks of {@link CHUNK_BYTES}, the last one shorter; nothing for an empty source. Holds one chunk at a time.
 * A source that hangs is left when the signal fires. @throws ABORTED (aborted)
 */
export async function* chunksOf(
  source: AsyncIterable<Uint8Array> | Uint8Array,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  let chunk = new Uint8Array(CHUNK_BYTES)
  let length = 0
  for await (const piece of untilAborted(source, signal)) {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + CHUNK_BYTES - length)
      chunk.set(part, length)
      length += part.length
      at += part.length
      if (length < CHUNK_BYTES) continue
      yield chunk
      chunk = new Uint8Array(CHUNK_BYTES)
      length = 0
    }
  }
  if (length > 0) yield chunk.subarray(0, length)
}

async function* untilAborted(
  source: AsyncIterable<Uint8Array> | Uint8Array,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const iterator = source instanceof Uint8Array ? once(source) : source[Symbol.asyncIterator]()
  let stop = (): void => {}
  const aborted = new Promise<'aborted'>((resolve) => {
    stop = () => resolve('aborted')
  })
  signal.addEventListener('abort', stop)
  let finished = false
  try {
    for (;;) {
      const result = signal.aborted ? 'aborted' : await Promise.race([iterator.next(), aborted])
      if (result === 'aborted') {
        throw new MerogateError('ABORTED', 'aborted', 'storing the blob was aborted')
      }
      if (result.done === true) {
        finished = true
        return
      }
      yield result.value
    }
  } finally {
    signal.removeEventListener('abort', stop)
    // A source that hangs may never answer, so nobody waits for it to close.
    if (!finished) void iterator.return?.().catch(() => undefined)
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, undefined> {
  yield bytes
  return undefined
}
