/**
 * What the host adds to a replay by guests of release 0.11.0-rc.5 (era E5b) so that copies end equal: removals that a newer write lifts, and a
 * merge of the state entry. Everything happens on the rows of the call, before anyone stores them.
 */
import { platform } from '#platform'
import { compareBytes, concat, equalBytes } from '../../primitives/bytes.ts'
import { actionTime, type Action, type Layout } from '../artifact/layout.ts'
import { invalidArtifact } from '../errors.ts'
import { bury, buriedAt, entryKey, isKnown, load, rehash, type RowAccess } from './entities.ts'
import { settleRemoval, settleUpsert } from './net-effect.ts'
import { markerKey } from './sorted-index.ts'

/** Id of the entity that holds the app's state: 32 times `v`. */
export const STATE_ID: Uint8Array = new Uint8Array(32).fill(0x76)

const STATE_ENTRY = entryKey(STATE_ID)

/** Before a replay: the actions that no removal outdates. An older removal would set the newer one back. */
export function withoutOutdated(
  layout: Layout,
  rows: RowAccess,
  actions: readonly Action[],
): readonly Action[] {
  return actions.filter((action) => {
    const removedAt = buriedAt(rows, action.id) ?? load(layout, rows, action.id)?.deletedAt
    return removedAt === undefined || actionTime(action) > removedAt
  })
}

/** What the guest may replay: it fails on removals of what it does not know, which the host remembers by itself. */
export function replayable(rows: RowAccess, actions: readonly Action[]): readonly Action[] {
  return actions.filter((action) => action.kind !== 'remove' || isKnown(rows, action.id))
}

/** After a replay: what {@link settleUpsert} and {@link settleRemoval} say of each action that took effect. */
export function settle(layout: Layout, rows: RowAccess, actions: readonly Action[]): void {
  for (const action of actions) {
    const record = load(layout, rows, action.id)
    if (action.kind === 'remove') {
      if (record === undefined) bury(rows, action.id, action.deletedAt)
      // else a newer write stood against it
      else if (record.deletedAt !== undefined) settleRemoval(layout, rows, action, record)
    } else if (record?.metadata.updatedAt === action.metadata.updatedAt) {
      settleUpsert(layout, rows, action)
    }
    if (record?.parent !== undefined) stampMarker(layout, rows, record.parent)
  }
}

/** The guest need not build the ordered index of a collection anew, since the host keeps it in step. */
function stampMarker(layout: Layout, rows: RowAccess, collection: Uint8Array): void {
  const key = markerKey(collection)
  if (rows.get(key) === undefined) return
  const record = load(layout, rows, collection)
  if (record !== undefined) rows.set(key, record.fullHash)
}

/** One version of the state entry. */
interface StateVersion {
  readonly bytes: Uint8Array
  /** ns */
  readonly time: bigint
}

/** The stored state, when there is any. */
export function storedState(layout: Layout, rows: RowAccess): StateVersion | undefined {
  const bytes = rows.get(STATE_ENTRY)
  const record = load(layout, rows, STATE_ID)
  return bytes && record && { bytes, time: record.metadata.updatedAt }
}

/** The state that an artefact brings, when it brings one. */
export function incomingState(actions: readonly Action[]): StateVersion | undefined {
  for (const action of actions) {
    if (action.kind !== 'remove' && equalBytes(action.id, STATE_ID)) {
      return { bytes: action.data, time: action.metadata.updatedAt }
    }
  }
  return undefined
}

function isNewer(a: StateVersion, b: StateVersion): boolean {
  return a.time === b.time ? compareBytes(a.bytes, b.bytes) > 0 : a.time > b.time
}

/**
 * The state entry ends in 32 bytes of id, so the guest's typed merge cannot decode it and the newer entry replaces the older as a whole. The
 * host cuts the ids off, lets the guest join both (`merge`), stores the result and rehashes upwards.
 * @returns the new root, or undefined when nothing changed
 */
export function joinState(
  layout: Layout,
  rows: RowAccess,
  before: StateVersion,
  incoming: StateVersion,
  merge: (input: Uint8Array) => Uint8Array,
): Uint8Array | undefined {
  if (equalBytes(before.bytes, incoming.bytes)) return undefined
  // of two collections in one place the guest keeps that of the first version, so the order must be the same everywhere
  const [first, second] = (isNewer(before, incoming) ? [before, incoming] : [incoming, before]).map(
    ({ bytes }) => {
      if (bytes.length < 32) throw invalidArtifact('a state entry is shorter than its id')
      return bytes.subarray(0, -32)
    },
  ) as [Uint8Array, Uint8Array] // as many as went in
  const joined = concat(merge(mergeInput(first, second)), STATE_ID)
  const stored = rows.get(STATE_ENTRY)
  if (stored !== undefined && equalBytes(stored, joined)) return undefined
  const record = load(layout, rows, STATE_ID)
  if (record === undefined) throw invalidArtifact('a state entry without an index record')
  rows.set(STATE_ENTRY, joined)
  record.ownHash = platform.sha256(joined)
  return rehash(layout, rows, record)
}

/**
 * Input of `__calimero_merge_root_state`: existing, incoming, existing created_at, existing timestamp, incoming timestamp. The guest answers
 * with `incoming` unread when the first two times are equal, so they are 0 and 1.
 */
function mergeInput(existing: Uint8Array, incoming: Uint8Array): Uint8Array {
  const out = new Uint8Array(4 + existing.length + 4 + incoming.length + 24)
  const view = new DataView(out.buffer)
  view.setUint32(0, existing.length, true)
  out.set(existing, 4)
  view.setUint32(4 + existing.length, incoming.length, true)
  out.set(incoming, 8 + existing.length)
  const times = 8 + existing.length + incoming.length
  view.setBigUint64(times + 8, 1n, true)
  view.setBigUint64(times + 16, 2n, true)
  return out
}
