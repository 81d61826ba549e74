/** Reading the configuration: defaults < `config.toml` < environment < flags. */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { configError } from './errors.ts'
import { readEnv } from './env.ts'
import { hasKey, nest, overlay, type Table } from './layers.ts'
import type { ChainSettings } from './option-group.ts'
import { type Config, findOption, optionsOf, resolveConfig, unknownSetting } from './schema.ts'
import { parseToml } from './toml.ts'
import { parseText } from './values.ts'

/** Name of the file in the node's folder. */
export const CONFIG_FILE = 'config.toml'

export interface LoadConfig {
  /** The node's folder. */
  readonly home: string
  /** What each chain says of its own tables. */
  readonly chains: readonly ChainSettings[]
  /** @default none: nothing is read from the environment */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Values by dotted key, as text or typed; undefined ones are skipped. See {@link configFlags}. @default none */
  readonly flags?: Readonly<Record<string, unknown>>
}

/** A flag of the command line. */
export interface ConfigFlag {
  /** The dotted key it sets. */
  readonly key: string
  /** `--swarm-listen`. */
  readonly flag: string
  readonly kind: 'text' | 'integer' | 'boolean' | 'list'
  readonly text: string
}

/** All settings, as flags. */
export function configFlags(chains: readonly ChainSettings[]): readonly ConfigFlag[] {
  return optionsOf(chains).map((option) => ({
    ...option,
    flag: `--${option.key.replaceAll(/[._]/g, '-')}`,
  }))
}

/** The path of a node's configuration. */
export function configPath(home: string): string {
  return join(resolve(home), CONFIG_FILE)
}

/**
 * The configuration of the node in a folder. A file that is not there sets nothing. The result is frozen.
 * @throws CONFIG_UNREADABLE, CONFIG_SYNTAX, CONFIG_KEY_UNKNOWN, CONFIG_INVALID, CLI_ANCHOR_UNKNOWN (input)
 */
export async function loadConfig(options: LoadConfig): Promise<Config> {
  const { chains, env = {}, flags = {} } = options
  const home = resolve(options.home)
  const path = configPath(home)
  const layers = [
    { origin: 'a flag', table: readFlags(flags, chains) },
    { origin: 'the environment', table: readEnv(env, chains) },
    { origin: path, table: await readUserConfig(path) },
  ]
  const merged = layers.reduceRight<Table>((under, layer) => overlay(under, layer.table), {})
  return resolveConfig(
    merged,
    home,
    chains,
    (key) => layers.find((layer) => hasKey(layer.table, key))?.origin ?? path,
  )
}

/** What stands in a file, unchecked; empty when there is none. @throws CONFIG_UNREADABLE, CONFIG_SYNTAX (input) */
export async function readUserConfig(path: string): Promise<Table> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {} // fs errors carry a code
    throw configError('CONFIG_UNREADABLE', `cannot read ${path}`, { path }, { cause })
  }
  return parseToml(text, path)
}

function readFlags(
  flags: Readonly<Record<string, unknown>>,
  chains: readonly ChainSettings[],
): Table {
  let table: Table = {}
  for (const [key, value] of Object.entries(flags)) {
    if (value === undefined) continue
    const option = findOption(key, chains)
    if (option === undefined) {
      throw unknownSetting(key, chains, { key, origin: 'a flag', text: `${key} in a flag` })
    }
    const parsed = typeof value === 'string' ? parseText(option, key, value, 'a flag') : value
    table = overlay(table, nest(key, parsed))
  }
  return table
}
