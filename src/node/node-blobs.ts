/** Blobs as the node's users see them: stored here, fetched from members when they are not, kept while something needs them. */
import type { NodeApplications } from './applications/applications.ts'
import type { BlobInfo, BlobStore } from './blobs/blobs.ts'
import type { ContextReplicas } from './context/replica-source.ts'
import { isMerogateError, MerogateError } from './errors.ts'
import type { Blobs } from './interface.ts'
import { type BlobId, type ContextId, idText } from './primitives/ids.ts'
import { contextRows } from './store/repositories/contexts.ts'
import type { Store } from './store/store.ts'
import type { SyncService } from './sync/sync-service.ts'

export interface NodeBlobsComponents {
  readonly blobStore: BlobStore
  readonly replicas: Pick<ContextReplicas, 'replica'>
  readonly sync: Pick<SyncService, 'blobFinder'>
  readonly store: Store
  readonly applications: Pick<NodeApplications, 'usesBlob'>
}

interface ReadOptions {
  readonly offset?: number
  readonly length?: number
  readonly signal?: AbortSignal
}

/** The blobs of a node as its users see them. */
export function nodeBlobs(components: NodeBlobsComponents): Blobs {
  const { blobStore, replicas, sync, store, applications: installed } = components
  const rows = contextRows(store)
  const link = async (context: ContextId, blob: BlobId): Promise<void> => {
    const number = replicas.replica(context)?.state.ref.number
    if (number === undefined) {
      throw new MerogateError('CONTEXT_NOT_FOUND', 'missing', `no context ${idText(context)} here`)
    }
    await store.batch([rows.link(number, blob)])
  }
  const fetch = async (
    context: ContextId,
    blob: BlobId,
    signal: AbortSignal | undefined,
  ): Promise<BlobInfo | undefined> => {
    await link(context, blob)
    return sync.blobFinder.fetch(context, blob, signal === undefined ? {} : { signal })
  }
  /** The bytes; where a chunk is damaged the members of the context are asked for the blob, once, and reading goes on behind what was read. */
  const mending = async function* (
    id: BlobId,
    context: ContextId,
    { offset = 0, length = Infinity, signal }: ReadOptions,
  ): AsyncIterable<Uint8Array> {
    let at = offset
    for (let isMended = false; ; isMended = true) {
      try {
        const rest = { offset: at, length: offset + length - at }
        const source = blobStore.read(id, signal === undefined ? rest : { ...rest, signal })
        for await (const piece of source) {
          yield piece
          at += piece.length
        }
        return
      } catch (error) {
        if (isMended || !isMerogateError(error, 'BLOB_CORRUPT')) throw error
        if ((await fetch(context, id, signal)) === undefined) throw error
      }
    }
  }
  return {
    async put(source, options = {}): Promise<BlobInfo> {
      const { context, ...rest } = options
      const info = await blobStore.put(source, rest)
      if (context !== undefined) await link(context, info.id)
      return info
    },
    info: (id) => blobStore.info(id),
    async read(id, options = {}) {
      const { context, signal } = options
      const isHere = await blobStore.has(id)
      if (!isHere && (context === undefined || (await fetch(context, id, signal)) === undefined)) {
        throw new MerogateError(
          'BLOB_NOT_FOUND',
          'missing',
          `no blob ${idText(id)} here or at members`,
        )
      }
      return context === undefined ? blobStore.read(id, options) : mending(id, context, options)
    },
    list: () => blobStore.list(),
    async delete(id) {
      if (await installed.usesBlob(id)) {
        throw new MerogateError(
          'BLOB_IN_USE',
          'conflict',
          'an installed application is kept in this blob',
        )
      }
      return blobStore.delete(id)
    },
  }
}
