/** `[anchor.<protocol>]`: the authorities over membership this node can ask. Which protocols exist is decided by whoever builds the node. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { path, variable } from '../fields.ts'
import type { OptionGroup } from '../option-group.ts'

/** Protocols in one configuration. */
const MAX_ANCHORS = 16
/** Endpoints of one chain. */
const MAX_RPC_URLS = 8
/** Blocks above one that counts as final. */
const MAX_CONFIRMATIONS = 1000

/** What users write: an anchor service has a `url`, a chain `rpc_urls` and the rest. */
interface AnchorEntry {
  url?: string | undefined
  rpc_urls?: string[] | undefined
  ws_url?: string | undefined
  deployment?: string | undefined
  finality?: 'finalized' | 'safe' | undefined
  confirmations?: number | undefined
  key_file?: string | undefined
  key_env?: string | undefined
  relayer_url?: string | undefined
  relayer_key_env?: string | undefined
  max_fee_gwei?: number | undefined
  max_tip_gwei?: number | undefined
}

export type AnchorUser = Record<string, AnchorEntry>

/** An anchor service: the local one. */
export interface ServiceAnchorConfig {
  readonly url: string
}

/** A chain, and how this node takes part in it. */
export interface ChainAnchorConfig {
  readonly url?: undefined
  /** JSON-RPC endpoints, the preferred first. */
  readonly rpcUrls: readonly string[]
  /** Endpoint for subscriptions. */
  readonly wsUrl?: string | undefined
  /** The deployment file, absolute. */
  readonly deployment: string
  /** When a block counts as final; a number: that many blocks above it. Undefined: the adapter's default. */
  readonly finality?: 'finalized' | 'safe' | number | undefined
  /** File with the account's private key, absolute. */
  readonly keyFile?: string | undefined
  /** Environment variable with the account's private key. */
  readonly keyEnv?: string | undefined
  /** Somebody who pays in this node's place. */
  readonly relayerUrl?: string | undefined
  /** Environment variable with the relayer's API key. */
  readonly relayerKeyEnv?: string | undefined
  readonly maxFeeGwei?: number | undefined
  readonly maxTipGwei?: number | undefined
}

/** By protocol name. */
export type AnchorConfig = Readonly<Record<string, ServiceAnchorConfig | ChainAnchorConfig>>

/** Whether an anchor is a chain. */
export function isChainAnchor(
  anchor: ServiceAnchorConfig | ChainAnchorConfig,
): anchor is ChainAnchorConfig {
  return 'rpcUrls' in anchor
}

const http = z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).max(2048)

const entry = z
  .strictObject({
    url: http.optional(),
    rpc_urls: z.array(http).min(1).max(MAX_RPC_URLS).optional(),
    ws_url: z
      .url({ protocol: /^wss?$/, error: 'expected a ws or wss URL' })
      .max(2048)
      .optional(),
    deployment: path.optional(),
    finality: z.enum(['finalized', 'safe']).optional(),
    confirmations: z.int().min(0).max(MAX_CONFIRMATIONS).optional(),
    key_file: path.optional(),
    key_env: variable.optional(),
    relayer_url: http.optional(),
    relayer_key_env: variable.optional(),
    max_fee_gwei: z.int().min(1).max(100_000).optional(),
    max_tip_gwei: z.int().min(1).max(100_000).optional(),
  })
  .refine(({ url, rpc_urls }) => (url === undefined) !== (rpc_urls === undefined), {
    path: ['url'],
    message: 'expected either url, of an anchor service, or rpc_urls, of a chain',
  })
  .refine(({ rpc_urls, deployment }) => rpc_urls === undefined || deployment !== undefined, {
    path: ['deployment'],
    message: 'expected deployment, the file that says where the contracts are',
  })
  .refine(({ url, ...chain }) => url === undefined || Object.values(chain).every(isUndefined), {
    message: 'expected nothing beside url, which is the address of an anchor service',
  })
  .refine(({ key_file, key_env }) => key_file === undefined || key_env === undefined, {
    message: 'expected one of key_file and key_env',
  })
  .refine(({ relayer_url }) => relayer_url === undefined || isPrivate(relayer_url), {
    path: ['relayer_url'],
    message:
      'expected an https URL: it carries an API key, and only this machine may be asked by http',
  })
  .refine(({ finality, confirmations }) => finality === undefined || confirmations === undefined, {
    message: 'expected one of finality and confirmations',
  })

/** Whether nobody on the way reads what is sent there. */
function isPrivate(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  const isHere = /^(?:(?:.*\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
  return protocol === 'https:' || isHere
}

function isUndefined(value: unknown): boolean {
  return value === undefined
}

function resolveEntry(user: AnchorEntry, home: string): ServiceAnchorConfig | ChainAnchorConfig {
  const { url, rpc_urls: rpcUrls, deployment, key_file: keyFile } = user
  // the schema lets exactly one of them through, and a chain only with its deployment
  if (rpcUrls === undefined) return { url: url ?? '' }
  return {
    rpcUrls,
    wsUrl: user.ws_url,
    deployment: resolve(home, deployment ?? ''),
    finality: user.confirmations ?? user.finality,
    keyFile: keyFile === undefined ? undefined : resolve(home, keyFile),
    keyEnv: user.key_env,
    relayerUrl: user.relayer_url,
    relayerKeyEnv: user.relayer_key_env,
    maxFeeGwei: user.max_fee_gwei,
    maxTipGwei: user.max_tip_gwei,
  }
}

export const anchor: OptionGroup<AnchorUser, AnchorConfig> = {
  table: 'anchor',
  schema: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected a protocol name such as local'),
      entry,
    )
    .refine((anchors) => Object.keys(anchors).length <= MAX_ANCHORS, {
      message: `expected at most ${MAX_ANCHORS} anchors`,
    }),
  // a variable's name ends like a key: the longer ones are looked for first
  options: [
    { key: '*.rpc_urls', kind: 'list', text: 'JSON-RPC endpoints of a chain, the preferred first' },
    { key: '*.ws_url', kind: 'text', text: 'endpoint for subscriptions' },
    { key: '*.deployment', kind: 'text', text: 'file that says where the contracts are' },
    { key: '*.finality', kind: 'text', text: 'finalized or safe: when a block counts' },
    { key: '*.confirmations', kind: 'integer', text: 'blocks above one that counts, instead' },
    { key: '*.key_file', kind: 'text', text: 'file with the private key of the account that pays' },
    { key: '*.relayer_key_env', kind: 'text', text: 'environment variable with its API key' },
    { key: '*.key_env', kind: 'text', text: 'environment variable with that key, instead' },
    { key: '*.relayer_url', kind: 'text', text: 'somebody who pays in this node’s place' },
    { key: '*.max_fee_gwei', kind: 'integer', text: 'most that is paid per gas' },
    { key: '*.max_tip_gwei', kind: 'integer', text: 'most of that for whoever makes the block' },
    { key: '*.url', kind: 'text', text: 'address of the anchor service' },
  ],
  resolve: (user, home) =>
    Object.fromEntries(
      Object.entries(user).map(([protocol, each]) => [protocol, resolveEntry(each, home)]),
    ),
}
