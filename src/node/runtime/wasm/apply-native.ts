/**
 * Deltas of eras whose guests do not end equal by replaying them: the host applies their actions itself, by the rules that the newest era's guest
 * has. Of two versions of an entity the later one stays, of two of the same time the one whose data has the larger digest; a removal is
 * remembered, and wins over what is no newer. What a signature or a frozen entry forbids is refused as a whole, since no honest node sends it.
 */
import { platform } from '#platform'
import { compareBytes, equalBytes } from '../../primitives/bytes.ts'
import { isBlank, readAccess, signatureOf } from '../artifact/access.ts'
import {
  type Action,
  actionTime,
  type Layout,
  type Removal,
  type Upsert,
} from '../artifact/layout.ts'
import { actionDigest, hasForeignNonce, isFrozen, isShared } from '../artifact/signing.ts'
import { invalidArtifact } from '../errors.ts'
import { bury, buriedAt, entryKey, load, type RowAccess } from './entities.ts'
import { put, take } from './native.ts'
import type { Verify } from './shared.ts'

/** @throws RUNTIME_ARTIFACT_INVALID (guest): no honest node sends it, whatever it knew */
export function checkNative(
  layout: Layout,
  rows: RowAccess,
  actions: readonly Action[],
  verify: Verify,
): void {
  for (const action of actions) {
    if (isShared(action)) throw invalidArtifact('shared storage is not known of this release')
    const access = readAccess(action.metadata.storage)
    const stored = load(layout, rows, action.id)?.metadata.storage
    const before = stored && readAccess(stored)
    const isSame =
      before === undefined ||
      (before.kind === 'user' && access.kind === 'user'
        ? equalBytes(before.owner, access.owner)
        : before.kind === access.kind)
    if (!isSame) throw invalidArtifact('an entry would get another owner than it had')
    if (isFrozen(action)) checkFrozen(action)
    if (access.kind !== 'user') continue
    const signature = signatureOf(access)
    if (signature === undefined || isBlank(signature)) {
      throw invalidArtifact("a user's own entry came without a signature")
    }
    if (hasForeignNonce(action)) {
      throw invalidArtifact('a signature was made for another time than that of its action')
    }
    if (!verify(signature.bytes, access.owner, actionDigest(layout.name, action))) {
      throw invalidArtifact("a signature of a user's own entry is false")
    }
  }
}

/** A frozen entry is a digest, what has it, and its own id. */
function checkFrozen(action: Action): void {
  if (action.kind === 'remove') throw invalidArtifact('a frozen entry cannot be removed')
  const { data } = action
  const value = data.subarray(32, -32)
  if (data.length < 64 || !equalBytes(data.subarray(0, 32), platform.sha256(value))) {
    throw invalidArtifact('a frozen entry is not what its digest says')
  }
}

/** Applies what {@link checkNative} let through. @returns the root when it changed */
export function applyNative(
  layout: Layout,
  rows: RowAccess,
  actions: readonly Action[],
): Uint8Array | undefined {
  let root: Uint8Array | undefined
  for (const action of actions) {
    const changed =
      action.kind === 'remove'
        ? applyRemoval(layout, rows, action)
        : applyUpsert(layout, rows, action)
    root = changed ?? root
  }
  return root
}

function applyUpsert(layout: Layout, rows: RowAccess, action: Upsert): Uint8Array | undefined {
  const time = actionTime(action)
  const removedAt = buriedAt(rows, action.id)
  if (removedAt !== undefined && removedAt >= time) return undefined
  const record = load(layout, rows, action.id)
  const data = rows.get(entryKey(action.id))
  if (record === undefined) return put(layout, rows, action)
  const { updatedAt } = record.metadata
  if (data === undefined) return updatedAt < time ? put(layout, rows, action) : undefined
  if (isFrozen(action)) return undefined
  const isNewer =
    updatedAt === time
      ? compareBytes(platform.sha256(action.data), platform.sha256(data)) > 0
      : updatedAt < time
  return isNewer ? put(layout, rows, action) : undefined
}

function applyRemoval(layout: Layout, rows: RowAccess, action: Removal): Uint8Array | undefined {
  const { id, deletedAt } = action
  const record = load(layout, rows, id)
  if (record === undefined) {
    bury(rows, id, deletedAt)
    return undefined
  }
  if (record.metadata.updatedAt > deletedAt) return undefined
  return take(layout, rows, action, record)
}

/** After a call of its author: the rows as they are where the actions are applied. @returns the root */
export function settleOwn(
  layout: Layout,
  rows: RowAccess,
  actions: readonly Action[],
): Uint8Array | undefined {
  let root: Uint8Array | undefined
  for (const action of actions) if (action.kind !== 'remove') root = put(layout, rows, action)
  return root
}
