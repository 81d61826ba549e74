/** The whole configuration: all groups together, checked and resolved. */
import type { z } from 'zod'
import type { MerogateError } from '../../node/errors.ts'
import { configError } from './errors.ts'
import type { Option, OptionGroup } from './option-group.ts'
import { anchor, type AnchorConfig, type AnchorUser } from './options/anchor.ts'
import { auth, type AuthConfig, type AuthUser } from './options/auth.ts'
import { install, type InstallConfig, type InstallUser } from './options/install.ts'
import { log, type LogConfig, type LogUser } from './options/log.ts'
import { relayer, type RelayerConfig, type RelayerUser } from './options/relayer.ts'
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

const GROUPS = [
  swarm,
  server,
  auth,
  bootstrap,
  discovery,
  runtime,
  datastore,
  blobstore,
  install,
  anchor,
  relayer,
  log,
] as const

/** Names of all tables. */
export const TABLES: ReadonlySet<string> = new Set(GROUPS.map((group) => group.table))

/** A setting by its full dotted key, e.g. `swarm.listen`, or `anchor.*.url`. */
export const OPTIONS: readonly Option[] = GROUPS.flatMap((group) =>
  group.options.map((option) => ({ ...option, key: `${group.table}.${option.key}` })),
)

/** The option a dotted key names, `*` matching one part. */
export function findOption(key: string): Option | undefined {
  const parts = key.split('.')
  return OPTIONS.find((option) => {
    const wanted = option.key.split('.')
    return wanted.length === parts.length && wanted.every((part, i) => matches(part, parts[i]))
  })
}

/** Names users choose: no capital that an environment variable would lose, nothing that reaches a prototype. */
const CHOSEN_NAME = /^[a-z][a-z0-9-]*$/

function matches(wanted: string, part: string | undefined): boolean {
  return wanted === '*' ? CHOSEN_NAME.test(part ?? '') : wanted === part
}

/**
 * Checks a configuration and fills in what it leaves out. @param origin says where a key was set, for messages
 * @throws CONFIG_KEY_UNKNOWN, CONFIG_INVALID (input)
 */
export function resolveConfig(
  user: Readonly<Record<string, unknown>>,
  home: string,
  origin: (key: string) => string = () => 'the configuration',
): Config {
  for (const table of Object.keys(user)) if (!TABLES.has(table)) throw unknownKey(table, origin)
  const read = <U, R>(group: OptionGroup<U, R>): R => {
    const parsed = group.schema.safeParse(user[group.table] ?? {})
    if (!parsed.success) throw invalid(group.table, parsed.error, origin)
    return group.resolve(parsed.data, home)
  }
  return deepFreeze({
    home,
    swarm: read(swarm),
    server: read(server),
    auth: read(auth),
    bootstrap: read(bootstrap),
    discovery: read(discovery),
    runtime: read(runtime),
    datastore: read(datastore),
    blobstore: read(blobstore),
    install: read(install),
    anchor: read(anchor),
    relayer: read(relayer),
    log: read(log),
  })
}

function invalid(table: string, error: z.ZodError, origin: (key: string) => string): MerogateError {
  const unknown = error.issues.find((issue) => issue.code === 'unrecognized_keys')
  if (unknown !== undefined) {
    return unknownKey([table, ...unknown.path, unknown.keys[0] ?? ''].join('.'), origin)
  }
  const [issue] = error.issues
  const key = [table, ...(issue?.path ?? [])].join('.')
  // zod says what it expected, and never repeats the value, which may be secret
  return configError('CONFIG_INVALID', `${key} in ${origin(key)}: ${issue?.message ?? 'invalid'}`, {
    key,
    origin: origin(key),
  })
}

function unknownKey(key: string, origin: (key: string) => string): MerogateError {
  return configError('CONFIG_KEY_UNKNOWN', `${key} in ${origin(key)} is not a setting`, {
    key,
    origin: origin(key),
  })
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) deepFreeze(member)
    Object.freeze(value)
  }
  return value
}
