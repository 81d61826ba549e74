/**
 * As much of CBOR (RFC 8949) as certificates, canister signatures and answers of endpoints are written in: unsigned numbers, byte strings, texts,
 * lists and maps of known length, and values that mean nothing. Depth and number of values are counted while reading, and lengths held against
 * what is left, so that a stranger's bytes decide over nothing.
 */
import { fromUtf8 } from '../../../node/primitives/bytes.ts'
import { MAX_CBOR_DEPTH, MAX_CBOR_VALUES } from '../limits.ts'

export type CborValue =
  number | bigint | null | Uint8Array | string | readonly CborValue[] | CborMap
export type CborMap = ReadonlyMap<string, CborValue>

/** Makes an error of what is wrong with bytes that somebody sent: whose fault it is, and what that is called, differs. */
export type Wrong = (why: string) => Error

/** How much there may be. */
export interface CborBounds {
  /** Values within values. @default MAX_CBOR_DEPTH */
  readonly depth?: number
  /** @default MAX_CBOR_VALUES */
  readonly values?: number
}

/** The tag that says that CBOR follows (RFC 8949 3.4.6). */
const SELF_DESCRIBED = [0xd9, 0xd9, 0xf7] as const
/** Nothing (RFC 8949 3.3). */
const NULL = 0xf6

/** The one value in the bytes. `what` is for the log. @throws what `wrong` makes */
export function decodeCbor(
  bytes: Uint8Array,
  what: string,
  wrong: Wrong,
  bounds: CborBounds = {},
): CborValue {
  const reader = new Reader(bytes, (why) => wrong(`${what} is no CBOR of ours: ${why}`), bounds)
  return reader.whole()
}

class Reader {
  readonly #bytes: Uint8Array
  readonly #wrong: Wrong
  readonly #depth: number
  readonly #mostValues: number
  #at = 0
  #values = 0

  constructor(bytes: Uint8Array, wrong: Wrong, bounds: CborBounds) {
    this.#bytes = bytes
    this.#wrong = wrong
    this.#depth = bounds.depth ?? MAX_CBOR_DEPTH
    this.#mostValues = bounds.values ?? MAX_CBOR_VALUES
  }

  whole(): CborValue {
    if (SELF_DESCRIBED.every((byte, at) => this.#bytes[at] === byte)) this.#at = 3
    const value = this.#value(0)
    if (this.#at !== this.#bytes.length) throw this.#wrong('bytes behind the value')
    return value
  }

  #value(depth: number): CborValue {
    if (depth > this.#depth) throw this.#wrong('too deep')
    if (++this.#values > this.#mostValues) throw this.#wrong('too many values')
    const head = this.#byte()
    if (head === NULL) return null
    const given = this.#number(head & 31)
    if (head >> 5 === 0) return given
    if (typeof given === 'bigint') throw this.#wrong('a length that is too large')
    const length = given
    switch (head >> 5) {
      case 2:
        return this.#take(length)
      case 3:
        return this.#text(length)
      case 4:
        return this.#list(length, depth)
      case 5:
        return this.#map(length, depth)
      default:
        throw this.#wrong(`a value of kind ${head >> 5}`)
    }
  }

  #list(length: number, depth: number): CborValue[] {
    this.#bound(length)
    const list: CborValue[] = []
    for (let i = 0; i < length; i++) list.push(this.#value(depth + 1))
    return list
  }

  #map(length: number, depth: number): Map<string, CborValue> {
    this.#bound(length)
    const map = new Map<string, CborValue>()
    for (let i = 0; i < length; i++) {
      const key = this.#value(depth + 1)
      if (typeof key !== 'string' || map.has(key)) throw this.#wrong('a key that is none')
      map.set(key, this.#value(depth + 1))
    }
    return map
  }

  #text(length: number): string {
    const bytes = this.#take(length)
    try {
      return fromUtf8(bytes)
    } catch {
      throw this.#wrong('a text that is none')
    }
  }

  /** A number of the head, or of the bytes behind it. */
  #number(short: number): number | bigint {
    if (short < 24) return short
    if (short > 27) throw this.#wrong('a length that is not known')
    let value = 0n
    for (let left = 1 << (short - 24); left > 0; left--) value = value * 256n + BigInt(this.#byte())
    return value > Number.MAX_SAFE_INTEGER ? value : Number(value)
  }

  /** A value takes a byte at least. */
  #bound(length: number): void {
    if (length > this.#bytes.length - this.#at) throw this.#wrong('the bytes end too early')
  }

  #take(length: number): Uint8Array {
    this.#bound(length)
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw this.#wrong('the bytes end too early')
    return byte
  }
}
