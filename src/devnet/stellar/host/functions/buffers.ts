/** Functions on bytes, strings and symbols (module `b`). */
import { concat, EMPTY, utf8 } from '../../../../node/primitives/bytes.ts'
import { COST } from '../../budget/costs.ts'
import { toLatin1 } from '../../codec/text.ts'
import { hostError } from '../../value/errors.ts'
import { isSymbol } from '../../value/word.ts'
import { memoryAt, readTexts } from '../../vm/memory.ts'
import type { Host } from '../host.ts'
import {
  BYTES,
  checkIndex,
  checkRange,
  fn,
  GIVE_BYTES,
  GIVE_STRING,
  GIVE_SYMBOL_OBJECT,
  GIVE_U32,
  GIVE_VALUE,
  type HostFunctions,
  NOTHING,
  STRING,
  SYMBOL,
  SYMBOL_OBJECT,
  U32,
  VALUE,
} from './define.ts'

/** The first protocol that makes bytes of strings. */
const CONVERSIONS = 23

function byte(value: number): number {
  if (value < 256) return value
  throw hostError('Value', 'InvalidInput', 'value does not fit a byte')
}

/** A copy with a part of it replaced. */
function spliced(
  host: Host,
  bytes: Uint8Array,
  start: number,
  remove: number,
  ...add: number[]
): Uint8Array {
  host.budget.charge(COST.memCpy, bytes.length)
  return concat(bytes.subarray(0, start), Uint8Array.from(add), bytes.subarray(start + remove))
}

function byteAt(bytes: Uint8Array, index: number): number {
  checkIndex(index, bytes.length)
  return bytes[index] ?? 0
}

function toMemory(host: Host, bytes: Uint8Array, from: number, at: number, count: number): void {
  if (from + count > bytes.length) {
    const detail = 'out-of-bounds read from memory-like host object'
    throw hostError('Object', 'IndexBounds', detail)
  }
  memoryAt(host, at, count).set(bytes.subarray(from, from + count))
}

export const BUFFER_FUNCTIONS: HostFunctions = {
  _: fn('serialize_to_bytes', [VALUE], GIVE_BYTES, (host, value) => host.toXdr(value)),
  0: fn('deserialize_from_bytes', [BYTES], GIVE_VALUE, (host, bytes) => host.fromXdr(bytes)),
  1: fn('bytes_copy_to_linear_memory', [BYTES, U32, U32, U32], NOTHING, toMemory),
  2: fn(
    'bytes_copy_from_linear_memory',
    [BYTES, U32, U32, U32],
    GIVE_BYTES,
    (host, bytes, to, at, count) => {
      const copied = memoryAt(host, at, count)
      const out = new Uint8Array(Math.max(bytes.length, to + count))
      out.set(bytes)
      out.set(copied, to)
      return out
    },
  ),
  3: fn('bytes_new_from_linear_memory', [U32, U32], GIVE_BYTES, (host, at, count) =>
    memoryAt(host, at, count).slice(),
  ),
  4: fn('bytes_new', [], GIVE_BYTES, () => EMPTY),
  5: fn('bytes_put', [BYTES, U32, U32], GIVE_BYTES, (host, bytes, index, value) => {
    checkIndex(index, bytes.length)
    return spliced(host, bytes, index, 1, byte(value))
  }),
  6: fn('bytes_get', [BYTES, U32], GIVE_U32, (_, bytes, index) => byteAt(bytes, index)),
  7: fn('bytes_del', [BYTES, U32], GIVE_BYTES, (host, bytes, index) => {
    checkIndex(index, bytes.length)
    return spliced(host, bytes, index, 1)
  }),
  8: fn('bytes_len', [BYTES], GIVE_U32, (_, bytes) => bytes.length),
  9: fn('bytes_push', [BYTES, U32], GIVE_BYTES, (host, bytes, value) =>
    spliced(host, bytes, bytes.length, 0, byte(value)),
  ),
  a: fn('bytes_pop', [BYTES], GIVE_BYTES, (host, bytes) => {
    checkIndex(0, bytes.length)
    return spliced(host, bytes, bytes.length - 1, 1)
  }),
  b: fn('bytes_front', [BYTES], GIVE_U32, (_, bytes) => byteAt(bytes, 0)),
  c: fn('bytes_back', [BYTES], GIVE_U32, (_, bytes) =>
    byteAt(bytes, Math.max(0, bytes.length - 1)),
  ),
  d: fn('bytes_insert', [BYTES, U32, U32], GIVE_BYTES, (host, bytes, index, value) => {
    checkIndex(index, bytes.length + 1)
    return spliced(host, bytes, index, 0, byte(value))
  }),
  e: fn('bytes_append', [BYTES, BYTES], GIVE_BYTES, ({ budget }, a, b) => {
    budget.charge(COST.memCpy, a.length + b.length)
    return concat(a, b)
  }),
  f: fn('bytes_slice', [BYTES, U32, U32], GIVE_BYTES, ({ budget }, bytes, start, end) => {
    checkRange(start, end, bytes.length)
    budget.charge(COST.memCpy, end - start)
    return bytes.slice(start, end)
  }),
  g: fn('string_copy_to_linear_memory', [STRING, U32, U32, U32], NOTHING, toMemory),
  h: fn(
    'symbol_copy_to_linear_memory',
    [SYMBOL_OBJECT, U32, U32, U32],
    NOTHING,
    (host, symbol, from, at, count) => toMemory(host, utf8(symbol), from, at, count),
  ),
  i: fn('string_new_from_linear_memory', [U32, U32], GIVE_STRING, (host, at, count) =>
    memoryAt(host, at, count).slice(),
  ),
  j: fn('symbol_new_from_linear_memory', [U32, U32], GIVE_SYMBOL_OBJECT, (host, at, count) => {
    const text = toLatin1(memoryAt(host, at, count))
    if (isSymbol(text)) return text
    throw hostError('Value', 'InvalidInput', 'bad symbol')
  }),
  k: fn('string_len', [STRING], GIVE_U32, (_, bytes) => bytes.length),
  l: fn('symbol_len', [SYMBOL_OBJECT], GIVE_U32, (_, symbol) => symbol.length),
  m: fn('symbol_index_in_linear_memory', [SYMBOL, U32, U32], GIVE_U32, (host, symbol, at, n) => {
    const index = readTexts(host, at, n).indexOf(symbol)
    if (index !== -1) return index
    throw hostError('Value', 'MissingValue', 'symbol not found in linear memory slices')
  }),
  n: fn('string_to_bytes', [STRING], GIVE_BYTES, (_, bytes) => bytes, CONVERSIONS),
  o: fn('bytes_to_string', [BYTES], GIVE_STRING, (_, bytes) => bytes, CONVERSIONS),
}
