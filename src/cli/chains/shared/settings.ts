/** What the tables of several chains have in common: `[anchor.<chain>]` with endpoints, deployment and account, `[relayer.<chain>]` with the account that pays. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { path, variable } from '../../config/fields.ts'
import type { Option, OptionGroup } from '../../config/option-group.ts'

/** Endpoints of one chain. */
const MAX_RPC_URLS = 8
/** Characters of an endpoint. */
const MAX_URL_CHARS = 2048
/** Endpoints, chains or canisters of wallets. */
export const MAX_WALLET_URLS = 16
/** Characters of a path. */
const MAX_PATH_CHARS = 4096

/** What users write of a chain that nodes reach by endpoints. */
export interface ChainUser {
  rpc_urls: string[]
  deployment: string
  key_file?: string | undefined
  key_env?: string | undefined
  relayer_url?: string | undefined
  relayer_key_env?: string | undefined
}

/** A chain, and how this node takes part in it. */
export interface ChainEntry {
  /** Endpoints, the preferred first. */
  readonly rpcUrls: readonly string[]
  /** The deployment file, absolute. */
  readonly deployment: string
  /** File with the account's private key, absolute. */
  readonly keyFile?: string | undefined
  /** Environment variable with the account's private key. */
  readonly keyEnv?: string | undefined
  /** Somebody who pays in this node's place. */
  readonly relayerUrl?: string | undefined
  /** Environment variable with the relayer's API key. */
  readonly relayerKeyEnv?: string | undefined
}

/** An account that pays for others, by exactly one of two ways to its key. */
export interface PayerEntry {
  /** Absolute. */
  readonly keyFile?: string | undefined
  readonly keyEnv?: string | undefined
  /** Most that it pays in a day, in the unit of its chain. */
  readonly perDay?: number | undefined
}

interface PayerUser {
  key_file?: string | undefined
  key_env?: string | undefined
  readonly [perDay: string]: unknown
}

/** What a chain calls the most that is paid in a day. */
interface Budget {
  readonly key: string
  readonly text: string
}

/** What to say of a key that is not there; of one that is wrong, the schema knows. */
function missing(what: string): (issue: { readonly input?: unknown }) => string | undefined {
  return ({ input }) => (input === undefined ? `expected ${what}` : undefined)
}

/** Address of a service. @param what it is, for whoever left it out */
export function httpUrl(what?: string): z.ZodType<string, string> {
  const absent = what === undefined ? undefined : missing(what)
  const error = (issue: { readonly input?: unknown }): string =>
    absent?.(issue) ?? 'expected an http or https URL'
  return z.url({ protocol: /^https?$/, error }).max(MAX_URL_CHARS)
}

/** A name in the settings of wallets. */
export const walletName: z.ZodType<string, string> = z.string().min(1).max(256)

/** Addresses in the settings of wallets. */
export const walletUrls: z.ZodArray<z.ZodType<string, string>> = z
  .array(httpUrl())
  .max(MAX_WALLET_URLS)

/** Whether nobody on the way reads what is sent there. */
function isPrivate(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  const isHere = /^(?:(?:.*\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
  return protocol === 'https:' || isHere
}

/** The common keys of a table, each with its check. */
export const commonKeys: { readonly [K in keyof Required<ChainUser>]: z.ZodType<ChainUser[K]> } = {
  rpc_urls: z
    .array(httpUrl(), { error: missing('rpc_urls, the endpoints of the chain') })
    .min(1)
    .max(MAX_RPC_URLS),
  deployment: z
    .string({ error: missing('deployment, the file that says where the contracts are') })
    .min(1)
    .max(MAX_PATH_CHARS),
  key_file: path.optional(),
  key_env: variable.optional(),
  relayer_url: httpUrl()
    .refine(isPrivate, {
      error:
        'expected an https URL: it carries an API key, and only this machine may be asked by http',
    })
    .optional(),
  relayer_key_env: variable.optional(),
}

/** Whether a table names at most one place of the account's key. */
export function hasOneKey({ key_file: file, key_env: env }: PayerUser): boolean {
  return file === undefined || env === undefined
}

/** What to say when it names two. */
export const ONE_KEY = 'expected one of key_file and key_env'

/** The words of the common keys. */
export const COMMON_OPTIONS: readonly Option[] = [
  { key: 'rpc_urls', kind: 'list', text: 'JSON-RPC endpoints of a chain, the preferred first' },
  { key: 'deployment', kind: 'text', text: 'file that says where the contracts are' },
  { key: 'key_file', kind: 'text', text: 'file with the private key of the account that pays' },
  { key: 'key_env', kind: 'text', text: 'environment variable with that key, instead' },
  { key: 'relayer_url', kind: 'text', text: 'somebody who pays in this node’s place' },
  { key: 'relayer_key_env', kind: 'text', text: 'environment variable with its API key' },
]

function resolveKey(
  { key_file: file, key_env: env }: Pick<ChainUser, 'key_file' | 'key_env'>,
  home: string,
): Pick<ChainEntry, 'keyFile' | 'keyEnv'> {
  return { keyFile: file === undefined ? undefined : resolve(home, file), keyEnv: env }
}

/** The common keys as the node takes them. */
export function resolveCommon(user: ChainUser, home: string): ChainEntry {
  return {
    rpcUrls: user.rpc_urls,
    deployment: resolve(home, user.deployment),
    ...resolveKey(user, home),
    relayerUrl: user.relayer_url,
    relayerKeyEnv: user.relayer_key_env,
  }
}

/** `[relayer.<chain>]`: the account that pays for others. */
export function payer(
  chain: string,
  { key: perDay, text }: Budget,
): OptionGroup<PayerUser, PayerEntry> {
  const amount = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
  return {
    table: chain,
    schema: z
      .strictObject({
        key_file: path.optional(),
        key_env: variable.optional(),
        [perDay]: amount.optional(),
      })
      .refine((user) => hasOneKey(user) && (user.key_file ?? user.key_env) !== undefined, {
        message: ONE_KEY,
      }),
    options: [
      { key: 'key_file', kind: 'text', text: 'file with the key of the account that pays' },
      { key: 'key_env', kind: 'text', text: 'environment variable with that key, instead' },
      { key: perDay, kind: 'integer', text },
    ],
    resolve: (user, home) => ({
      ...resolveKey(user, home),
      perDay: user[perDay] as number | undefined, // the schema has looked at it
    }),
  }
}
