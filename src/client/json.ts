/**
 * JSON whose integers keep their digits, both ways: those that a JavaScript number cannot hold exactly (beyond 2^53 - 1) come as `bigint`, and
 * a `bigint` goes out as an integer. Applications are written in Rust, whose 64-bit integers would lose their last digits otherwise.
 */

interface Raw {
  readonly rawJSON: string
}

// In ECMAScript 2026; browsers have it since 2023 to 2025 (Chrome 114, Firefox 135, Safari 18.4), TypeScript's library not yet.
const json = JSON as Omit<typeof JSON, 'parse'> & {
  rawJSON?(text: string): Raw
  parse(
    text: string,
    reviver?: (key: string, value: unknown, context?: { readonly source?: string }) => unknown,
  ): unknown
}

/** Fewer digits mean the same to JavaScript as to everybody else. A look-out for these costs less than a function for each value. */
const MANY_DIGITS = /\d{16}/
const INTEGER = /^-?\d+$/

/** @throws SyntaxError for what is no JSON. Where an engine is too old to tell, numbers come as it reads them. */
export function parseJson(text: string): unknown {
  if (!MANY_DIGITS.test(text)) return json.parse(text)
  return json.parse(text, (_key, value, context) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
    const source = context?.source ?? ''
    return INTEGER.test(source) ? BigInt(source) : value
  })
}

/** As `JSON.stringify`, which it is for whatever holds no `bigint`. @throws TypeError for one where the engine is too old to write it */
export function stringifyJson(value: unknown, space?: number): string | undefined {
  return JSON.stringify(
    value,
    (_key, each: unknown) => {
      if (typeof each !== 'bigint') return each
      if (json.rawJSON !== undefined) return json.rawJSON(String(each))
      throw new TypeError('this engine cannot write a bigint: send it as text, or a number')
    },
    space,
  )
}
