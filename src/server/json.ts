/** JSON as clients send it: bounded in depth, and numbers beyond a double kept digit by digit. */
import { serverError } from './errors.ts'
import { MAX_JSON_DEPTH } from './limits.ts'

/** A number JavaScript cannot hold exactly, kept as its source text; `JSON.stringify` writes that text again. */
export interface RawJson {
  readonly rawJSON: string
}

// In ECMAScript 2026 and Node 24, not yet in TypeScript's library.
const json = JSON as typeof JSON & {
  rawJSON(text: string): RawJson
  isRawJSON(value: unknown): value is RawJson
}

/** Whether a value is a number that was kept as text. */
export const isRawJson: (value: unknown) => value is RawJson = json.isRawJSON

/** Texts without a long number, a fraction or an exponent mean the same to JavaScript as to everybody else. */
const MAY_LOSE_DIGITS = /\d{16}|\d[.eE]/

/**
 * Parses JSON text. A number whose text is not what JavaScript would print (`18446744073709551615`, `1.0`) becomes a {@link RawJson}, so
 * that a guest written in Rust gets the very digits the client sent.
 * @throws SERVER_BAD_JSON (input), also when nested deeper than {@link MAX_JSON_DEPTH}
 */
export function parseJson(text: string): unknown {
  checkDepth(text)
  try {
    return MAY_LOSE_DIGITS.test(text) ? json.parse(text, keepDigits) : json.parse(text)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'not JSON'
    throw serverError('SERVER_BAD_JSON', 'input', `expected JSON: ${message}`, {}, { cause })
  }
}

function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined || source === String(value)) return value
  return json.rawJSON(source)
}

/** Counts brackets outside of strings; cheaper than the parser and cannot overflow a stack. */
function checkDepth(text: string): void {
  if (text.length <= MAX_JSON_DEPTH) return
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (inString) {
      if (char === 0x5c) i++
      else if (char === 0x22) inString = false
    } else if (char === 0x22) inString = true
    else if (char === 0x7b || char === 0x5b) {
      if (++depth > MAX_JSON_DEPTH) {
        throw serverError(
          'SERVER_BAD_JSON',
          'input',
          `expected JSON nested at most ${MAX_JSON_DEPTH} deep, got more`,
          { limit: MAX_JSON_DEPTH },
        )
      }
    } else if (char === 0x7d || char === 0x5d) depth--
  }
}
