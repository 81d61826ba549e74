/**
 * Entries with writers (`SharedStorage`, `PermissionedStorage`, `Ownable`, `AccessControl`): an anchor says who may write, its members lie below
 * it and say whose they are. The guest cannot replay them alone, for it does not know what its node knew when: so the host looks at every
 * signature, decides by the sets over time ({@link writers.ts}), and writes the rows itself.
 */
import { equalBytes, toHex } from '../../primitives/bytes.ts'
import { type Access, isBlank, readAccess, signatureOf } from '../artifact/access.ts'
import { type Action, actionTime, type Layout } from '../artifact/layout.ts'
import { actionDigest, isShared, isUnsigned } from '../artifact/signing.ts'
import { invalidArtifact, runtimeError } from '../errors.ts'
import { hostKey, indexKey, load, type RowAccess, store } from './entities.ts'
import { put, take } from './native.ts'
import { STATE_ID } from './rules.ts'
import {
  areSeveral,
  counts,
  keepVersions,
  membersBelow,
  storageOf,
  versionOf,
  versionInUse,
  versionsOf,
  wasEverWriter,
  withVersion,
  writerSets,
} from './writers.ts'

/** Whether `signature` of `message` is that of `key`. */
export type Verify = (signature: Uint8Array, key: Uint8Array, message: Uint8Array) => boolean

function anchorOf(action: Action): Uint8Array | undefined {
  const access = readAccess(action.metadata.storage)
  if (access.kind === 'anchor') return action.id
  return access.kind === 'member' ? access.anchor : undefined
}

/** Anchors before what lies below them. */
function anchorsFirst(actions: readonly Action[]): Action[] {
  const isAnchor = (action: Action): boolean =>
    readAccess(action.metadata.storage).kind === 'anchor'
  return [...actions.filter(isAnchor), ...actions.filter((action) => !isAnchor(action))]
}

function isSameKind(a: Access, b: Access): boolean {
  if (a.kind === 'member' && b.kind === 'member') return equalBytes(a.anchor, b.anchor)
  return a.kind === b.kind
}

/**
 * What no honest node sends, whatever it knew: signatures that are missing, false or of strangers, and what gets around them.
 * @throws RUNTIME_ARTIFACT_INVALID (guest)
 */
export function checkShared(
  layout: Layout,
  rows: RowAccess,
  actions: readonly Action[],
  verify: Verify,
): void {
  for (const action of actions) {
    const access = readAccess(action.metadata.storage)
    checkKind(layout, rows, action, access)
    if (!isShared(action)) continue
    const anchor = anchorOf(action) ?? action.id
    const known = versionsOf(layout, rows, anchor)
    const made = actions.find((one) => one.kind !== 'remove' && equalBytes(one.id, anchor))
    const versions = known.length > 0 || made === undefined ? known : [made]
    if (versions.length === 0) throw invalidArtifact('there is no anchor that says who may write')
    const signature = signatureOf(access)
    if (signature === undefined) {
      if (known.length === 0) continue
      throw invalidArtifact('an entry that has writers came without a signature')
    }
    const { signer } = signature
    if (signer === undefined || isBlank(signature)) {
      throw invalidArtifact('an entry that has writers came without a signature')
    }
    if (!verify(signature.bytes, Buffer.from(signer, 'hex'), actionDigest(layout.name, action))) {
      throw invalidArtifact('a signature of an entry that has writers is false')
    }
    if (!wasEverWriter(versions, signer)) {
      throw invalidArtifact(`${signer} is and was no writer of what it signed`)
    }
  }
}

/** An entity stays what it is, and what lies in a collection of members is a member. */
function checkKind(layout: Layout, rows: RowAccess, action: Action, access: Access): void {
  const stored = storageOf(layout, rows, action.id)
  if (stored !== undefined && !isSameKind(readAccess(stored), access)) {
    throw invalidArtifact('an entry would get other writers than it had')
  }
  if (action.kind === 'remove') return
  const parent = action.ancestors[0]?.id
  const guard = parent && guardOf(layout, rows, parent)
  if (guard === undefined) return
  const anchor = anchorOf(action)
  if (anchor === undefined || !equalBytes(anchor, guard)) {
    throw invalidArtifact('an entry of a collection that has writers came without them')
  }
}

/** The anchor whose members the children of an entity are. */
function guardOf(layout: Layout, rows: RowAccess, parent: Uint8Array): Uint8Array | undefined {
  const marked = rows.get(hostKey('guard', parent))
  if (marked !== undefined) return marked
  const storage = load(layout, rows, parent)?.metadata.storage
  const access = storage && readAccess(storage)
  if (access?.kind === 'member') return access.anchor
  return access?.kind === 'anchor' ? parent : undefined
}

/** Remembers that the collection in which a member lies is its anchor's. */
function guard(rows: RowAccess, action: Action, anchor: Uint8Array): void {
  if (action.kind === 'remove' || equalBytes(action.id, anchor)) return
  const parent = action.ancestors[0]?.id
  if (parent !== undefined && !equalBytes(parent, anchor)) {
    rows.set(hostKey('guard', parent), anchor)
  }
}

/** Whether a context has entries with writers. */
export function usesShared(rows: RowAccess): boolean {
  return rows.get(hostKey('newest', STATE_ID)) !== undefined
}

function newestOf(rows: RowAccess, anchor: Uint8Array): bigint {
  const bytes = rows.get(hostKey('newest', anchor))
  return bytes === undefined ? 0n : new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)
}

function noteNewest(rows: RowAccess, anchor: Uint8Array, time: bigint): void {
  if (time <= newestOf(rows, anchor)) return
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, time)
  rows.set(hostKey('newest', anchor), bytes)
}

/** After a call: keeps the versions that it outdid. @throws RUNTIME_ARTIFACT_UNSIGNABLE when it wrote what its executor may not */
export function keepOwn(
  layout: Layout,
  rows: RowAccess,
  actions: readonly Action[],
  executor: Uint8Array,
): void {
  noteNewest(rows, STATE_ID, 1n)
  const before: RowAccess = { ...rows, get: (key) => rows.before(key) }
  for (const action of anchorsFirst(actions.filter(isShared))) {
    const anchor = anchorOf(action) ?? action.id
    const isMade = rows.before(indexKey(anchor)) === undefined
    const old = versionsOf(layout, before, action.id)
    const isAnchor = equalBytes(anchor, action.id)
    const sets = isAnchor ? old : versionsOf(layout, rows, anchor)
    const own = versionOf(action)
    if (!isMade) {
      const isIn = isUnsigned(action, executor)
      const mayDo = isAnchor
        ? action.kind !== 'remove' && writerSets([own, ...old]).last === own
        : counts(writerSets(sets).sets, own)
      if (!isIn || !mayDo) throw notAWriter(executor)
    }
    const record = load(layout, rows, action.id)
    if (action.kind !== 'remove' && record !== undefined) {
      const { storage } = own.metadata
      store(layout, rows, { ...record, metadata: { ...record.metadata, storage } })
    }
    const isKept = isAnchor || areSeveral(sets)
    const others = isKept ? old : []
    keepVersions(layout, rows, action.id, action.kind === 'remove' ? [own, ...others] : others)
    guard(rows, action, anchor)
    if (!isAnchor) noteNewest(rows, anchor, actionTime(action))
  }
}

function notAWriter(executor: Uint8Array): Error {
  return runtimeError(
    'RUNTIME_ARTIFACT_UNSIGNABLE',
    'guest',
    `the call wrote what ${toHex(executor)} is no writer of, or may not do to it`,
  )
}

/** Does the shared actions of a delta, which {@link checkShared} let through. @returns the root when it changed */
export function applyShared(
  layout: Layout,
  rows: RowAccess,
  actions: readonly Action[],
): Uint8Array | undefined {
  let root: Uint8Array | undefined
  if (actions.length > 0) noteNewest(rows, STATE_ID, 1n)
  for (const action of anchorsFirst(actions)) {
    const anchor = anchorOf(action) ?? action.id
    const changed = equalBytes(anchor, action.id)
      ? applySet(layout, rows, action)
      : applyMember(layout, rows, action, anchor)
    root = changed ?? root
    guard(rows, action, anchor)
  }
  return root
}

/** Another set of writers, unless it is no newer than the first. */
function applySet(layout: Layout, rows: RowAccess, action: Action): Uint8Array | undefined {
  const { id } = action
  const old = versionsOf(layout, rows, id)
  const first = old.at(-1)
  if (action.kind === 'remove') return undefined
  if (first !== undefined && actionTime(action) <= actionTime(first)) return undefined
  const versions = withVersion(old, action)
  if (versions === undefined) return undefined
  const root = use(layout, rows, id, versions, writerSets(versions).last, true)
  if (actionTime(action) > newestOf(rows, id)) return root
  return reconsider(layout, rows, id) ?? root
}

function applyMember(
  layout: Layout,
  rows: RowAccess,
  action: Action,
  anchor: Uint8Array,
): Uint8Array | undefined {
  const versions = withVersion(versionsOf(layout, rows, action.id), action)
  if (versions === undefined) return undefined
  noteNewest(rows, anchor, actionTime(action))
  return decide(layout, rows, action.id, versions, versionsOf(layout, rows, anchor))
}

/** Brings the newest version that counts into use. */
function decide(
  layout: Layout,
  rows: RowAccess,
  id: Uint8Array,
  versions: readonly Action[],
  anchor: readonly Action[],
): Uint8Array | undefined {
  const { sets } = writerSets(anchor)
  const chosen = versions.find((version) => counts(sets, version))
  return use(layout, rows, id, versions, chosen, areSeveral(anchor))
}

/** Looks again at all members of an anchor whose writers are others than was known. */
function reconsider(layout: Layout, rows: RowAccess, anchor: Uint8Array): Uint8Array | undefined {
  const sets = versionsOf(layout, rows, anchor)
  let root: Uint8Array | undefined
  for (const id of membersBelow(layout, rows, anchor, topOf(layout, rows, anchor))) {
    root = decide(layout, rows, id, versionsOf(layout, rows, id), sets) ?? root
  }
  return root
}

function topOf(layout: Layout, rows: RowAccess, id: Uint8Array): Uint8Array {
  const parent = load(layout, rows, id)?.parent
  return parent === undefined ? id : topOf(layout, rows, parent)
}

/** Makes the rows of an entity those of one of its versions, and keeps the others. @returns the root when it changed */
function use(
  layout: Layout,
  rows: RowAccess,
  id: Uint8Array,
  versions: readonly Action[],
  chosen: Action | undefined,
  isKept: boolean,
): Uint8Array | undefined {
  const others = isKept ? versions.filter((one) => one !== chosen) : []
  const removal = chosen?.kind === 'remove' ? chosen : undefined
  keepVersions(layout, rows, id, removal === undefined ? others : [removal, ...others])
  const record = load(layout, rows, id)
  if (chosen !== undefined && chosen.kind !== 'remove') {
    const inUse = versionInUse(layout, rows, id)
    if (inUse !== undefined && withVersion([inUse], chosen) === undefined) return undefined
    return put(layout, rows, chosen)
  }
  if (record === undefined || record.deletedAt !== undefined) return undefined
  return take(layout, rows, { id, deletedAt: removal?.deletedAt ?? 0n }, record)
}
