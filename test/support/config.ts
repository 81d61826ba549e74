/** The configuration as the command line reads it: with the chains of this program, and some more that are like the local one. */
import { chainSettings } from '../../src/cli/chains/chains.ts'
import { setConfig as set, writeConfig as write } from '../../src/cli/config/edit.ts'
import {
  configFlags as flagsOf,
  type ConfigFlag,
  loadConfig as load,
  type LoadConfig,
} from '../../src/cli/config/load.ts'
import type { Option } from '../../src/cli/config/option-group.ts'
import type { RelayerConfig as AnyRelayer } from '../../src/cli/config/options/relayer.ts'
import {
  type Config as AnyConfig,
  findOption as find,
  optionsOf,
  resolveConfig as resolve,
  type UserConfig,
} from '../../src/cli/config/schema.ts'

const CHAINS = await chainSettings()

/** Anchors that tests make up. */
const MADE_UP = ['my-chain', 'a', 'b', 'c', ...Array.from({ length: 17 }, (_, i) => `a${i}`)]

const local = CHAINS.map(({ anchor }) => anchor).find((anchor) => anchor?.table === 'local')
const ALL = [
  ...CHAINS,
  ...MADE_UP.flatMap((table) => (local === undefined ? [] : { anchor: { ...local, table } })),
]

/** With the entries that tests look into. */
export interface RelayerConfig extends AnyRelayer {
  readonly ethereum?: {
    readonly keyFile?: string
    readonly keyEnv?: string
    readonly perDay?: number
  }
}
export interface Config extends AnyConfig {
  readonly anchor: Readonly<Record<string, { readonly url?: string }>>
  readonly relayer: RelayerConfig
}

export const OPTIONS: readonly Option[] = optionsOf(CHAINS)

export async function loadConfig(options: Omit<LoadConfig, 'chains'>): Promise<Config> {
  return await load({ ...options, chains: ALL })
}

export function resolveConfig(user: Readonly<Record<string, unknown>>, home: string): Config {
  return resolve(user, home, ALL)
}

export function configFlags(): readonly ConfigFlag[] {
  return flagsOf(CHAINS)
}

export function findOption(key: string): Option | undefined {
  return find(key, CHAINS)
}

export function setConfig(home: string, assignments: readonly string[]): Promise<string> {
  return set(home, assignments, ALL)
}

export function writeConfig(home: string, user: UserConfig): Promise<string> {
  return write(home, user, ALL)
}
