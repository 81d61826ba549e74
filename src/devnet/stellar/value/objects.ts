/** Objects of one invocation, by their handles: made once, never changed, gone with the invocation. */
import { COST, type Meter } from '../budget/costs.ts'
import { ADDRESS, type Address } from './address.ts'
import { hostError } from './errors.ts'
import {
  isSymbol,
  objectVal,
  smallNumber,
  smallNumberOf,
  smallSymbol,
  smallSymbolText,
  TAG,
  tagOf,
  upperOf,
  type Val,
  wideTag,
} from './word.ts'

/** Keys and values, in the order of their keys. */
export type MapEntries = readonly (readonly [Val, Val])[]

/** What is behind a handle. Numbers have the tag of their width; bytes, strings and tags of executables are bytes. */
export type HostObject = { readonly tag: number } & (
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'symbol'; readonly value: string }
  | { readonly kind: 'vec'; readonly value: readonly Val[] }
  | { readonly kind: 'map'; readonly value: MapEntries }
  | { readonly kind: 'address'; readonly value: Address }
)

/** Bytes of memory that an object counts for, whatever it holds. */
const OBJECT_BYTES = 64

export class Objects {
  readonly #all: HostObject[] = []
  readonly meter: Meter

  constructor(meter: Meter) {
    this.meter = meter
  }

  #add(object: HostObject): Val {
    this.meter.charge(COST.memAlloc, OBJECT_BYTES)
    // absolute handles are odd; those that contracts see are even
    const handle = this.#all.push(object) * 2 - 1
    return objectVal(object.tag, handle)
  }

  /** `tag` of {@link TAG}: of the object, also where the number fits into a word. */
  newNumber(tag: number, value: bigint): Val {
    return smallNumber(tag, value) ?? this.newWideNumber(tag, value)
  }

  /** A number that is an object even where it would fit into a word. */
  newWideNumber(tag: number, value: bigint): Val {
    return this.#add({ kind: 'number', tag, value })
  }

  newBytes(value: Uint8Array, tag: number = TAG.bytes): Val {
    return this.#add({ kind: 'bytes', tag, value })
  }

  /** @throws HostError where it has other characters, or too many */
  newSymbol(text: string): Val {
    if (!isSymbol(text)) throw hostError('Value', 'InvalidInput', 'bad symbol')
    return smallSymbol(text) ?? this.newWideSymbol(text)
  }

  newWideSymbol(value: string): Val {
    return this.#add({ kind: 'symbol', tag: TAG.symbol, value })
  }

  newVec(value: readonly Val[]): Val {
    return this.#add({ kind: 'vec', tag: TAG.vec, value })
  }

  newMap(value: MapEntries): Val {
    return this.#add({ kind: 'map', tag: TAG.map, value })
  }

  newAddress(value: Address): Val {
    if (value.kind > ADDRESS.contract) {
      throw hostError('Object', 'InvalidInput', 'an address of this kind is no address of values')
    }
    return this.#add({ kind: 'address', tag: TAG.address, value })
  }

  newMuxed(value: Address): Val {
    return this.#add({ kind: 'address', tag: TAG.muxed, value })
  }

  /** What is behind an absolute handle. */
  get(value: Val): HostObject {
    this.meter.charge(COST.visit)
    const handle = upperOf(value)
    if ((handle & 1) === 0) {
      throw hostError('Object', 'InternalError', 'looking up relative object')
    }
    const object = this.#all[handle >>> 1]
    if (object === undefined) {
      throw hostError('Value', 'InvalidInput', 'unknown object reference')
    }
    if (object.tag !== tagOf(value)) {
      throw hostError('Value', 'InvalidInput', 'object integrity: tag mismatch')
    }
    return object
  }

  /** A number of any width, in a word or not. */
  number(value: Val): bigint {
    const tag = tagOf(value)
    if (tag >= TAG.u64Small && tag <= TAG.i256Small) return smallNumberOf(value)
    const object = tag >= TAG.u64 && tag <= TAG.i256 ? this.get(value) : undefined
    if (object?.kind === 'number') return object.value
    throw hostError('Value', 'UnexpectedType', 'not a number')
  }

  /** A number whose objects have this tag. */
  numberOf(value: Val, tag: number): bigint {
    if (wideTag(tagOf(value)) !== tag) throw unexpected()
    return this.number(value)
  }

  symbol(value: Val): string {
    if (tagOf(value) === TAG.symbolSmall) return smallSymbolText(value)
    const object = tagOf(value) === TAG.symbol ? this.get(value) : undefined
    if (object?.kind === 'symbol') return object.value
    throw unexpected()
  }

  bytes(value: Val, tag: number = TAG.bytes): Uint8Array {
    const object = tagOf(value) === tag ? this.get(value) : undefined
    if (object?.kind === 'bytes') return object.value
    throw unexpected()
  }

  vec(value: Val): readonly Val[] {
    const object = tagOf(value) === TAG.vec ? this.get(value) : undefined
    if (object?.kind === 'vec') return object.value
    throw unexpected()
  }

  map(value: Val): MapEntries {
    const object = tagOf(value) === TAG.map ? this.get(value) : undefined
    if (object?.kind === 'map') return object.value
    throw unexpected()
  }

  address(value: Val, tag: number = TAG.address): Address {
    const object = tagOf(value) === tag ? this.get(value) : undefined
    if (object?.kind === 'address') return object.value
    throw unexpected()
  }
}

function unexpected(): Error {
  return hostError('Value', 'UnexpectedType', 'unexpected type of value')
}
