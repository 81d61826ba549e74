/** `[relayer]`: paying for members without funds, from an account on each chain. Off unless it is asked for. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { path, variable } from '../fields.ts'
import type { ChainSettings, OptionGroup } from '../option-group.ts'
import { withTables } from '../with-tables.ts'

/** Operations that are tried out or not yet in a block, at one time. */
export const DEFAULT_RELAYER_UNDER_WAY = 16
/** Requests with one API key, and from one address; one that is refused counts four times. */
export const DEFAULT_KEY_PER_HOUR = 400
/** Requests with one API key in a day. */
export const DEFAULT_KEY_PER_DAY = 2000
/** Requests from one address in an hour. */
export const DEFAULT_ADDRESS_PER_HOUR = 60
/** Requests from one address in a day. */
export const DEFAULT_ADDRESS_PER_DAY = 400
/** Operations of one signer. */
export const DEFAULT_SIGNER_PER_HOUR = 20
/** Operations of one signer in a day. */
export const DEFAULT_SIGNER_PER_DAY = 100
/** Operations on one group. */
export const DEFAULT_GROUP_PER_HOUR = 40
/** Operations on one group in a day. */
export const DEFAULT_GROUP_PER_DAY = 200

/** Largest of each number. */
const MAX_COUNT = 1_000_000
/** Transactions under way that may be set. */
const MAX_UNDER_WAY = 32
/** Kinds of operations that may be listed. */
const MAX_OPERATION_NAMES = 32

interface RulesUser {
  enabled?: boolean | undefined
  open?: boolean | undefined
  key_per_hour?: number | undefined
  key_per_day?: number | undefined
  address_per_hour?: number | undefined
  address_per_day?: number | undefined
  api_keys_file?: string | undefined
  api_keys_env?: string | undefined
  operations?: string[] | undefined
  signer_per_hour?: number | undefined
  signer_per_day?: number | undefined
  group_per_hour?: number | undefined
  group_per_day?: number | undefined
  max_under_way?: number | undefined
}

/** What holds on all chains. */
interface RelayerRules {
  /** @default false */
  readonly enabled: boolean
  /** Whoever reaches the server may use it. @default false */
  readonly open: boolean
  /** File with the API keys, absolute. @default none */
  readonly apiKeysFile?: string | undefined
  /** Environment variable with the API keys. @default none */
  readonly apiKeysEnv?: string | undefined
  /** Names of the operations that are paid for. @default all */
  readonly operations?: readonly string[] | undefined
  /** @default DEFAULT_KEY_PER_HOUR */
  readonly keyPerHour: number
  /** @default DEFAULT_KEY_PER_DAY */
  readonly keyPerDay: number
  /** @default DEFAULT_ADDRESS_PER_HOUR */
  readonly addressPerHour: number
  /** @default DEFAULT_ADDRESS_PER_DAY */
  readonly addressPerDay: number
  /** @default DEFAULT_SIGNER_PER_HOUR */
  readonly signerPerHour: number
  /** @default DEFAULT_SIGNER_PER_DAY */
  readonly signerPerDay: number
  /** @default DEFAULT_GROUP_PER_HOUR */
  readonly groupPerHour: number
  /** @default DEFAULT_GROUP_PER_DAY */
  readonly groupPerDay: number
  /** @default DEFAULT_RELAYER_UNDER_WAY */
  readonly maxUnderWay: number
}

/** What users write: what holds everywhere, and by the name of a chain the account that pays there. */
export interface RelayerUser extends RulesUser {
  readonly [chain: string]: unknown
}

/** By the name of a chain also the account that pays there, which is not the node's own; undefined: none. The chain is that of `anchor.<chain>`. */
export interface RelayerConfig extends RelayerRules {
  readonly [chain: string]: unknown
}

const count = z.int().min(0).max(MAX_COUNT)

const rules: OptionGroup<RulesUser, RelayerRules> = {
  table: 'relayer',
  schema: z
    .strictObject({
      enabled: z.boolean().optional(),
      open: z.boolean().optional(),
      api_keys_file: path.optional(),
      api_keys_env: variable.optional(),
      operations: z
        .array(z.string().regex(/^[a-z][a-zA-Z]{0,31}$/, 'expected a name such as addMembers'))
        .min(1)
        .max(MAX_OPERATION_NAMES)
        .optional(),
      key_per_hour: count.optional(),
      key_per_day: count.optional(),
      address_per_hour: count.optional(),
      address_per_day: count.optional(),
      signer_per_hour: count.optional(),
      signer_per_day: count.optional(),
      group_per_hour: count.optional(),
      group_per_day: count.optional(),
      max_under_way: z.int().min(1).max(MAX_UNDER_WAY).optional(),
    })
    .refine(
      ({ enabled, open, api_keys_file, api_keys_env }) =>
        enabled !== true || open === true || (api_keys_file ?? api_keys_env) !== undefined,
      {
        message:
          'expected relayer.api_keys_file or api_keys_env; a relayer that pays for whoever reaches it has to be asked for: relayer.open = true',
      },
    )
    .refine(
      ({ api_keys_file, api_keys_env }) =>
        api_keys_file === undefined || api_keys_env === undefined,
      { message: 'expected one of api_keys_file and api_keys_env' },
    ),
  options: [
    { key: 'enabled', kind: 'boolean', text: 'pay for members without funds' },
    {
      key: 'open',
      kind: 'boolean',
      text: 'whoever reaches the server may use it, without an API key',
    },
    { key: 'api_keys_file', kind: 'text', text: 'file with the API keys of those who may use it' },
    { key: 'api_keys_env', kind: 'text', text: 'environment variable with them, instead' },
    { key: 'operations', kind: 'list', text: 'names of the operations that are paid for' },
    { key: 'key_per_hour', kind: 'integer', text: 'requests with one API key an hour' },
    { key: 'key_per_day', kind: 'integer', text: 'requests with one API key a day' },
    { key: 'address_per_hour', kind: 'integer', text: 'requests from one address an hour' },
    { key: 'address_per_day', kind: 'integer', text: 'requests from one address a day' },
    { key: 'signer_per_hour', kind: 'integer', text: 'operations of one signer an hour' },
    { key: 'signer_per_day', kind: 'integer', text: 'operations of one signer a day' },
    { key: 'group_per_hour', kind: 'integer', text: 'operations on one group an hour' },
    { key: 'group_per_day', kind: 'integer', text: 'operations on one group a day' },
    { key: 'max_under_way', kind: 'integer', text: 'operations at one time' },
  ],
  resolve: (user, home) => {
    const absolute = (file: string | undefined): string | undefined =>
      file === undefined ? undefined : resolve(home, file)
    return {
      enabled: user.enabled ?? false,
      open: user.open ?? false,
      apiKeysFile: absolute(user.api_keys_file),
      apiKeysEnv: user.api_keys_env,
      operations: user.operations,
      keyPerHour: user.key_per_hour ?? DEFAULT_KEY_PER_HOUR,
      keyPerDay: user.key_per_day ?? DEFAULT_KEY_PER_DAY,
      addressPerHour: user.address_per_hour ?? DEFAULT_ADDRESS_PER_HOUR,
      addressPerDay: user.address_per_day ?? DEFAULT_ADDRESS_PER_DAY,
      signerPerHour: user.signer_per_hour ?? DEFAULT_SIGNER_PER_HOUR,
      signerPerDay: user.signer_per_day ?? DEFAULT_SIGNER_PER_DAY,
      groupPerHour: user.group_per_hour ?? DEFAULT_GROUP_PER_HOUR,
      groupPerDay: user.group_per_day ?? DEFAULT_GROUP_PER_DAY,
      maxUnderWay: user.max_under_way ?? DEFAULT_RELAYER_UNDER_WAY,
    }
  },
}

/** The rules, and beside them a table for each chain on which somebody can pay; each is checked by itself. */
export function relayerGroup(
  chains: readonly ChainSettings[],
): OptionGroup<RelayerUser, RelayerConfig> {
  const payers = chains.flatMap(({ relayer }) => relayer ?? [])
  const names = payers.map(({ table }) => `relayer.${table}`).join(' or ')
  return withTables(rules, payers, ({ enabled }, given) =>
    enabled === true && given.length === 0
      ? `expected ${names} with key_file or key_env, the account that pays`
      : undefined,
  )
}
