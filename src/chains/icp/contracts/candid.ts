/**
 * As much of Candid as the contracts speak: strict, and bounded before anything is made, since what queries answer is an endpoint's word. Fields are
 * known by their numbers. What our contracts do not answer with is not read.
 * @see https://github.com/dfinity/candid/blob/master/spec/Candid.md
 */
import { concat, equalBytes, fromUtf8, utf8 } from '../../../node/primitives/bytes.ts'

/** An argument. */
export type Argument =
  | { readonly blob: Uint8Array }
  | { readonly text: string }
  | { readonly nat32: number }
  | { readonly nat64: bigint }
  | { readonly optNat64: bigint | undefined }

/** A value as it was answered: records and variants by the numbers of their fields. */
export type CandidValue =
  | bigint
  | boolean
  | string
  | undefined
  | Uint8Array
  | { readonly fields: ReadonlyMap<number, CandidValue> }
  | { readonly tag: number; readonly value: CandidValue }

const MAGIC = utf8('DIDL')
/** What arguments are made of: blobs are 0, optional numbers 1. */
const TABLE = Uint8Array.of(2, 0x6d, 0x7b, 0x6e, 0x78)
/** Types in an answer, fields of one, and how deep it goes: ours have fewer. */
const MAX_TYPES = 32

/** Number of a field. */
export function fieldOf(name: string): number {
  return utf8(name).reduce((hash, byte) => (Math.imul(hash, 223) + byte) >>> 0, 0)
}

/** @throws RangeError for a number that does not fit */
export function encodeArguments(...list: readonly Argument[]): Uint8Array {
  const [types, values] = [list.map(typeOf), list.map(bytesOf)]
  return concat(MAGIC, TABLE, Uint8Array.of(list.length, ...types), ...values)
}

function typeOf(argument: Argument): number {
  if ('blob' in argument) return 0
  if ('optNat64' in argument) return 1
  if ('text' in argument) return 0x71
  return 'nat32' in argument ? 0x79 : 0x78
}

function bytesOf(argument: Argument): Uint8Array {
  if ('blob' in argument) return concat(leb(argument.blob.length), argument.blob)
  if ('text' in argument) return concat(leb(utf8(argument.text).length), utf8(argument.text))
  if ('nat32' in argument) return fixed(BigInt(argument.nat32), 4)
  if ('nat64' in argument) return fixed(argument.nat64, 8)
  if (argument.optNat64 === undefined) return Uint8Array.of(0)
  return concat(Uint8Array.of(1), fixed(argument.optNat64, 8))
}

function leb(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return Uint8Array.of(...bytes, rest)
}

function fixed(value: bigint, length: number): Uint8Array {
  if (BigInt.asUintN(8 * length, value) !== value) throw new RangeError(`${value} is too large`)
  return Uint8Array.from({ length }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn))
}

/** The one value of an answer. @throws RangeError for bytes that are none of ours */
export function decodeAnswer(bytes: Uint8Array): CandidValue {
  return new Reader(bytes).answer()
}

/** A type: a simple one by its number, or what the table says. */
type Type =
  | number
  | { readonly kind: 'opt' | 'vec'; readonly inner: number }
  | { readonly kind: 'record' | 'variant'; readonly fields: readonly (readonly [number, number])[] }

class Reader {
  readonly #bytes: Uint8Array
  #at = 0
  #types: Type[] = []

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  answer(): CandidValue {
    if (!equalBytes(this.#take(4), MAGIC)) throw new RangeError('no Candid')
    this.#types = Array.from({ length: this.#count() }, () => this.#type())
    if (this.#leb() !== 1n) throw new RangeError('more or less than one value')
    const value = this.#value(this.#sleb(), 0)
    if (this.#at !== this.#bytes.length) throw new RangeError('bytes behind the value')
    return value
  }

  #type(): Type {
    const kind = this.#sleb()
    if (kind === -18) return { kind: 'opt', inner: this.#sleb() }
    if (kind === -19) return { kind: 'vec', inner: this.#sleb() }
    if (kind !== -20 && kind !== -21) throw new RangeError(`a type of kind ${kind}`)
    const fields = Array.from({ length: this.#count() }, () => {
      return [Number(this.#leb()), this.#sleb()] as const
    })
    return { kind: kind === -20 ? 'record' : 'variant', fields }
  }

  #value(reference: number, depth: number): CandidValue {
    if (depth > MAX_TYPES) throw new RangeError('too deep')
    const type = reference < 0 ? reference : this.#types[reference]
    if (typeof type === 'number') return this.#simple(type)
    switch (type?.kind) {
      case 'vec':
        // of bytes alone: a list of nothing has no bound
        if (type.inner !== -5) throw new RangeError('a list that is no blob')
        return this.#take(Number(this.#leb()))
      case 'opt':
        return this.#flag() ? this.#value(type.inner, depth + 1) : undefined
      case 'record': {
        const fields = type.fields.map(
          ([field, inner]) => [field, this.#value(inner, depth + 1)] as const,
        )
        return { fields: new Map(fields) }
      }
      case 'variant': {
        const [tag, inner] = type.fields[Number(this.#leb())] ?? []
        if (tag === undefined || inner === undefined) throw new RangeError('a variant of none')
        return { tag, value: this.#value(inner, depth + 1) }
      }
      case undefined:
        throw new RangeError(`there is no type ${reference}`)
    }
  }

  #simple(type: number): CandidValue {
    switch (type) {
      case -1:
        return undefined
      case -2:
        return this.#flag()
      case -3:
        return this.#leb()
      case -5:
      case -6:
      case -7:
      case -8:
        return this.#fixed(2 ** (-5 - type))
      case -15:
        return fromUtf8(this.#take(Number(this.#leb())))
      default:
        throw new RangeError(`a value of kind ${type}`)
    }
  }

  #count(): number {
    const count = this.#leb()
    if (count > MAX_TYPES) throw new RangeError('too many types')
    return Number(count)
  }

  #flag(): boolean {
    const [byte = 2] = this.#take(1)
    if (byte > 1) throw new RangeError('neither yes nor no')
    return byte === 1
  }

  #fixed(length: number): bigint {
    return this.#take(length).reduceRight((value, byte) => value * 256n + BigInt(byte), 0n)
  }

  #leb(): bigint {
    return this.#sevens().value
  }

  /** A signed number. */
  #sleb(): number {
    const { value, bits } = this.#sevens()
    return Number(BigInt.asIntN(bits, value))
  }

  /** Seven bits a byte, the lowest first; no number of ours has more than 128. */
  #sevens(): { readonly value: bigint; readonly bits: number } {
    let value = 0n
    for (let bits = 0; bits <= 19 * 7; bits += 7) {
      const [byte = 0] = this.#take(1)
      value |= BigInt(byte & 0x7f) << BigInt(bits)
      if (byte < 0x80) return { value, bits: bits + 7 }
    }
    throw new RangeError('a number without end')
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw new RangeError('the bytes end too early')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}
