/**
 * Who could write what, and when: versions of an entity that has writers, and the sets of its anchor over time.
 *
 * The last set that was set before a version decides about it, by the times that are signed. Two copies may hear of a new set and of what a
 * writer that it leaves out wrote meanwhile in either order: so versions that are outdone, and those that a set outlaws, are kept, and when
 * another set comes, what counts is found anew. Then it is the same everywhere.
 */
import { platform } from '#platform'
import { compareBytes, equalBytes } from '../../primitives/bytes.ts'
import { MAY, readAccess, signatureOf, withoutSignature, type Writers } from '../artifact/access.ts'
import { type Action, actionTime, type Child, type Layout } from '../artifact/layout.ts'
import { MAX_VERSIONS, MAX_WRITER_SETS } from '../limits.ts'
import { entryKey, hostKey, load, type RowAccess } from './entities.ts'

/** An anchor's writers from a time on. */
export interface WriterSet {
  /** ns */
  readonly time: bigint
  readonly writers: Writers
}

/** Newest first; of two of the same time a removal, then the one whose data has the larger digest. */
function compareVersions(a: Action, b: Action): number {
  const [one, other] = [actionTime(a), actionTime(b)]
  if (one !== other) return one > other ? -1 : 1
  if (a.kind === 'remove' || b.kind === 'remove') {
    return Number(b.kind === 'remove') - Number(a.kind === 'remove')
  }
  return (
    compareBytes(platform.sha256(b.data), platform.sha256(a.data)) ||
    compareBytes(b.metadata.storage, a.metadata.storage)
  )
}

const NO_HASH = new Uint8Array(32)

/** An action as it is kept: the same at who made it and at who got it. */
export function versionOf(action: Action): Action {
  const metadata = { ...action.metadata, storage: withoutSignature(action.metadata.storage) }
  if (action.kind === 'remove') return { ...action, metadata }
  const ancestors = action.ancestors.map((one) => ({ ...one, hash: NO_HASH }))
  return { ...action, kind: 'update', ancestors, metadata }
}

/** What lies between an entity and the root, as the rows say. */
function pathOf(layout: Layout, rows: RowAccess, from: Uint8Array | undefined): Child[] {
  const path: Child[] = []
  for (let id = from; id !== undefined;) {
    const record = load(layout, rows, id)
    if (record === undefined) break
    path.push({ id, hash: NO_HASH, metadata: record.metadata })
    id = record.parent
  }
  return path
}

/** The version of an entity that its own rows hold. */
export function versionInUse(layout: Layout, rows: RowAccess, id: Uint8Array): Action | undefined {
  const record = load(layout, rows, id)
  const data = rows.get(entryKey(id))
  if (record === undefined || data === undefined) return undefined
  const { metadata, parent } = record
  return { kind: 'update', id, data, ancestors: pathOf(layout, rows, parent), metadata }
}

function otherVersions(layout: Layout, rows: RowAccess, id: Uint8Array): Action[] {
  const bytes = rows.get(hostKey('versions', id))
  return bytes === undefined ? [] : layout.decodeArtifact(bytes)
}

/** All versions of an entity that are known, newest first. */
export function versionsOf(layout: Layout, rows: RowAccess, id: Uint8Array): Action[] {
  const inUse = versionInUse(layout, rows, id)
  const others = otherVersions(layout, rows, id)
  return (inUse === undefined ? others : [inUse, ...others]).sort(compareVersions)
}

/** With one more, newest first; undefined when that is known. */
export function withVersion(versions: readonly Action[], action: Action): Action[] | undefined {
  const added = versionOf(action)
  if (versions.some((one) => compareVersions(one, added) === 0)) return undefined
  return [...versions, added].sort(compareVersions)
}

/** Keeps the versions of an entity that are not in use. */
export function keepVersions(
  layout: Layout,
  rows: RowAccess,
  id: Uint8Array,
  versions: readonly Action[],
): void {
  const key = hostKey('versions', id)
  const [first] = versions
  if (first === undefined) {
    if (rows.get(key) !== undefined) rows.remove(key)
    return
  }
  const isAnchor = readAccess(first.metadata.storage).kind === 'anchor'
  const kept = versions.slice(0, isAnchor ? MAX_WRITER_SETS : MAX_VERSIONS)
  rows.set(key, layout.encodeArtifact(kept.map(versionOf)))
}

/** Kind of an entity's storage as it was when it was made, also of what is removed by now; undefined when it is not known. */
export function storageOf(layout: Layout, rows: RowAccess, id: Uint8Array): Uint8Array | undefined {
  const record = load(layout, rows, id)
  return record?.metadata.storage ?? otherVersions(layout, rows, id)[0]?.metadata.storage
}

/** The sets of an anchor that counted, oldest first, and the version that set the last of them. */
export function writerSets(versions: readonly Action[]): {
  readonly sets: readonly WriterSet[]
  readonly last: Action | undefined
} {
  const sets: WriterSet[] = []
  let last: Action | undefined
  // whoever makes an anchor says who its first writers are
  for (const version of [...versions].reverse()) {
    const access = readAccess(version.metadata.storage)
    if (access.kind !== 'anchor' || version.kind === 'remove') continue
    const { writers } = access
    const before = sets.at(-1)?.writers
    if (before !== undefined && !mayDecide(before, version, writers)) continue
    last = version
    sets.push({ time: actionTime(version), writers })
  }
  return { sets, last }
}

function mayDecide(before: Writers, version: Action, writers: Writers): boolean {
  // nobody could ever write again
  if (writers.size === 0) return false
  const isSame =
    writers.size === before.size && [...writers].every(([key, mask]) => before.get(key) === mask)
  return isAllowed(before, version, isSame ? MAY.write : MAY.decide)
}

function isAllowed(writers: Writers | undefined, version: Action, needed: number): boolean {
  const signature = signatureOf(readAccess(version.metadata.storage))
  // it came with its anchor, by whom that was made
  if (signature === undefined) return true
  const mask = signature.signer === undefined ? 0 : (writers?.get(signature.signer) ?? 0)
  return (mask & needed) === needed
}

/** Whether a member's version counts under the sets of its anchor. */
export function counts(sets: readonly WriterSet[], version: Action): boolean {
  const time = actionTime(version)
  const writers = sets.findLast((set) => set.time <= time)?.writers
  return isAllowed(writers, version, version.kind === 'remove' ? MAY.remove : MAY.write)
}

/** Whether somebody is in any set that was ever set, whether it counted or not. */
export function wasEverWriter(versions: readonly Action[], signer: string): boolean {
  return versions.some((version) => {
    const access = readAccess(version.metadata.storage)
    return access.kind === 'anchor' && access.writers.has(signer)
  })
}

/** Whether more than one key is in the sets: with one alone nothing can be outlawed by somebody else. */
export function areSeveral(versions: readonly Action[]): boolean {
  const keys = new Set<string>()
  for (const version of versions) {
    const access = readAccess(version.metadata.storage)
    if (access.kind === 'anchor') for (const key of access.writers.keys()) keys.add(key)
  }
  return keys.size > 1
}

/** Ids of an anchor's members, living and removed, below an entity. */
export function membersBelow(
  layout: Layout,
  rows: RowAccess,
  anchor: Uint8Array,
  top: Uint8Array,
): Uint8Array[] {
  const out: Uint8Array[] = []
  const seen = new Set<string>()
  const queue: Uint8Array[] = [top]
  const isMember = (storage: Uint8Array | undefined): boolean => {
    const access = storage && readAccess(storage)
    return access?.kind === 'member' && equalBytes(access.anchor, anchor)
  }
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    const record = load(layout, rows, id)
    if (record === undefined || seen.has(entryKey(id))) continue
    seen.add(entryKey(id))
    for (const child of record.children ?? []) {
      if (isMember(child.metadata.storage)) out.push(child.id)
      queue.push(child.id)
    }
    for (const child of record.deletedChildren) {
      if (isMember(storageOf(layout, rows, child))) out.push(child)
    }
  }
  return out
}
