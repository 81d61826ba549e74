/**
 * What the host adds to guests of release 0.11.0-rc.5 (era E5b) so that copies end equal (runtime-abi.md 11.4): tombstones that a newer write
 * lifts, a merge of the state entry, and artefacts without strays. Everything happens on the rows of the call, before anyone stores them.
 */
import { platform } from '#platform'
import { compareBytes, concat, equalBytes } from '../../primitives/bytes.ts'
import {
  actionTime,
  type Action,
  type Child,
  type IndexRecord,
  type Layout,
} from '../artifact/layout.ts'
import { invalidArtifact } from '../errors.ts'
import { latin1 } from './rows.ts'

/** Id of the entity that holds the app's state: 32 times `v`. */
export const STATE_ID: Uint8Array = new Uint8Array(32).fill(0x76)

const INDEX_TAG = Uint8Array.of(0)
const ENTRY_TAG = Uint8Array.of(1)

/** Key of an entity's index record (runtime-abi.md 8.1). */
export function indexKey(id: Uint8Array): string {
  return latin1(platform.sha256(concat(INDEX_TAG, id)))
}

/** Key of an entity's bytes. */
export function entryKey(id: Uint8Array): string {
  return latin1(platform.sha256(concat(ENTRY_TAG, id)))
}

/** Entities between an entry and the root; guests of the SDK have at most two, whatever they nest. */
const MAX_DEPTH = 64
const STATE_ENTRY = entryKey(STATE_ID)

/** Rows as the running call sees and changes them. */
export interface RowAccess {
  get(key: string): Uint8Array | undefined
  set(key: string, value: Uint8Array): void
}

function load(layout: Layout, rows: RowAccess, id: Uint8Array): IndexRecord | undefined {
  const bytes = rows.get(indexKey(id))
  return bytes === undefined ? undefined : layout.decodeIndex(bytes)
}

function store(layout: Layout, rows: RowAccess, record: IndexRecord): void {
  rows.set(indexKey(record.id), layout.encodeIndex(record))
}

/**
 * Rule 3. `init` records collections under random ids and then moves them to ids derived from field names, but leaves the first records in
 * its artefact. What the author does not have must not be sent.
 */
export function withoutStrays(rows: RowAccess, actions: readonly Action[]): readonly Action[] {
  return actions.filter(
    (action) => action.kind === 'remove' || rows.get(indexKey(action.id)) !== undefined,
  )
}

/** Rule 4, before a replay: the actions that no stored tombstone outdates. An older removal would set the tombstone back. */
export function withoutOutdated(
  layout: Layout,
  rows: RowAccess,
  actions: readonly Action[],
): readonly Action[] {
  return actions.filter((action) => {
    const tombstone = load(layout, rows, action.id)?.deletedAt
    return tombstone === undefined || actionTime(action) > tombstone
  })
}

/**
 * Rule 4, after a call or a replay: a newer write lifts the tombstone of its entity; the author's own tombstone takes the time of its
 * removal, since the guest reads the clock once more for it. No hash changes.
 */
export function settleTombstones(
  layout: Layout,
  rows: RowAccess,
  actions: readonly Action[],
  own: boolean,
): void {
  for (const action of actions) {
    const record = load(layout, rows, action.id)
    if (record?.deletedAt === undefined) continue
    if (action.kind === 'remove') {
      if (!own) continue
      record.deletedAt = action.deletedAt
      record.metadata.updatedAt = action.deletedAt
    } else {
      const time = action.metadata.updatedAt
      if (time <= record.deletedAt) continue
      record.deletedAt = undefined
      if (time > record.metadata.updatedAt) record.metadata.updatedAt = time
    }
    store(layout, rows, record)
  }
}

/** The state entry's bytes, when there are any. */
export function stateEntry(rows: RowAccess): Uint8Array | undefined {
  return rows.get(STATE_ENTRY)
}

/** The state that an artefact brings, when it brings one. */
export function incomingState(actions: readonly Action[]): Uint8Array | undefined {
  for (const action of actions) {
    if (action.kind !== 'remove' && equalBytes(action.id, STATE_ID)) return action.data
  }
  return undefined
}

/**
 * Rule 5. The state entry ends in 32 bytes of id, so the guest's typed merge cannot decode it and the newer entry replaces the older as a
 * whole. The host cuts the ids off, lets the guest join both (`merge`), stores the result and rehashes upwards.
 * @returns the new root, or undefined when nothing changed
 */
export function joinState(
  layout: Layout,
  rows: RowAccess,
  before: Uint8Array,
  incoming: Uint8Array,
  merge: (input: Uint8Array) => Uint8Array,
): Uint8Array | undefined {
  if (equalBytes(before, incoming)) return undefined
  if (before.length < 32 || incoming.length < 32) {
    throw invalidArtifact('a state entry is shorter than its id')
  }
  const joined = concat(
    merge(mergeInput(before.subarray(0, -32), incoming.subarray(0, -32))),
    STATE_ID,
  )
  const stored = stateEntry(rows)
  if (stored !== undefined && equalBytes(stored, joined)) return undefined
  const record = load(layout, rows, STATE_ID)
  if (record === undefined) throw invalidArtifact('a state entry without an index record')
  rows.set(STATE_ENTRY, joined)
  record.ownHash = platform.sha256(joined)
  return rehash(layout, rows, record)
}

/**
 * Input of `__calimero_merge_root_state`: existing, incoming, existing created_at, existing timestamp, incoming timestamp. The guest answers
 * with `incoming` unread when the first two times are equal (runtime-abi.md 2.3), so they are 0 and 1.
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

/** `SHA-256(own hash, hashes of the children by id)`, as E5 has it. */
function fullHash(record: IndexRecord): Uint8Array {
  const children = [...(record.children ?? [])].sort((a, b) => compareBytes(a.id, b.id))
  return platform.sha256(concat(record.ownHash, ...children.map((child: Child) => child.hash)))
}

/** Recomputes the hashes of an entity and of all above it. @returns the root hash */
function rehash(layout: Layout, rows: RowAccess, changed: IndexRecord): Uint8Array {
  let record = changed
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    record.fullHash = fullHash(record)
    store(layout, rows, record)
    const parent = record.parent && load(layout, rows, record.parent)
    if (parent === undefined) return record.fullHash
    const { id, fullHash: hash } = record
    const entry = parent.children?.find((child) => equalBytes(child.id, id))
    if (entry !== undefined) entry.hash = hash
    record = parent
  }
  throw invalidArtifact(`expected at most ${MAX_DEPTH} entities above another`)
}
