/** Blobs as the node's users see them: stored here, fetched from members when they are not, kept while something needs them. */
import type { NodeApplications } from './applications/applications.ts'
import type { BlobInfo, BlobStore } from './blobs/blobs.ts'
import type { ContextReplicas } from './context/replica-source.ts'
import { MerogateError } from './errors.ts'
import type { Blobs } from './interface.ts'
import { EMPTY } from './primitives/bytes.ts'
import { type BlobId, type ContextId, idText } from './primitives/ids.ts'
import { COLUMN, rowKey, u32be } from './store/keys.ts'
import type { Store } from './store/store.ts'
import type { SyncService } from './sync/sync-service.ts'

export interface NodeBlobsComponents {
  readonly blobStore: BlobStore
  readonly replicas: Pick<ContextReplicas, 'replica'>
  readonly sync: Pick<SyncService, 'blobFinder'>
  readonly store: Store
  readonly applications: Pick<NodeApplications, 'usesBlob'>
}

/** The blobs of a node as its users see them. */
export function nodeBlobs(components: NodeBlobsComponents): Blobs {
  const { blobStore, replicas, sync, store, applications: installed } = components
  const link = async (context: ContextId, blob: BlobId): Promise<void> => {
    const number = replicas.replica(context)?.state.ref.number
    if (number === undefined) {
      throw new MerogateError('CONTEXT_NOT_FOUND', 'missing', `no context ${idText(context)} here`)
    }
    await store.batch([
      { type: 'put', key: rowKey(COLUMN.blobLink, u32be(number), blob), value: EMPTY },
    ])
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
      if (context !== undefined && !(await blobStore.has(id))) {
        await link(context, id)
        await sync.blobFinder.fetch(context, id, signal === undefined ? {} : { signal })
      }
      if ((await blobStore.info(id)) === undefined) {
        throw new MerogateError(
          'BLOB_NOT_FOUND',
          'missing',
          `no blob ${idText(id)} here or at members`,
        )
      }
      return blobStore.read(id, options)
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
