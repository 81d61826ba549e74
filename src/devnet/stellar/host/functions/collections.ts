/** Functions on maps (module `m`) and vectors (module `v`), which are copied by each change. */
import { COST } from '../../budget/costs.ts'
import { hostError } from '../../value/errors.ts'
import type { MapEntries } from '../../value/objects.ts'
import { compareValues, findKey, withKey, withoutKey } from '../../value/order.ts'
import { TAG, tagOf, u32Val, type Val, VOID } from '../../value/word.ts'
import { readTexts, readValues, writeValues } from '../../vm/memory.ts'
import type { Host } from '../host.ts'
import {
  checkIndex,
  checkRange,
  fn,
  GIVE_BOOL,
  GIVE_MAP,
  GIVE_PLAIN,
  GIVE_U32,
  GIVE_VALUE,
  GIVE_VEC,
  type HostFunctions,
  MAP,
  NOTHING,
  U32,
  VALUE,
  VEC,
} from './define.ts'

/** The first protocol with maps from which some keys may be left out. */
const SPARSE = 28

function missingKey(key: Val): Error {
  return hostError('Object', 'MissingValue', 'map key not found', [key])
}

function entryAt(map: MapEntries, index: number): readonly [Val, Val] {
  checkIndex(index, map.length)
  return map[index] ?? [VOID, VOID]
}

function fromMemory(
  host: Host,
  keysAt: number,
  valuesAt: number,
  count: number,
  isSparse: boolean,
): MapEntries {
  const keys = readTexts(host, keysAt, count).map((text) => host.objects.newSymbol(text))
  const values = readValues(host, valuesAt, count)
  const entries = keys.map((key, i) => {
    const before = keys[i - 1]
    if (before !== undefined && compareValues(host.objects, before, key) >= 0) {
      throw hostError('Object', 'InvalidInput', 'map keys out of order or duplicated')
    }
    return [key, values[i] ?? VOID] as const
  })
  return isSparse ? entries.filter(([, value]) => value !== VOID) : entries
}

function toMemory(
  host: Host,
  map: MapEntries,
  keysAt: number,
  valuesAt: number,
  count: number,
  isSparse: boolean,
): void {
  const wanted = readTexts(host, keysAt, count)
  if (!isSparse && map.length !== count) {
    const detail = 'differing host map and output slice lengths when unpacking map'
    throw hostError('Object', 'UnexpectedSize', detail)
  }
  let next = 0
  const values = wanted.map((text) => {
    const [key, value] = map[next] ?? [VOID, VOID]
    const isSymbol = tagOf(key) === TAG.symbol || tagOf(key) === TAG.symbolSmall
    if (isSymbol && host.objects.symbol(key) === text) {
      next++
      return value
    }
    if (isSparse) return VOID
    throw hostError('Object', 'InvalidInput', 'key mismatch when unpacking map')
  })
  if (next !== map.length) {
    throw hostError('Object', 'InvalidInput', 'map has keys that are not expected')
  }
  writeValues(host, valuesAt, values)
}

function paid(host: Host, map: MapEntries): MapEntries {
  host.budget.charge(COST.memCpy, map.length * 16)
  return map
}

export const MAP_FUNCTIONS: HostFunctions = {
  _: fn('map_new', [], GIVE_MAP, () => []),
  0: fn('map_put', [MAP, VALUE, VALUE], GIVE_MAP, (host, map, key, value) =>
    paid(host, withKey(host.objects, map, key, value)),
  ),
  1: fn('map_get', [MAP, VALUE], GIVE_VALUE, ({ objects }, map, key) => {
    const { value } = findKey(objects, map, key)
    if (value === undefined) throw missingKey(key)
    return value
  }),
  2: fn('map_del', [MAP, VALUE], GIVE_MAP, (host, map, key) => {
    const left = withoutKey(host.objects, map, key)
    if (left === map) throw missingKey(key)
    return paid(host, left)
  }),
  3: fn('map_len', [MAP], GIVE_U32, (_, map) => map.length),
  4: fn(
    'map_has',
    [MAP, VALUE],
    GIVE_BOOL,
    ({ objects }, map, key) => findKey(objects, map, key).value !== undefined,
  ),
  5: fn('map_key_by_pos', [MAP, U32], GIVE_VALUE, (_, map, index) => entryAt(map, index)[0]),
  6: fn('map_val_by_pos', [MAP, U32], GIVE_VALUE, (_, map, index) => entryAt(map, index)[1]),
  7: fn('map_keys', [MAP], GIVE_VEC, (host, map) => paid(host, map).map(([key]) => key)),
  8: fn('map_values', [MAP], GIVE_VEC, (host, map) => paid(host, map).map(([, value]) => value)),
  9: fn('map_new_from_linear_memory', [U32, U32, U32], GIVE_MAP, (host, keys, values, count) =>
    fromMemory(host, keys, values, count, false),
  ),
  a: fn('map_unpack_to_linear_memory', [MAP, U32, U32, U32], NOTHING, (host, ...args) =>
    toMemory(host, ...args, false),
  ),
  b: fn(
    'sparse_map_new_from_linear_memory',
    [U32, U32, U32],
    GIVE_MAP,
    (host, keys, values, count) => fromMemory(host, keys, values, count, true),
    SPARSE,
  ),
  c: fn(
    'sparse_map_unpack_to_linear_memory',
    [MAP, U32, U32, U32],
    NOTHING,
    (host, ...args) => toMemory(host, ...args, true),
    SPARSE,
  ),
}

type Values = readonly Val[]

function itemAt(vec: Values, index: number): Val {
  checkIndex(index, vec.length)
  return vec[index] ?? VOID
}

/** A change of a copy. */
function changed(host: Host, vec: Values, start: number, remove: number, ...add: Val[]): Val[] {
  host.budget.charge(COST.memCpy, vec.length * 8)
  return vec.toSpliced(start, remove, ...add)
}

/** Where a value is; the index in the lower half, and above it whether it is there. */
function search({ objects }: Host, vec: Values, value: Val): bigint {
  let low = 0
  let high = vec.length
  while (low < high) {
    const middle = (low + high) >> 1
    const found = compareValues(objects, vec[middle] ?? VOID, value)
    if (found === 0) return (1n << 32n) | BigInt(middle)
    if (found < 0) low = middle + 1
    else high = middle
  }
  return BigInt(low)
}

function indexOf({ objects }: Host, indexes: readonly number[], vec: Values, value: Val): Val {
  const found = indexes.find((i) => compareValues(objects, value, vec[i] ?? VOID) === 0)
  return found === undefined ? VOID : u32Val(found)
}

export const VEC_FUNCTIONS: HostFunctions = {
  _: fn('vec_new', [], GIVE_VEC, () => []),
  0: fn('vec_put', [VEC, U32, VALUE], GIVE_VEC, (host, vec, index, value) => {
    checkIndex(index, vec.length)
    return changed(host, vec, index, 1, value)
  }),
  1: fn('vec_get', [VEC, U32], GIVE_VALUE, (_, vec, index) => itemAt(vec, index)),
  2: fn('vec_del', [VEC, U32], GIVE_VEC, (host, vec, index) => {
    checkIndex(index, vec.length)
    return changed(host, vec, index, 1)
  }),
  3: fn('vec_len', [VEC], GIVE_U32, (_, vec) => vec.length),
  4: fn('vec_push_front', [VEC, VALUE], GIVE_VEC, (host, vec, value) =>
    changed(host, vec, 0, 0, value),
  ),
  5: fn('vec_pop_front', [VEC], GIVE_VEC, (host, vec) => {
    checkIndex(0, vec.length)
    return changed(host, vec, 0, 1)
  }),
  6: fn('vec_push_back', [VEC, VALUE], GIVE_VEC, (host, vec, value) =>
    changed(host, vec, vec.length, 0, value),
  ),
  7: fn('vec_pop_back', [VEC], GIVE_VEC, (host, vec) => {
    checkIndex(0, vec.length)
    return changed(host, vec, vec.length - 1, 1)
  }),
  8: fn('vec_front', [VEC], GIVE_VALUE, (_, vec) => itemAt(vec, 0)),
  9: fn('vec_back', [VEC], GIVE_VALUE, (_, vec) => itemAt(vec, Math.max(0, vec.length - 1))),
  a: fn('vec_insert', [VEC, U32, VALUE], GIVE_VEC, (host, vec, index, value) => {
    checkIndex(index, vec.length + 1)
    return changed(host, vec, index, 0, value)
  }),
  b: fn('vec_append', [VEC, VEC], GIVE_VEC, (host, vec, other) =>
    changed(host, vec, vec.length, 0, ...other),
  ),
  c: fn('vec_slice', [VEC, U32, U32], GIVE_VEC, (host, vec, start, end) => {
    checkRange(start, end, vec.length)
    host.budget.charge(COST.memCpy, (end - start) * 8)
    return vec.slice(start, end)
  }),
  d: fn('vec_first_index_of', [VEC, VALUE], GIVE_VALUE, (host, vec, value) =>
    indexOf(host, [...vec.keys()], vec, value),
  ),
  e: fn('vec_last_index_of', [VEC, VALUE], GIVE_VALUE, (host, vec, value) =>
    indexOf(host, [...vec.keys()].reverse(), vec, value),
  ),
  f: fn('vec_binary_search', [VEC, VALUE], GIVE_PLAIN, search),
  g: fn('vec_new_from_linear_memory', [U32, U32], GIVE_VEC, readValues),
  h: fn('vec_unpack_to_linear_memory', [VEC, U32, U32], NOTHING, (host, vec, at, count) => {
    if (vec.length !== count) {
      const detail = 'differing host vector and output vector lengths'
      throw hostError('Object', 'UnexpectedSize', detail)
    }
    writeValues(host, at, vec)
  }),
}
