/** Host functions: shared state, node-local private rows; and the node-local ordered index. */
import { concat } from '../../../primitives/bytes.ts'
import { hostError } from '../../errors.ts'
import { MAX_KEY_BYTES } from '../../limits.ts'
import type { Span } from '../memory.ts'
import { latin1Bytes, type OrderedIndex, rowKeyOf } from '../rows.ts'
import { completeIndex } from '../sorted-index.ts'
import { type Frame, host, type HostFunction } from './define.ts'

function rowKey({ memory }: Frame, span: Span): string {
  if (span.length > MAX_KEY_BYTES) throw hostError('KeyLengthOverflow')
  return rowKeyOf(memory.latin1(span))
}

function indexOf({ call }: Frame): OrderedIndex {
  // modules that import these functions get their index loaded before the call
  const { index } = call.init.rows
  if (index === undefined) throw hostError('InvalidMemoryAccess')
  return index
}

function indexKey({ memory }: Frame, span: Span): string {
  if (span.length > MAX_KEY_BYTES) throw hostError('KeyLengthOverflow')
  return memory.latin1(span)
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24)
}

/** `count u32`, then per row `key length u32, key, value length u32, value`: as the SDK decodes it. */
function encodeRows(rows: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const parts = rows.flatMap(([key, value]) => [
    u32(key.length),
    latin1Bytes(key),
    u32(value.length),
    value,
  ])
  return concat(u32(rows.length), ...parts)
}

/** Offsets and limits beyond this are as good as endless. */
const MAX_ROWS = 0xffff_ffff
const count = (value: bigint): number => (value < 0n || value > MAX_ROWS ? MAX_ROWS : Number(value))

export const STORAGE_FUNCTIONS: readonly HostFunction[] = [
  host('storage_read', ['buffer', 'register'], 'i32', (frame, key, id) => {
    const value = frame.call.read(rowKey(frame, key))
    if (value === undefined) return 0
    frame.call.setRegister(id, value)
    return 1
  }),
  host('storage_write', ['buffer', 'buffer', 'register'], 'i32', (frame, key, value, id) => {
    const { call, memory } = frame
    call.countWrite(key.length, value.length)
    const row = rowKey(frame, key)
    const old = call.read(row)
    call.overlay.set(row, memory.copy(value))
    if (old === undefined) return 0
    call.setRegister(id, old)
    return 1
  }),
  host('storage_remove', ['buffer', 'register'], 'i32', (frame, key, id) => {
    const { call } = frame
    call.countWrite(key.length, 0)
    const row = rowKey(frame, key)
    const old = call.read(row)
    if (old === undefined) return 0
    call.overlay.set(row, undefined)
    call.setRegister(id, old)
    return 1
  }),
  host('private_storage_read', ['buffer', 'register'], 'i32', (frame, key, id) => {
    const value = frame.call.readPrivate(rowKey(frame, key))
    if (value === undefined) return 0
    frame.call.setRegister(id, value)
    return 1
  }),
  host('private_storage_write', ['buffer', 'buffer'], 'i32', (frame, key, value) => {
    frame.call.countWrite(key.length, value.length)
    frame.call.privateOverlay.set(rowKey(frame, key), frame.memory.copy(value))
    return 1
  }),
  host('private_storage_remove', ['buffer', 'register'], 'i32', (frame, key, id) => {
    const { call } = frame
    call.countWrite(key.length, 0)
    const row = rowKey(frame, key)
    const old = call.readPrivate(row)
    if (old === undefined) return 0
    call.privateOverlay.set(row, undefined)
    call.setRegister(id, old)
    return 1
  }),
  host('storage_index_set', ['buffer', 'buffer'], 'i32', (frame, key, value) => {
    frame.call.countWrite(key.length, value.length)
    indexOf(frame).set(indexKey(frame, key), frame.memory.copy(value))
    return 1
  }),
  host('storage_index_remove', ['buffer'], 'i32', (frame, key) => {
    frame.call.countWrite(key.length, 0)
    indexOf(frame).remove(indexKey(frame, key))
    return 1
  }),
  host('storage_index_remove_prefix', ['buffer'], 'i32', (frame, prefix) => {
    frame.call.countWrite(prefix.length, 0)
    indexOf(frame).removePrefix(indexKey(frame, prefix))
    return 1
  }),
  // the limit comes as n + 1; 0 means none
  host(
    'storage_index_scan',
    ['buffer', 'buffer', 'i64', 'i64', 'register'],
    'i32',
    (frame, from, to, offset, limit, id) => {
      const most = limit === 0n ? MAX_ROWS : count(limit) - 1
      const bounds = [indexKey(frame, from), indexKey(frame, to)] as const
      const index = indexOf(frame)
      completeIndex(frame.call, index, bounds[0])
      const rows = index.scan(...bounds, count(offset), most)
      frame.call.setRegister(id, encodeRows(rows))
      return 1
    },
  ),
  host('storage_index_last', ['buffer', 'buffer', 'register'], 'i32', (frame, from, to, id) => {
    const bounds = [indexKey(frame, from), indexKey(frame, to)] as const
    const index = indexOf(frame)
    completeIndex(frame.call, index, bounds[0])
    const row = index.last(...bounds)
    if (row === undefined) return 0
    frame.call.setRegister(id, encodeRows([row]))
    return 1
  }),
]
