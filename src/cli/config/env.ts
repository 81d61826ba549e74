/** Settings from environment variables: `swarm.listen` is `MEROGATE_SWARM_LISTEN`. */
import { configError } from './errors.ts'
import { nest, overlay, type Table } from './layers.ts'
import { OPTIONS, TABLES } from './schema.ts'
import { parseText } from './values.ts'

const PREFIX = 'MEROGATE_'

/** The variable of a dotted key. */
export function envName(key: string): string {
  return PREFIX + key.replaceAll('.', '_').toUpperCase()
}

/**
 * The settings in an environment. A variable that begins like a table of ours but names no setting is a mistake; others
 * (`MEROGATE_HOME`) belong to somebody else. @throws CONFIG_KEY_UNKNOWN, CONFIG_INVALID (input)
 */
export function readEnv(env: Readonly<Record<string, string | undefined>>): Table {
  let table: Table = {}
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith(PREFIX)) continue
    const found = findVariable(name)
    if (found !== undefined) {
      table = overlay(table, nest(found.key, parseText(found.option, found.key, text, name)))
    } else if (TABLES.has((name.slice(PREFIX.length).split('_')[0] ?? '').toLowerCase())) {
      throw configError('CONFIG_KEY_UNKNOWN', `the environment variable ${name} is not a setting`, {
        key: name,
        origin: name,
      })
    }
  }
  return table
}

function findVariable(name: string): { option: (typeof OPTIONS)[number]; key: string } | undefined {
  for (const option of OPTIONS) {
    const [before = '', after] = envName(option.key).split('*')
    if (after === undefined) {
      if (name === before) return { option, key: option.key }
    } else if (name.startsWith(before) && name.endsWith(after)) {
      const chosen = name.slice(before.length, name.length - after.length).toLowerCase()
      // names have dashes where variables can only have underscores
      if (chosen !== '')
        return { option, key: option.key.replace('*', chosen.replaceAll('_', '-')) }
    }
  }
  return undefined
}
