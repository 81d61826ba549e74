/**
 * The ordered index of a sorted collection, kept in step with the collection itself. The guest maintains it in its own calls only: what a
 * replay brings is missing, and a later insertion declares the index complete all the same. So the host compares it with the
 * collection's children before each look into it.
 */
import { platform } from '#platform'
import { concat, equalBytes, utf8 } from '../../primitives/bytes.ts'
import type { Layout } from '../artifact/layout.ts'
import type { Call } from './call.ts'
import { entryKey, indexKey } from './entities.ts'
import { latin1, latin1Bytes, type OrderedIndex } from './rows.ts'

/** No bound: the width of an id. */
const ID_BYTES = 32
const ENTRY_DOMAIN = utf8('__calimero_entry__')
/** Keys of a fixed size, such as digests and public keys, are found up to this many bytes. */
const MAX_FIXED_KEY_BYTES = 64

/**
 * Makes the rows of a collection those of its children. Keys begin with the collection's id. What is added here belongs to no call: it is
 * neither stored nor undone, and found again when needed.
 */
export function completeIndex(call: Call, index: OrderedIndex, from: string): void {
  const { layout } = call.init
  const collection = from.slice(0, ID_BYTES)
  if (layout === undefined || collection.length < ID_BYTES) return
  const id = latin1Bytes(collection)
  const bytes = call.read(indexKey(id))
  call.chargeBytes(bytes?.length ?? 0)
  if (index.isCompleteFor(collection, bytes)) return
  const missing = new Set(childrenOf(layout, bytes))
  for (const [key, value] of index.rowsOf(collection)) {
    if (!missing.delete(latin1(value))) index.unload(key)
  }
  for (const child of missing) {
    const key = orderKey(id, latin1Bytes(child), call.read(entryKey(latin1Bytes(child))))
    if (key !== undefined) index.load(collection + latin1(key), latin1Bytes(child))
  }
  index.setCompleteFor(collection, bytes)
}

function childrenOf(layout: Layout, bytes: Uint8Array | undefined): string[] {
  const children = bytes && layout.decodeIndex(bytes).children
  return (children ?? []).map((child) => latin1(child.id))
}

/**
 * The key of an entry, by which it is sorted: its bytes follow from the entry, whose id is a digest of the collection and the key. Keys that
 * are texts or byte strings come behind their length, arrays without.
 */
function orderKey(
  collection: Uint8Array,
  id: Uint8Array,
  entry: Uint8Array | undefined,
): Uint8Array | undefined {
  if (entry === undefined || entry.length < 4 + ID_BYTES) return undefined
  const fits = (key: Uint8Array): boolean =>
    equalBytes(platform.sha256(concat(collection, ENTRY_DOMAIN, key)), id)
  const length = new DataView(entry.buffer, entry.byteOffset).getUint32(0, true)
  const text = entry.subarray(4, 4 + length)
  if (text.length === length && fits(text)) return text
  const most = Math.min(entry.length - ID_BYTES, MAX_FIXED_KEY_BYTES)
  for (let size = most; size > 0; size--) {
    if (fits(entry.subarray(0, size))) return entry.subarray(0, size)
  }
  return undefined
}

/** Tag of the row by which the guest knows whether the index is that of the collection as it is. */
const MARKER_TAG = Uint8Array.of(4)

/** Key of that row. */
export function markerKey(collection: Uint8Array): string {
  return latin1(platform.sha256(concat(MARKER_TAG, collection)))
}
