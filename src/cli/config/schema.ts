/** The whole configuration: all groups together, and what the chains say of theirs, checked and resolved. */
import type { z } from 'zod'
import type { MerogateError } from '../../node/errors.ts'
import { configError } from './errors.ts'
import { cliError } from '../errors.ts'
import type { ChainSettings, Option, OptionGroup } from './option-group.ts'
import { type AnchorConfig, anchorGroup, type AnchorUser, CHAIN_NAME } from './options/anchor.ts'
import { type AuthConfig, authGroup, type AuthUser } from './options/auth.ts'
import { install, type InstallConfig, type InstallUser } from './options/install.ts'
import { log, type LogConfig, type LogUser } from './options/log.ts'
import { type RelayerConfig, relayerGroup, type RelayerUser } from './options/relayer.ts'
import { runtime, type RuntimeConfig, type RuntimeUser } from './options/runtime.ts'
import { server, type ServerConfig, type ServerUser } from './options/server.ts'
import { blobstore, datastore, type FolderConfig, type FolderUser } from './options/storage.ts'
import {
  bootstrap,
  type BootstrapConfig,
  type BootstrapUser,
  discovery,
  type DiscoveryConfig,
  type DiscoveryUser,
  swarm,
  type SwarmConfig,
  type SwarmUser,
} from './options/swarm.ts'

/** What stands in `config.toml`: every table and key may be left out. */
export interface UserConfig {
  swarm?: SwarmUser
  server?: ServerUser
  auth?: AuthUser
  bootstrap?: BootstrapUser
  discovery?: DiscoveryUser
  runtime?: RuntimeUser
  datastore?: FolderUser
  blobstore?: FolderUser
  install?: InstallUser
  anchor?: AnchorUser
  relayer?: RelayerUser
  log?: LogUser
}

/** What the node is built from: complete, frozen, paths absolute. */
export interface Config {
  /** The node's folder, absolute. */
  readonly home: string
  readonly swarm: SwarmConfig
  readonly server: ServerConfig
  readonly auth: AuthConfig
  readonly bootstrap: BootstrapConfig
  readonly discovery: DiscoveryConfig
  readonly runtime: RuntimeConfig
  readonly datastore: FolderConfig
  readonly blobstore: FolderConfig
  readonly install: InstallConfig
  readonly anchor: AnchorConfig
  readonly relayer: RelayerConfig
  readonly log: LogConfig
}

const GROUPS = {
  swarm,
  server,
  bootstrap,
  discovery,
  runtime,
  datastore,
  blobstore,
  install,
  log,
} as const

/** Names of all tables. */
export const TABLES: ReadonlySet<string> = new Set([
  ...Object.keys(GROUPS),
  'auth',
  'anchor',
  'relayer',
])

/** All settings by their full dotted keys, e.g. `swarm.listen`; those of anchors are what the chains take. */
export function optionsOf(chains: readonly ChainSettings[]): readonly Option[] {
  const { swarm: first, server: second, ...others } = GROUPS
  const ofChains = [anchorGroup(chains), relayerGroup(chains)]
  const groups = [first, second, authGroup(chains), ...Object.values(others), ...ofChains]
  return groups.flatMap(({ table, options }) =>
    options.map((option) => ({ ...option, key: `${table}.${option.key}` })),
  )
}

/** The option a dotted key names. */
export function findOption(key: string, chains: readonly ChainSettings[]): Option | undefined {
  return optionsOf(chains).find((option) => option.key === key)
}

/**
 * Checks a configuration and fills in what it leaves out. @param chains what each chain says of its own tables
 * @param origin says where a key was set, for messages
 * @throws CONFIG_KEY_UNKNOWN, CONFIG_INVALID, CLI_ANCHOR_UNKNOWN (input)
 */
export function resolveConfig(
  user: Readonly<Record<string, unknown>>,
  home: string,
  chains: readonly ChainSettings[],
  origin: (key: string) => string = () => 'the configuration',
): Config {
  const unknown = (key: string): MerogateError =>
    unknownSetting(key, chains, { key, origin: origin(key), text: `${key} in ${origin(key)}` })
  for (const table of Object.keys(user)) if (!TABLES.has(table)) throw unknown(table)
  const read = <U, R>(group: OptionGroup<U, R>): R => {
    const parsed = group.schema.safeParse(user[group.table] ?? {})
    if (!parsed.success) throw invalid(group.table, parsed.error, origin, unknown)
    return group.resolve(parsed.data, home)
  }
  return deepFreeze({
    home,
    swarm: read(swarm),
    server: read(server),
    auth: read(authGroup(chains)),
    bootstrap: read(bootstrap),
    discovery: read(discovery),
    runtime: read(runtime),
    datastore: read(datastore),
    blobstore: read(blobstore),
    install: read(install),
    anchor: read(anchorGroup(chains)),
    relayer: read(relayerGroup(chains)),
    log: read(log),
  })
}

function invalid(
  table: string,
  error: z.ZodError,
  origin: (key: string) => string,
  unknownKey: (key: string) => MerogateError,
): MerogateError {
  const unknown = error.issues.find((issue) => issue.code === 'unrecognized_keys')
  if (unknown !== undefined) {
    return unknownKey([table, ...unknown.path, unknown.keys[0] ?? ''].join('.'))
  }
  const [issue] = error.issues
  const key = [table, ...(issue?.path ?? [])].join('.')
  // zod says what it expected, and never repeats the value, which may be secret
  return configError('CONFIG_INVALID', `${key} in ${origin(key)}: ${issue?.message ?? 'invalid'}`, {
    key,
    origin: origin(key),
  })
}

/** A key that nobody knows: as it was written, where, and in words. */
export interface UnknownKey {
  readonly key: string
  readonly origin: string
  readonly text: string
}

/** What to say of a key that nobody knows: where it is for a chain that nobody knows, which chains there are. @param path the key with dots */
export function unknownSetting(
  path: string,
  chains: readonly ChainSettings[],
  { key, origin, text }: UnknownKey,
): MerogateError {
  const [table, protocol = ''] = path.split('.')
  const anchors = chains.flatMap(({ anchor }) => anchor ?? [])
  const isKnown = anchors.some((anchor) => anchor.table === protocol)
  if (table !== 'anchor' || isKnown || !CHAIN_NAME.test(protocol)) {
    return configError('CONFIG_KEY_UNKNOWN', `${text} is not a setting`, { key, origin })
  }
  const known = anchors.map((anchor) => `anchor.${anchor.table}`)
  const message = `there is no anchor for ${text}: expected ${known.join(' or ')}`
  return cliError('CLI_ANCHOR_UNKNOWN', message, { protocol, key, origin })
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) deepFreeze(member)
    Object.freeze(value)
  }
  return value
}
