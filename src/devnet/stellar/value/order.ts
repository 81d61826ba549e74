/** The order of values, which maps are sorted by: of two words, of a word and an object, and of two objects. */
import { compareBytes } from '../../../node/primitives/bytes.ts'
import { COST } from '../budget/costs.ts'
import { compareAddresses } from './address.ts'
import type { HostObject, MapEntries, Objects } from './objects.ts'
import { errorOf, smallNumberOf, smallSymbolText, TAG, tagOf, upperOf, type Val } from './word.ts'

function order<T extends number | bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** -1, 0 or 1. Symbols are ordered as text, and numbers as numbers, whether they are in a word or not. */
export function compareValues(objects: Objects, a: Val, b: Val): number {
  if (a === b) return 0
  const [left, right] = [tagOf(a), tagOf(b)]
  const [isLeftObject, isRightObject] = [left >= TAG.u64, right >= TAG.u64]
  if (isLeftObject && isRightObject) return compareObjects(objects, objects.get(a), objects.get(b))
  if (!isLeftObject && !isRightObject) {
    return left === right ? compareWords(left, a, b) : order(left, right)
  }
  const [x, y] = [kindOf(left), kindOf(right)]
  if (x !== y) return order(x, y)
  if (x === KIND_SYMBOL) return order(objects.symbol(a), objects.symbol(b))
  return order(objects.number(a), objects.number(b))
}

function compareWords(tag: number, a: Val, b: Val): number {
  if (tag === TAG.error) {
    const [x, y] = [errorOf(a), errorOf(b)]
    return order(x.type, y.type) || order(x.code, y.code)
  }
  if (tag === TAG.u32) return order(upperOf(a), upperOf(b))
  if (tag === TAG.i32) return order(upperOf(a) | 0, upperOf(b) | 0)
  if (tag === TAG.symbolSmall) return order(smallSymbolText(a), smallSymbolText(b))
  return tag < TAG.u64Small ? 0 : order(smallNumberOf(a), smallNumberOf(b))
}

function compareObjects(objects: Objects, a: HostObject, b: HostObject): number {
  // the tags of objects are in the order of their kinds
  if (a.tag !== b.tag) return order(a.tag, b.tag)
  if (a.kind === 'vec' && b.kind === 'vec') {
    return compareLists(a.value, b.value, (x, y) => compareValues(objects, x, y))
  }
  if (a.kind === 'map' && b.kind === 'map') {
    return compareLists(
      ...([a.value, b.value] as const),
      ([k, v], [l, w]) => compareValues(objects, k, l) || compareValues(objects, v, w),
    )
  }
  if (a.kind === 'bytes' && b.kind === 'bytes') {
    objects.meter.charge(COST.memCmp, Math.min(a.value.length, b.value.length))
    return Math.sign(compareBytes(a.value, b.value))
  }
  objects.meter.charge(COST.memCmp, 32)
  if (a.kind === 'address' && b.kind === 'address') return compareAddresses(a.value, b.value)
  if (a.kind === 'number' && b.kind === 'number') return order(a.value, b.value)
  return a.kind === 'symbol' && b.kind === 'symbol' ? order(a.value, b.value) : 0
}

function compareLists<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (x: T, y: T) => number,
): number {
  for (const [i, x] of a.entries()) {
    const y = b[i]
    if (y === undefined) return 1
    const found = compare(x, y)
    if (found !== 0) return found
  }
  return a.length < b.length ? -1 : 0
}

const KIND_SYMBOL = 15

/** XDR's type of value of a tag; as such an object is compared with a word. */
function kindOf(tag: number): number {
  if (tag <= TAG.true) return 0
  if (tag < TAG.symbolSmall) return tag - 1
  if (tag === TAG.symbolSmall || tag === TAG.symbol) return KIND_SYMBOL
  if (tag <= TAG.i256) return tag - TAG.u64 + 5
  const kinds = new Map<number, number>([
    ...[[TAG.bytes, 13] as const, [TAG.string, 14] as const, [TAG.vec, 16] as const],
    ...[[TAG.map, 17] as const, [TAG.execTag, 22] as const],
  ])
  return kinds.get(tag) ?? 18
}

/** Where a key is in a map, or would be. */
export function findKey(
  objects: Objects,
  map: MapEntries,
  key: Val,
): { readonly index: number; readonly value: Val | undefined } {
  let low = 0
  let high = map.length
  while (low < high) {
    const middle = (low + high) >> 1
    const [here, value] = map[middle] ?? [key, undefined]
    const found = compareValues(objects, here, key)
    if (found === 0) return { index: middle, value }
    if (found < 0) low = middle + 1
    else high = middle
  }
  return { index: low, value: undefined }
}

/** The map with a key set. */
export function withKey(objects: Objects, map: MapEntries, key: Val, value: Val): MapEntries {
  const { index, value: old } = findKey(objects, map, key)
  return map.toSpliced(index, old === undefined ? 0 : 1, [key, value])
}

/** The map without a key. */
export function withoutKey(objects: Objects, map: MapEntries, key: Val): MapEntries {
  const { index, value } = findKey(objects, map, key)
  return value === undefined ? map : map.toSpliced(index, 1)
}
