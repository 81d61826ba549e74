/** Settings from environment variables: `swarm.listen` is `MEROGATE_SWARM_LISTEN`. */
import { nest, overlay, type Table } from './layers.ts'
import type { ChainSettings } from './option-group.ts'
import { optionsOf, TABLES, unknownSetting } from './schema.ts'
import { parseText } from './values.ts'

const PREFIX = 'MEROGATE_'

/** The variable of a dotted key. */
export function envName(key: string): string {
  return PREFIX + key.replaceAll(/[.-]/g, '_').toUpperCase()
}

/**
 * The settings in an environment. A variable that begins like a table of ours but names no setting is a mistake; others
 * (`MEROGATE_HOME`) belong to somebody else. @throws CONFIG_KEY_UNKNOWN, CONFIG_INVALID, CLI_ANCHOR_UNKNOWN (input)
 */
export function readEnv(
  env: Readonly<Record<string, string | undefined>>,
  chains: readonly ChainSettings[],
): Table {
  const options = new Map(optionsOf(chains).map((option) => [envName(option.key), option]))
  let table: Table = {}
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith(PREFIX)) continue
    const option = options.get(name)
    if (option !== undefined) {
      table = overlay(table, nest(option.key, parseText(option, option.key, text, name)))
      continue
    }
    const [first = '', ...others] = name.slice(PREFIX.length).toLowerCase().split('_')
    if (!TABLES.has(first)) continue
    // `MEROGATE_ANCHOR_URL` names no chain at all
    const key = others.length > 1 ? `${first}.${others[0]}` : first
    throw unknownSetting(key, chains, {
      ...{ key: name, origin: name },
      text: `the environment variable ${name}`,
    })
  }
  return table
}
