/** CBOR as the chain's interface uses it: maps with text keys, definite lengths when written, nothing larger than what was sent when read. */
import { concat, fromUtf8, utf8 } from '../../../node/primitives/bytes.ts'

export type CborValue =
  | bigint
  | number
  | string
  | boolean
  | null
  | undefined
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue }

/** Bytes that are no CBOR, or not of the kind that is spoken here. */
export class CborError extends Error {
  override readonly name: string = 'CborError'
}

const SELF_DESCRIBED = Uint8Array.of(0xd9, 0xd9, 0xf7)
const MAX_DEPTH = 64
const BREAK = 0xff
const INDEFINITE = 31
/** Major types. */
const MAJOR = { unsigned: 0, negative: 1, bytes: 2, text: 3, list: 4, map: 5, tag: 6 } as const
const TAG_BIGNUM = 2n
/** Simple values. */
const SIMPLE = new Map<number, CborValue>([
  [20, false],
  [21, true],
  [22, null],
  [23, undefined],
])

/** A document that says that it is CBOR. Entries that are undefined are left out. */
export function encodeCbor(value: CborValue): Uint8Array {
  return concat(SELF_DESCRIBED, ...partsOf(value))
}

function head(major: number, n: bigint): Uint8Array {
  const first = major << 5
  if (n < 24n) return Uint8Array.of(first | Number(n))
  const width = n < 0x100n ? 1 : n < 0x1_0000n ? 2 : n < 0x1_0000_0000n ? 4 : 8
  const out = new Uint8Array(1 + width)
  out[0] = first | (24 + Math.log2(width))
  for (let i = 0; i < width; i++) out[width - i] = Number((n >> BigInt(8 * i)) & 0xffn)
  return out
}

function partsOf(value: CborValue): Uint8Array[] {
  if (typeof value === 'number' || typeof value === 'bigint') return [unsigned(BigInt(value))]
  if (typeof value === 'string') {
    const bytes = utf8(value)
    return [head(MAJOR.text, BigInt(bytes.length)), bytes]
  }
  if (value instanceof Uint8Array) return [head(MAJOR.bytes, BigInt(value.length)), value]
  if (isList(value)) return [head(MAJOR.list, BigInt(value.length)), ...value.flatMap(partsOf)]
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, one]) => one !== undefined)
    return [
      head(MAJOR.map, BigInt(entries.length)),
      ...entries.flatMap(([key, one]) => [...partsOf(key), ...partsOf(one)]),
    ]
  }
  const simple = [...SIMPLE].find(([, one]) => one === value)?.[0] ?? 23
  return [Uint8Array.of(0xe0 | simple)]
}

function isList(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value)
}

function unsigned(n: bigint): Uint8Array {
  if (n < 0n) throw new RangeError(`expected a number from 0 on, got ${n}`)
  if (n >> 64n === 0n) return head(MAJOR.unsigned, n)
  const digits = n.toString(16)
  const bytes = Uint8Array.from(
    digits.padStart(digits.length + (digits.length % 2), '0').match(/../g) ?? [],
    (pair) => parseInt(pair, 16),
  )
  return concat(Uint8Array.of(0xc2), head(MAJOR.bytes, BigInt(bytes.length)), bytes)
}

/** The one value that the bytes are. @throws CborError */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const reader = new Reader(bytes)
  const value = reader.value(0)
  if (reader.at !== bytes.length) throw new CborError('bytes follow the value')
  return value
}

class Reader {
  at = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    // Node's own kind of bytes does not copy where it is cut
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  value(depth: number): CborValue {
    if (depth > MAX_DEPTH) throw new CborError('nested too deep')
    const first = this.#take(1)[0] ?? 0
    const major = first >> 5
    const low = first & 31
    const isOpen = low === INDEFINITE && (major === MAJOR.list || major === MAJOR.map)
    const n = isOpen ? 0n : this.#number(low, major)
    const size = isOpen ? undefined : Number(n)
    switch (major) {
      case MAJOR.unsigned:
        return n <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(n) : n
      case MAJOR.negative:
        return -1n - n
      case MAJOR.bytes:
        return this.#take(Number(n)).slice()
      case MAJOR.text:
        return textOf(this.#take(Number(n)))
      case MAJOR.list: {
        const out: CborValue[] = []
        while (this.#hasMore(size, out.length)) out.push(this.value(depth + 1))
        return out
      }
      case MAJOR.map:
        return this.#map(size, depth)
      case MAJOR.tag: {
        const value = this.value(depth + 1)
        if (n !== TAG_BIGNUM || !(value instanceof Uint8Array)) return value
        return value.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
      }
      default: {
        if (!SIMPLE.has(low)) throw new CborError(`simple value ${low}`)
        return SIMPLE.get(low)
      }
    }
  }

  #map(size: number | undefined, depth: number): CborValue {
    const out = Object.create(null) as Record<string, CborValue>
    let count = 0
    while (this.#hasMore(size, count)) {
      const key = this.value(depth + 1)
      if (typeof key !== 'string') throw new CborError('a key is no text')
      if (Object.hasOwn(out, key)) throw new CborError(`two entries are called ${key}`)
      out[key] = this.value(depth + 1)
      count++
    }
    return out
  }

  /** Every item has a byte at least, so that a large count allocates nothing. */
  #hasMore(size: number | undefined, have: number): boolean {
    if (size !== undefined) return have < size
    if (this.#bytes[this.at] !== BREAK) return true
    this.at++
    return false
  }

  #number(low: number, major: number): bigint {
    if (low < 24) return BigInt(low)
    if (low > 27 || major === 7) throw new CborError('a length of another kind')
    return this.#take(2 ** (low - 24)).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.at) throw new CborError('the bytes end too early')
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch {
    throw new CborError('a text is not UTF-8')
  }
}
