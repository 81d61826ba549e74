/**
 * Values as contracts hold them: 64-bit words whose lowest byte is a tag. What fits is in the word; the rest is an object of the host, and the
 * word is its handle. Words are unsigned.
 */

/** A value. */
export type Val = bigint

export const TAG = {
  false: 0,
  true: 1,
  void: 2,
  error: 3,
  u32: 4,
  i32: 5,
  u64Small: 6,
  i64Small: 7,
  timepointSmall: 8,
  durationSmall: 9,
  u128Small: 10,
  i128Small: 11,
  u256Small: 12,
  i256Small: 13,
  symbolSmall: 14,
  u64: 64,
  i64: 65,
  timepoint: 66,
  duration: 67,
  u128: 68,
  i128: 69,
  u256: 70,
  i256: 71,
  bytes: 72,
  string: 73,
  symbol: 74,
  vec: 75,
  map: 76,
  address: 77,
  muxed: 78,
  execTag: 79,
} as const

export const FALSE: Val = 0n
export const TRUE: Val = 1n
export const VOID: Val = 2n

/** Distance between the tag of a number that is in the word and that of the object: 64 to 6, and so on. */
const SMALL = TAG.u64 - TAG.u64Small
/** Bits of a word beside the tag. */
const BODY_BITS = 56

export function tagOf(value: Val): number {
  return Number(value & 0xffn)
}

/** The upper 32 bits: of a number, a code, a handle. */
export function upperOf(value: Val): number {
  return Number(value >> 32n)
}

export function isObject(value: Val): boolean {
  const tag = tagOf(value)
  return tag >= TAG.u64 && tag <= TAG.execTag
}

/** Whether there are values of this tag. */
export function isKnownTag(tag: number): boolean {
  return tag <= TAG.symbolSmall || (tag >= TAG.u64 && tag <= TAG.execTag)
}

function word(tag: number, upper: number): Val {
  return (BigInt(upper >>> 0) << 32n) | BigInt(tag)
}

export function objectVal(tag: number, handle: number): Val {
  return word(tag, handle)
}

export function u32Val(value: number): Val {
  return word(TAG.u32, value)
}

export function i32Val(value: number): Val {
  return word(TAG.i32, value)
}

export function boolVal(value: boolean): Val {
  return value ? TRUE : FALSE
}

export function errorVal(type: number, code: number): Val {
  return word(TAG.error, code) | (BigInt(type) << 8n)
}

export function errorOf(value: Val): { readonly type: number; readonly code: number } {
  return { type: Number((value >> 8n) & 0xff_ffffn), code: upperOf(value) }
}

/** Numbers by the tag of their objects: how wide they are, and whether signed. */
const WIDTHS: ReadonlyMap<number, { readonly bits: number; readonly isSigned: boolean }> = new Map(
  [64, 64, 64, 64, 128, 128, 256, 256].map((bits, i) => {
    const tag = TAG.u64 + i
    return [tag, { bits, isSigned: tag === TAG.i64 || (i > 3 && i % 2 === 1) }] as const
  }),
)

/** Width of numbers with this tag of objects. */
export function widthOf(tag: number): { readonly bits: number; readonly isSigned: boolean } {
  return WIDTHS.get(tag) ?? { bits: 64, isSigned: false }
}

/** The tag of objects that belongs to a tag of numbers. */
export function wideTag(tag: number): number {
  return tag >= TAG.u64 ? tag : tag + SMALL
}

/** A number in a word, or undefined where it needs an object with this tag. */
export function smallNumber(tag: number, value: bigint): Val | undefined {
  const fits = widthOf(tag).isSigned
    ? BigInt.asIntN(BODY_BITS, value) === value
    : BigInt.asUintN(BODY_BITS, value) === value
  return fits ? (BigInt.asUintN(BODY_BITS, value) << 8n) | BigInt(tag - SMALL) : undefined
}

/** The number in a word. */
export function smallNumberOf(value: Val): bigint {
  const body = value >> 8n
  return widthOf(wideTag(tagOf(value))).isSigned ? BigInt.asIntN(BODY_BITS, body) : body
}

const SYMBOL_CHARACTERS = '_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const SYMBOL_CODES: ReadonlyMap<string, bigint> = new Map(
  Array.from(SYMBOL_CHARACTERS, (character, i) => [character, BigInt(i + 1)]),
)
const MAX_SYMBOL = 32
const MAX_SMALL_SYMBOL = 9

export function isSymbol(text: string): boolean {
  return text.length <= MAX_SYMBOL && Array.from(text).every((one) => SYMBOL_CODES.has(one))
}

/** A symbol in a word, six bits a character, or undefined where it needs an object. */
export function smallSymbol(text: string): Val | undefined {
  if (text.length > MAX_SMALL_SYMBOL) return undefined
  let body = 0n
  for (const character of text) body = (body << 6n) | (SYMBOL_CODES.get(character) ?? 0n)
  return (body << 8n) | BigInt(TAG.symbolSmall)
}

export function smallSymbolText(value: Val): string {
  let text = ''
  for (let shift = 56n; shift >= 8n; shift -= 6n) {
    const code = Number((value >> shift) & 0x3fn)
    if (code > 0) text += SYMBOL_CHARACTERS[code - 1] ?? ''
  }
  return text
}
