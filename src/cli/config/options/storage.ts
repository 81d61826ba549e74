/** `[datastore]` and `[blobstore]`: where the node keeps what it must not lose. */
import { resolve } from 'node:path'
import { z } from 'zod'
import type { OptionGroup } from '../option-group.ts'

/** Folder of the database, within the node's. */
export const DEFAULT_DATASTORE_PATH = 'data'
/** Folder of the blobs, within the node's. */
export const DEFAULT_BLOBSTORE_PATH = 'blobs'

export interface FolderUser {
  path?: string | undefined
}

export interface FolderConfig {
  /** Absolute. */
  readonly path: string
}

function folder(table: string, path: string, text: string): OptionGroup<FolderUser, FolderConfig> {
  return {
    table,
    schema: z.strictObject({ path: z.string().min(1).max(4096).optional() }),
    options: [{ key: 'path', kind: 'text', text: `${text}, relative to the node's (${path})` }],
    resolve: (user, home) => ({ path: resolve(home, user.path ?? path) }),
  }
}

export const datastore: OptionGroup<FolderUser, FolderConfig> = folder(
  'datastore',
  DEFAULT_DATASTORE_PATH,
  'folder of the database',
)
export const blobstore: OptionGroup<FolderUser, FolderConfig> = folder(
  'blobstore',
  DEFAULT_BLOBSTORE_PATH,
  'folder of the blobs',
)
