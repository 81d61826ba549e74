/** TOML in and out, with typed errors. */
import { parse, stringify } from 'smol-toml'
import { configError } from './errors.ts'
import type { Table } from './layers.ts'

/** Nesting of arrays and inline tables in a file. */
const MAX_TOML_DEPTH = 32

/** A table from TOML text. @param origin names the text in messages. @throws CONFIG_SYNTAX (input) */
export function parseToml(text: string, origin: string): Table {
  try {
    return plain(parse(text, { unsafeKeyBehaviour: 'throw', maxDepth: MAX_TOML_DEPTH }))
  } catch (cause) {
    // the library's message quotes the lines around, which may hold a secret: only its first line and the place travel
    const { message, line, column } = cause as Partial<
      Record<'message' | 'line' | 'column', unknown>
    >
    const reason = String(message).split('\n')[0]
    const place = typeof line === 'number' ? `, line ${line}, column ${String(column)}` : ''
    throw configError('CONFIG_SYNTAX', `expected TOML in ${origin}${place}: ${reason}`, {
      origin,
      line,
      column,
    })
  }
}

/** TOML text of a table. */
export function formatToml(table: Table): string {
  return stringify(table)
}

// The library makes tables without a prototype; ours have one like any object.
function plain(value: unknown): Table {
  return toPlain(value) as Table // TOML's root is a table
}

function toPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toPlain)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toPlain(member)]))
}

/** A value from TOML text such as `5`, `true`, `"text"` or `["a", "b"]`; undefined when it is none. */
export function parseTomlValue(text: string): unknown {
  // a line break would let a value bring further keys along
  if (/[\r\n]/.test(text)) return undefined
  try {
    const table = parse(`value = ${text}`, {
      unsafeKeyBehaviour: 'throw',
      maxDepth: MAX_TOML_DEPTH,
    })
    return toPlain(table['value'])
  } catch {
    return undefined // the caller decides what plain text means
  }
}
