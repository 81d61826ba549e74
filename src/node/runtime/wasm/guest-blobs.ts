/** Blobs of the node as a worker reads them: the meta row from the database, the bytes from the chunk files. Everything is checked again. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHUNK_BYTES } from '../../blobs/limits.ts'
import { decodeMeta } from '../../blobs/meta.ts'
import { concat, equalBytes, toBase58 } from '../../primitives/bytes.ts'
import { sha256 } from '../../primitives/hash.ts'
import { BlobId } from '../../primitives/ids.ts'
import type { GuestBlobs } from './blob-handles.ts'

/** {@link GuestBlobs} over a blob store's folder. `row` gives the meta row of a blob. */
export function fileGuestBlobs(
  folder: string,
  row: (blob: Uint8Array) => Uint8Array | undefined,
): GuestBlobs {
  // guests read in small pieces: the last chunk is kept
  let last: { readonly id: Uint8Array; readonly bytes: Uint8Array } | undefined
  const chunk = (id: Uint8Array): Uint8Array | undefined => {
    if (last !== undefined && equalBytes(last.id, id)) return last.bytes
    try {
      const bytes = readFileSync(join(folder, toBase58(id)))
      if (!equalBytes(sha256(bytes), id)) return undefined
      last = { id, bytes }
      return bytes
    } catch {
      return undefined // removed meanwhile: absent, as far as a guest can tell
    }
  }
  const meta = (blob: Uint8Array): ReturnType<typeof decodeMeta> | undefined => {
    const bytes = row(blob)
    return bytes === undefined ? undefined : decodeMeta(BlobId.from(blob), bytes)
  }
  return {
    has: (blob) => row(blob) !== undefined,
    read(blob, offset, length) {
      const found = meta(blob)
      if (found === undefined) return undefined
      const end = Math.min(found.size, offset + length)
      const parts: Uint8Array[] = []
      for (let at = offset; at < end;) {
        const index = Math.floor(at / CHUNK_BYTES)
        const id = found.links[index]
        const bytes = id && chunk(id)
        if (bytes === undefined) return undefined
        const from = at - index * CHUNK_BYTES
        const part = bytes.subarray(from, Math.min(bytes.length, from + end - at))
        if (part.length === 0) return undefined
        parts.push(part)
        at += part.length
      }
      return concat(...parts)
    },
  }
}
