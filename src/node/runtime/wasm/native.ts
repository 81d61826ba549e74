/**
 * Actions of another copy, done to the rows by the host itself: entries, index records, lists of children and hashes as the guest would write
 * them. What is done here was decided elsewhere.
 */
import { platform } from '#platform'
import { equalBytes } from '../../primitives/bytes.ts'
import { withoutSignature } from '../artifact/access.ts'
import {
  type Child,
  compareChildren,
  fullHash,
  type IndexRecord,
  type Layout,
  type Metadata,
  type Removal,
  type Upsert,
} from '../artifact/layout.ts'
import { entryKey, exhume, isKnown, load, rehash, type RowAccess, store } from './entities.ts'
import { settleRemoval } from './net-effect.ts'

const NO_HASH = new Uint8Array(32)

function blank(id: Uint8Array, parent: Uint8Array | undefined, metadata: Metadata): IndexRecord {
  return {
    id,
    parent,
    children: undefined,
    fullHash: NO_HASH,
    ownHash: NO_HASH,
    metadata,
    deletedAt: undefined,
    deletedChildren: [],
  }
}

/** Puts a record into its parent's list, once. */
function link(layout: Layout, rows: RowAccess, record: IndexRecord): void {
  const parent = record.parent && load(layout, rows, record.parent)
  if (parent === undefined) return
  const child: Child = { id: record.id, hash: record.fullHash, metadata: record.metadata }
  const isOther = (one: { readonly id: Uint8Array }): boolean => !equalBytes(one.id, record.id)
  store(layout, rows, {
    ...parent,
    children: [...(parent.children ?? []).filter(isOther), child].sort(compareChildren),
    deletedChildren: parent.deletedChildren.filter((id) => !equalBytes(id, record.id)),
  })
}

/** Takes an entity out of its parent's list. @returns the root */
function unlink(
  layout: Layout,
  rows: RowAccess,
  { id, parent }: IndexRecord,
): Uint8Array | undefined {
  const list = parent && load(layout, rows, parent)
  if (list === undefined) return undefined
  const children = (list.children ?? []).filter((one) => !equalBytes(one.id, id))
  const isListed = list.deletedChildren.some((one) => equalBytes(one, id))
  return rehash(layout, rows, {
    ...list,
    children: children.length === 0 && layout.name !== 'E1' ? undefined : children,
    deletedChildren: isListed ? list.deletedChildren : [...list.deletedChildren, id],
  })
}

/** What lies between an entity and the root, where it is not there. */
function putAncestors(layout: Layout, rows: RowAccess, ancestors: readonly Child[]): void {
  for (const [at, { id, metadata }] of [...ancestors.entries()].reverse()) {
    if (isKnown(rows, id)) continue
    // whatever comes of it later is newer
    const record = blank(id, ancestors[at + 1]?.id, { ...metadata, updatedAt: 0n })
    record.fullHash = fullHash(layout, record)
    store(layout, rows, record)
    link(layout, rows, record)
  }
}

/** Writes an entity, whatever there is. @returns the root */
export function put(layout: Layout, rows: RowAccess, action: Upsert): Uint8Array {
  const { id, data, ancestors } = action
  // guests of older eras sign again only what has no signature
  const storage = withoutSignature(action.metadata.storage)
  const metadata = { ...action.metadata, storage }
  putAncestors(layout, rows, ancestors)
  const old = load(layout, rows, id)
  const record: IndexRecord = {
    ...(old ?? blank(id, ancestors[0]?.id, metadata)),
    metadata,
    ownHash: platform.sha256(data),
    deletedAt: undefined,
  }
  record.fullHash = fullHash(layout, record)
  rows.set(entryKey(id), data)
  exhume(rows, id)
  store(layout, rows, record)
  link(layout, rows, record)
  return rehash(layout, rows, record)
}

/** Removes an entity that is there. @returns the root */
export function take(
  layout: Layout,
  rows: RowAccess,
  removal: Pick<Removal, 'id' | 'deletedAt'>,
  record: IndexRecord,
): Uint8Array | undefined {
  const root = unlink(layout, rows, record)
  settleRemoval(layout, rows, removal, record)
  return root
}
