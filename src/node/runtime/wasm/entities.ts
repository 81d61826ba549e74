/**
 * What a guest of release 0.11.0-rc.5 (era E5b) stores per entity: an index record and the entity's bytes, each under a digest of a tag
 * and its id. And what the host stores beside them: when an entry was removed.
 */
import { platform } from '#platform'
import { concat, equalBytes } from '../../primitives/bytes.ts'
import { fullHash, type IndexRecord, type Layout } from '../artifact/layout.ts'
import { invalidArtifact } from '../errors.ts'
import { latin1 } from './rows.ts'

const INDEX_TAG = Uint8Array.of(0)
const ENTRY_TAG = Uint8Array.of(1)
/** None of the guest's own. */
const TOMB_TAG = Uint8Array.of(0xff)

/**
 * Rows of the host's own beside those of an entity, by tags that no guest uses. `versions`: of an entity with writers, those not in use, an artefact,
 * newest first. `newest`: of an anchor, when a member was written last, u64. `guard`: of a collection, the anchor whose members its entries are.
 */
const HOST_TAGS = { versions: 0xfe, newest: 0xfd, guard: 0xfc } as const

/** Key of such a row. */
export function hostKey(tag: keyof typeof HOST_TAGS, id: Uint8Array): string {
  return keyOf(Uint8Array.of(HOST_TAGS[tag]), id)
}

function keyOf(tag: Uint8Array, id: Uint8Array): string {
  return latin1(platform.sha256(concat(tag, id)))
}

/** Key of an entity's index record. */
export function indexKey(id: Uint8Array): string {
  return keyOf(INDEX_TAG, id)
}

/** Key of an entity's bytes. */
export function entryKey(id: Uint8Array): string {
  return keyOf(ENTRY_TAG, id)
}

/** Rows as the running call sees and changes them. */
export interface RowAccess {
  get(key: string): Uint8Array | undefined
  /** As {@link get}, before the call. */
  before(key: string): Uint8Array | undefined
  set(key: string, value: Uint8Array): void
  remove(key: string): void
}

/** An entity's index record. */
export function load(layout: Layout, rows: RowAccess, id: Uint8Array): IndexRecord | undefined {
  const bytes = rows.get(indexKey(id))
  return bytes === undefined ? undefined : layout.decodeIndex(bytes)
}

/** Whether there is an index record, of the living or of the dead. */
export function isKnown(rows: RowAccess, id: Uint8Array): boolean {
  return rows.get(indexKey(id)) !== undefined
}

export function store(layout: Layout, rows: RowAccess, record: IndexRecord): void {
  rows.set(indexKey(record.id), layout.encodeIndex(record))
}

/** Leaves nothing of an entity but what {@link bury} wrote. */
export function purge(rows: RowAccess, id: Uint8Array): void {
  rows.remove(indexKey(id))
  rows.remove(entryKey(id))
}

/** Remembers a removal; of two the later one. */
export function bury(rows: RowAccess, id: Uint8Array, deletedAt: bigint): void {
  if (deletedAt <= (buriedAt(rows, id) ?? -1n)) return
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, deletedAt)
  rows.set(keyOf(TOMB_TAG, id), bytes)
}

/** Forgets a removal, for a newer write. */
export function exhume(rows: RowAccess, id: Uint8Array): void {
  const key = keyOf(TOMB_TAG, id)
  if (rows.get(key) !== undefined) rows.remove(key)
}

/** When an entry was removed, ns; undefined while it lives, or when nobody ever heard of it. */
export function buriedAt(rows: RowAccess, id: Uint8Array): bigint | undefined {
  const bytes = rows.get(keyOf(TOMB_TAG, id))
  return bytes && new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)
}

/** Entities between an entry and the root; guests of the SDK have at most three, whatever they nest. */
const MAX_DEPTH = 64

/** Recomputes the hashes of an entity and of all above it. @returns the root hash */
export function rehash(layout: Layout, rows: RowAccess, changed: IndexRecord): Uint8Array {
  let record = changed
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    record.fullHash = fullHash(layout, record)
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
