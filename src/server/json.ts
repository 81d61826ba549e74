/** JSON as clients send it: bounded in depth and elements, and numbers beyond a double kept digit by digit. */
import { toHex } from '../node/primitives/bytes.ts'
import { systemRandom } from '../node/primitives/clock.ts'
import { serverError } from './errors.ts'
import { MAX_JSON_DEPTH, MAX_JSON_ELEMENTS } from './limits.ts'

/** A number JavaScript cannot hold exactly, kept as its source text; `JSON.stringify` writes that text again. */
export interface RawJson {
  readonly rawJSON: string
}

/** JSON that was checked and made compact, and is not looked into: arguments of a call. */
export class JsonText {
  /** UTF-8. */
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

// In ECMAScript 2026 and Node 24, not yet in TypeScript's library.
const json = JSON as typeof JSON & {
  rawJSON(text: string): RawJson
  isRawJSON(value: unknown): value is RawJson
}

/** Whether a value is a number that was kept as text. */
export const isRawJson: (value: unknown) => value is RawJson = json.isRawJSON

/** A number as RFC 8259 6 has it. */
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/** Fewer digits, without fraction and exponent, mean the same to JavaScript as to everybody else. */
const SAFE_DIGITS = 15

/** What may follow a number: never a colon, for then it would stand where a name has to. */
const AFTER_NUMBER = /[\t\n\r ]*[,\]}]|[\t\n\r ]*$/y

/**
 * Parses JSON text. A number whose text is not what JavaScript would print (`18446744073709551615`, `1.0`) becomes a {@link RawJson}, so
 * that a guest written in Rust gets the very digits the client sent. Takes time in proportion to the text, whatever is in it: `JSON.parse` with a
 * function to look at each value takes twenty times as long.
 * @throws SERVER_BAD_JSON (input), also when nested deeper than {@link MAX_JSON_DEPTH}; SERVER_JSON_TOO_MANY (limit)
 */
export function parseJson(text: string): unknown {
  const numbers = scan(text)
  try {
    if (numbers.length === 0) return json.parse(text)
    const mark = toHex(systemRandom.bytes(16)) // a text that nobody can have sent
    return restored(json.parse(marked(text, numbers, mark)), mark)
  } catch (cause) {
    const message = reasonOf(text, cause)
    throw serverError('SERVER_BAD_JSON', 'input', `expected JSON: ${message}`, {}, { cause })
  }
}

/** The parser's words about the text as it was sent. */
function reasonOf(text: string, thrown: unknown): string {
  try {
    json.parse(text)
  } catch (error) {
    return error instanceof Error ? error.message : 'not JSON'
  }
  throw thrown
}

/** Start and end of each number to be kept as text, one after the other, outside of strings; counts what is bounded. */
function scan(text: string): readonly number[] {
  const numbers: number[] = []
  let depth = 0
  let elements = 0
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === 0x22) i = endOfString(text, i)
    else if (char === 0x7b || char === 0x5b) {
      if (++depth > MAX_JSON_DEPTH) throw tooDeep()
      elements++
    } else if (char === 0x7d || char === 0x5d) depth--
    else if (char === 0x2c) elements++
    else if (char === 0x2d || (char >= 0x30 && char <= 0x39)) {
      const end = endOfNumber(text, i)
      if (losesDigits(text, i, end)) numbers.push(i, end)
      i = end - 1
    }
    if (elements > MAX_JSON_ELEMENTS) throw tooMany()
  }
  return numbers
}

/** Where the string that begins at `start` has its closing quote; the end of the text when it has none. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === 0x5c) i++
    else if (char === 0x22) return i
  }
  return text.length
}

/** Where the digits, signs, points and exponents end that begin at `start`. */
function endOfNumber(text: string, start: number): number {
  let i = start + 1
  for (; i < text.length; i++) {
    const char = text.charCodeAt(i)
    const isDigit = char >= 0x30 && char <= 0x39
    const isOther =
      char === 0x2e || char === 0x65 || char === 0x45 || char === 0x2b || char === 0x2d
    if (!isDigit && !isOther) break
  }
  return i
}

/** Whether what stands there is a value that JavaScript would print otherwise. What is no number is left for the parser to refuse. */
function losesDigits(text: string, start: number, end: number): boolean {
  if (end - start <= SAFE_DIGITS && !hasFraction(text, start, end)) return false
  NUMBER.lastIndex = start
  if (!NUMBER.test(text) || NUMBER.lastIndex !== end) return false
  AFTER_NUMBER.lastIndex = end
  if (!AFTER_NUMBER.test(text)) return false
  const source = text.slice(start, end)
  return source !== String(Number(source))
}

function hasFraction(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const char = text.charCodeAt(i)
    if (char === 0x2e || char === 0x65 || char === 0x45) return true
  }
  return false
}

/** The text with each of these numbers as a string that begins with `mark`. */
function marked(text: string, numbers: readonly number[], mark: string): string {
  const parts: string[] = []
  let done = 0
  for (let i = 0; i < numbers.length; i += 2) {
    const [start = done, end = done] = numbers.slice(i, i + 2)
    parts.push(text.slice(done, start), `"${mark}${text.slice(start, end)}"`)
    done = end
  }
  parts.push(text.slice(done))
  return parts.join('')
}

/** The value with those numbers in their places; changed where it stands. */
function restored(value: unknown, mark: string): unknown {
  if (typeof value === 'string') {
    return value.startsWith(mark) ? json.rawJSON(value.slice(mark.length)) : value
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const one: unknown = value[i]
      if (typeof one === 'string' || typeof one === 'object') value[i] = restored(one, mark)
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, one] of Object.entries(value)) {
      if (typeof one !== 'string' && typeof one !== 'object') continue
      const next = restored(one, mark)
      // `__proto__` is a name like any other here
      if (next !== one) Object.defineProperty(value, name, { value: next })
    }
  }
  return value
}

function tooDeep(): Error {
  const message = `expected JSON nested at most ${MAX_JSON_DEPTH} deep, got more`
  return serverError('SERVER_BAD_JSON', 'input', message, { limit: MAX_JSON_DEPTH })
}

function tooMany(): Error {
  const message = `expected JSON with at most ${MAX_JSON_ELEMENTS} elements, got more: send large data as text or as a blob`
  return serverError('SERVER_JSON_TOO_MANY', 'limit', message, { limit: MAX_JSON_ELEMENTS })
}
