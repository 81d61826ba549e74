/** Values from text: environment variables, flags, and assignments on the command line. */
import { configError } from './errors.ts'
import type { Option } from './option-group.ts'
import { parseTomlValue } from './toml.ts'

/** The value an environment variable or a flag gives. Types are checked here, ranges by the schema. @throws CONFIG_INVALID (input) */
export function parseText(option: Option, key: string, text: string, origin: string): unknown {
  switch (option.kind) {
    case 'text':
      return text
    case 'list':
      return text === '' ? [] : text.split(',').map((item) => item.trim())
    case 'integer':
      if (/^\d{1,15}$/.test(text)) return Number(text)
      break
    case 'boolean':
      if (text === 'true' || text === 'false') return text === 'true'
  }
  throw configError('CONFIG_INVALID', `${key} in ${origin}: expected ${option.kind}`, {
    key,
    origin,
  })
}

/** The value of `KEY=VALUE`: TOML, where bare words are taken as text if the setting is a text. @throws CONFIG_SYNTAX (input) */
export function parseAssigned(option: Option, key: string, text: string): unknown {
  const value = parseTomlValue(text)
  if (option.kind === 'text' && typeof value !== 'string') return text
  if (value === undefined) {
    throw configError(
      'CONFIG_SYNTAX',
      `expected a TOML value for ${key}, such as ${EXAMPLES[option.kind]}`,
      {
        key,
      },
    )
  }
  return value
}

const EXAMPLES: Record<Option['kind'], string> = {
  text: '"text"',
  integer: '5',
  boolean: 'true',
  list: '["a", "b"]',
}
