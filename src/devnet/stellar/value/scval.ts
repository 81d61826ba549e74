/** Values as XDR: what transactions bring, ledgers keep, and events carry. */
import { fromUtf8, utf8 } from '../../../node/primitives/bytes.ts'
import { COST } from '../budget/costs.ts'
import { toLatin1 } from '../codec/text.ts'
import { XdrReader, XdrWriter } from '../codec/xdr.ts'
import { ADDRESS, readAddress, writeAddress } from './address.ts'
import { hostError } from './errors.ts'
import type { HostObject, Objects } from './objects.ts'
import { compareValues } from './order.ts'
import {
  errorOf,
  errorVal,
  FALSE,
  i32Val,
  isSymbol,
  smallNumberOf,
  smallSymbolText,
  TAG,
  tagOf,
  TRUE,
  u32Val,
  upperOf,
  type Val,
  VOID,
  wideTag,
  widthOf,
} from './word.ts'

/** XDR's types of values. */
export const SCV = {
  bool: 0,
  void: 1,
  error: 2,
  u32: 3,
  i32: 4,
  u64: 5,
  i256: 12,
  bytes: 13,
  string: 14,
  symbol: 15,
  vec: 16,
  map: 17,
  address: 18,
  instance: 19,
  instanceKey: 20,
  nonceKey: 21,
  execTag: 22,
} as const

/** Values within values, at most. */
const MAX_DEPTH = 100

function tooDeep(): Error {
  return hostError('Context', 'ExceededLimit', 'values within values are too deep')
}

/** Adds a value. @throws HostError */
export function writeScVal(objects: Objects, w: XdrWriter, value: Val, depth = 0): XdrWriter {
  if (depth > MAX_DEPTH) throw tooDeep()
  const tag = tagOf(value)
  if (tag === TAG.false || tag === TAG.true) return w.u32(SCV.bool).u32(tag)
  if (tag === TAG.void) return w.u32(SCV.void)
  if (tag === TAG.u32 || tag === TAG.i32) {
    return w.u32(tag === TAG.u32 ? SCV.u32 : SCV.i32).u32(upperOf(value))
  }
  if (tag === TAG.error) {
    const { type, code } = errorOf(value)
    return w.u32(SCV.error).u32(type).u32(code)
  }
  if (tag === TAG.symbolSmall) return w.u32(SCV.symbol).bytes(utf8(smallSymbolText(value)))
  if (tag < TAG.symbolSmall) return writeNumber(w, wideTag(tag), smallNumberOf(value))
  return writeObject(objects, w, objects.get(value), depth)
}

function writeNumber(w: XdrWriter, tag: number, value: bigint): XdrWriter {
  w.u32(tag - TAG.u64 + SCV.u64)
  for (let shift = widthOf(tag).bits - 64; shift >= 0; shift -= 64) w.u64(value >> BigInt(shift))
  return w
}

function writeObject(objects: Objects, w: XdrWriter, object: HostObject, depth: number): XdrWriter {
  const { tag } = object
  switch (object.kind) {
    case 'number':
      return writeNumber(w, tag, object.value)
    case 'symbol':
      return w.u32(SCV.symbol).bytes(utf8(object.value))
    case 'bytes':
      return w
        .u32(tag === TAG.bytes ? SCV.bytes : tag === TAG.string ? SCV.string : SCV.execTag)
        .bytes(object.value)
    case 'address':
      return writeAddress(w.u32(SCV.address), object.value)
    case 'vec':
      w.u32(SCV.vec).u32(1).u32(object.value.length)
      for (const one of object.value) writeScVal(objects, w, one, depth + 1)
      return w
    case 'map':
      w.u32(SCV.map).u32(1).u32(object.value.length)
      for (const [key, value] of object.value) {
        writeScVal(objects, w, key, depth + 1)
        writeScVal(objects, w, value, depth + 1)
      }
      return w
    default:
      return object satisfies never
  }
}

/** Bytes of memory that each value takes on its way. */
const VALUE_BYTES = 96

/** How many values a value is, with those in it. */
function valuesIn(objects: Objects, value: Val): number {
  const tag = tagOf(value)
  if (tag !== TAG.vec && tag !== TAG.map) return 1
  const items = tag === TAG.vec ? objects.vec(value) : objects.map(value).flat()
  return items.reduce((sum: number, one) => sum + valuesIn(objects, one), 1)
}

/** A value as XDR, paid for. */
export function toScVal(objects: Objects, value: Val): Uint8Array {
  const bytes = writeScVal(objects, new XdrWriter(), value).done()
  objects.meter.charge(COST.valSer, bytes.length)
  objects.meter.charge(COST.memAlloc, VALUE_BYTES, valuesIn(objects, value))
  return bytes
}

/** Reads a value. @throws HostError, XdrInvalid */
export function readScVal(objects: Objects, r: XdrReader, depth = 0): Val {
  if (depth > MAX_DEPTH) throw tooDeep()
  const type = r.u32()
  if (type >= SCV.u64 && type <= SCV.i256) return readNumber(objects, r, type - SCV.u64 + TAG.u64)
  switch (type) {
    case SCV.bool: {
      const value = r.u32()
      if (value > 1) throw invalid('bad boolean')
      return value === 1 ? TRUE : FALSE
    }
    case SCV.void:
      return VOID
    case SCV.error: {
      const kind = r.u32()
      const code = r.u32()
      if (kind > 9 || (kind !== 0 && code > 9)) throw invalid('bad error')
      return errorVal(kind, code)
    }
    case SCV.u32:
      return u32Val(r.u32())
    case SCV.i32:
      return i32Val(r.u32())
    case SCV.bytes:
      return objects.newBytes(r.bytes())
    case SCV.string:
      return objects.newBytes(r.bytes(), TAG.string)
    case SCV.execTag:
      return objects.newBytes(r.bytes(), TAG.execTag)
    case SCV.symbol: {
      const text = toLatin1(r.bytes())
      if (!isSymbol(text)) throw invalid('bad symbol')
      return objects.newSymbol(text)
    }
    case SCV.vec:
      return objects.newVec(readItems(r, () => readScVal(objects, r, depth + 1)))
    case SCV.map:
      return readMap(objects, r, depth)
    case SCV.address: {
      const address = readAddress(r)
      return address.kind === ADDRESS.muxed
        ? objects.newMuxed(address)
        : objects.newAddress(address)
    }
    default:
      throw hostError('Value', 'UnexpectedType', `values of type ${type} are none of contracts`)
  }
}

function invalid(detail: string): Error {
  return hostError('Value', 'InvalidInput', detail)
}

function readNumber(objects: Objects, r: XdrReader, tag: number): Val {
  const { bits, isSigned } = widthOf(tag)
  let value = 0n
  for (let read = 0; read < bits; read += 64) value = (value << 64n) | r.u64()
  return objects.newNumber(tag, isSigned ? BigInt.asIntN(bits, value) : value)
}

/** An optional list, which must be there. */
function readItems<T>(r: XdrReader, item: () => T): T[] {
  if (r.u32() !== 1) throw invalid('a list that is not there')
  const count = r.count()
  const items: T[] = []
  for (let i = 0; i < count; i++) items.push(item())
  return items
}

function readMap(objects: Objects, r: XdrReader, depth: number): Val {
  let last: Val | undefined
  const entries = readItems(r, () => {
    const key = readScVal(objects, r, depth + 1)
    if (last !== undefined && compareValues(objects, last, key) >= 0) {
      throw hostError('Object', 'InvalidInput', 'map was not sorted by key')
    }
    last = key
    return [key, readScVal(objects, r, depth + 1)] as const
  })
  return objects.newMap(entries)
}

/** The value of XDR bytes, paid for. @throws HostError, XdrInvalid */
export function fromScVal(objects: Objects, bytes: Uint8Array): Val {
  objects.meter.charge(COST.valDeser, bytes.length)
  const r = new XdrReader(bytes)
  const value = readScVal(objects, r)
  r.end()
  return value
}

/** Text of a string of values, or of its bytes where they are no UTF-8. */
export function textOfBytes(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch {
    return toLatin1(bytes)
  }
}
