/** How repositories read and write rows: a codec per column, and a row that does not decode is corruption of our disk, never a crash. */
import type { Codec } from '../../codec/codec.ts'
import { toHex } from '../../primitives/bytes.ts'
import { storeError } from '../errors.ts'
import type { BatchOp } from '../store.ts'

/** Puts a value under a key. */
export function put<T>(codec: Codec<T>, key: Uint8Array, value: T): BatchOp {
  return { type: 'put', key, value: codec.encode(value) }
}

/** Removes a key. */
export function del(key: Uint8Array): BatchOp {
  return { type: 'del', key }
}

/** @throws STORE_CORRUPT when the row's bytes are not what the column holds */
export function readRow<T>(codec: Codec<T>, key: Uint8Array, bytes: Uint8Array): T {
  try {
    return codec.decode(bytes)
  } catch (cause) {
    throw storeError(
      'STORE_CORRUPT',
      `the row ${toHex(key)} is not ${codec.name}`,
      { key: toHex(key) },
      { cause },
    )
  }
}
