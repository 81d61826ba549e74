/**
 * As much of CBOR (RFC 8949) as certificates and canister signatures are written in: unsigned numbers, byte strings, texts, lists and maps of
 * known length. Depth and number of values are counted while reading, and lengths held against what is left, so that a stranger's bytes decide
 * over nothing.
 */
import { refused } from '../../../auth/errors.ts'
import { fromUtf8 } from '../../../node/primitives/bytes.ts'
import { MAX_CBOR_DEPTH, MAX_CBOR_VALUES } from '../limits.ts'

export type CborValue =
  number | Uint8Array | string | readonly CborValue[] | ReadonlyMap<string, CborValue>

/** The tag that says that CBOR follows (RFC 8949 3.4.6). */
const SELF_DESCRIBED = [0xd9, 0xd9, 0xf7] as const

/** The one value in the bytes. `what` is for the log. @throws AUTH_REFUSED */
export function decodeCbor(bytes: Uint8Array, what: string): CborValue {
  const reader = new Reader(bytes, what)
  return reader.whole()
}

class Reader {
  readonly #bytes: Uint8Array
  readonly #what: string
  #at = 0
  #values = 0

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes
    this.#what = what
  }

  whole(): CborValue {
    if (SELF_DESCRIBED.every((byte, at) => this.#bytes[at] === byte)) this.#at = 3
    const value = this.#value(0)
    if (this.#at !== this.#bytes.length) throw this.#wrong('bytes behind the value')
    return value
  }

  #value(depth: number): CborValue {
    if (depth > MAX_CBOR_DEPTH) throw this.#wrong('too deep')
    if (++this.#values > MAX_CBOR_VALUES) throw this.#wrong('too many values')
    const head = this.#byte()
    const length = this.#length(head & 31)
    switch (head >> 5) {
      case 0:
        return length
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
  #length(short: number): number {
    if (short < 24) return short
    if (short > 27) throw this.#wrong('a length that is not known')
    let value = 0
    for (let left = 1 << (short - 24); left > 0; left--) value = value * 256 + this.#byte()
    if (!Number.isSafeInteger(value)) throw this.#wrong('a number that is too large')
    return value
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

  #wrong(why: string): Error {
    return refused(`${this.#what} is no CBOR of ours: ${why}`)
  }
}
