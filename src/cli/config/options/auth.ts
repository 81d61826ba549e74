/** `[auth]`: who may use the node, and how people prove who they are. Off unless it is asked for; `merogate node init` asks for it. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { path, variable } from '../fields.ts'
import type { OptionGroup } from '../option-group.ts'

/** Life of an access token, seconds. */
export const DEFAULT_ACCESS_SECONDS = 3_600
/** Life of a refresh token, and of a session that is not refreshed, seconds: 30 days. */
export const DEFAULT_REFRESH_SECONDS = 2_592_000
/** How far clocks may lie apart, seconds. */
export const DEFAULT_LEEWAY_SECONDS = 60
/** Characters of a new password. */
export const DEFAULT_PASSWORD_CHARS = 8

const MAX_URLS = 16
const YEAR_SECONDS = 31_536_000

interface PasswordUser {
  enabled?: boolean | undefined
  min_length?: number | undefined
}

interface BootstrapUser {
  secret_hash?: string | undefined
  allow_loopback?: boolean | undefined
  anybody?: boolean | undefined
  admin_user?: string | undefined
  admin_password_file?: string | undefined
  admin_password_env?: string | undefined
}

interface NearUser {
  network?: string | undefined
  rpc_urls?: string[] | undefined
  recipient?: string | undefined
  callback_urls?: string[] | undefined
}

interface EthereumUser {
  chain_ids?: string[] | undefined
  rpc_urls?: string[] | undefined
}

interface IcpUser {
  enabled?: boolean | undefined
  root_key?: string | undefined
  canisters?: string[] | undefined
  identity_provider?: string | undefined
}

interface StellarUser {
  network?: string | undefined
  passphrase?: string | undefined
  horizon_urls?: string[] | undefined
  home_domain?: string | undefined
  key_file?: string | undefined
  key_env?: string | undefined
}

export interface AuthUser {
  enabled?: boolean | undefined
  access_seconds?: number | undefined
  refresh_seconds?: number | undefined
  leeway_seconds?: number | undefined
  mock_tokens?: boolean | undefined
  password?: PasswordUser | undefined
  bootstrap?: BootstrapUser | undefined
  near?: NearUser | undefined
  ethereum?: EthereumUser | undefined
  icp?: IcpUser | undefined
  stellar?: StellarUser | undefined
}

/** Where a secret is: one of both. */
export interface SecretPlace {
  /** Absolute. */
  readonly file?: string | undefined
  readonly env?: string | undefined
}

export interface AuthConfig {
  /** @default false */
  readonly enabled: boolean
  /** @default DEFAULT_ACCESS_SECONDS */
  readonly accessSeconds: number
  /** @default DEFAULT_REFRESH_SECONDS */
  readonly refreshSeconds: number
  /** @default DEFAULT_LEEWAY_SECONDS */
  readonly leewaySeconds: number
  /** Hand out tokens to whoever asks. @default false */
  readonly mockTokens: boolean
  /** Undefined: no sign-in by password. @default on */
  readonly password?: { readonly minLength: number } | undefined
  readonly bootstrap: {
    /** SHA-256 of the secret that `node init` printed. */
    readonly secretHash?: string | undefined
    /** Undefined: where the node has no public origin. */
    readonly allowLoopback?: boolean | undefined
    readonly anybody: boolean
    readonly admin?: { readonly user: string; readonly password: SecretPlace } | undefined
  }
  readonly near?:
    | {
        readonly network: string
        readonly rpcUrls: readonly string[]
        readonly recipient?: string | undefined
        readonly callbackUrls: readonly string[]
      }
    | undefined
  /** The first chain is meant where a wallet names none. */
  readonly ethereum?:
    readonly { readonly chainId: number; readonly rpcUrls: readonly string[] }[] | undefined
  readonly icp?:
    | {
        readonly rootKey?: string | undefined
        readonly canisters?: readonly string[] | undefined
        readonly identityProvider?: string | undefined
      }
    | undefined
  readonly stellar?:
    | {
        readonly network: string
        readonly passphrase: string
        /** Undefined: no Horizon is asked. */
        readonly horizonUrls?: readonly string[] | undefined
        /** Undefined: the host of the public origin. */
        readonly homeDomain?: string | undefined
        readonly key: SecretPlace
      }
    | undefined
}

const name = z.string().min(1).max(256)
const http = z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).max(2048)
const urls = z.array(http).max(MAX_URLS)
const seconds = z.int().min(1).max(YEAR_SECONDS)
const chainId = z.string().regex(/^[1-9]\d{0,14}$/, 'expected the number of a chain, EIP-155')

/** `1=https://...`: an endpoint with the chain it belongs to. */
const chainUrl = z
  .string()
  .max(2048)
  .refine(
    (text) =>
      http.safeParse(partsOf(text)[1]).success && chainId.safeParse(partsOf(text)[0]).success,
    {
      message: 'expected a chain with its endpoint, as in 1=https://rpc.example',
    },
  )

export const auth: OptionGroup<AuthUser, AuthConfig> = {
  table: 'auth',
  schema: z.strictObject({
    enabled: z.boolean().optional(),
    access_seconds: seconds.optional(),
    refresh_seconds: seconds.optional(),
    leeway_seconds: z.int().min(0).max(600).optional(),
    mock_tokens: z.boolean().optional(),
    password: z
      .strictObject({
        enabled: z.boolean().optional(),
        min_length: z.int().min(1).max(128).optional(),
      })
      .optional(),
    bootstrap: z
      .strictObject({
        secret_hash: z
          .string()
          .regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits')
          .optional(),
        allow_loopback: z.boolean().optional(),
        anybody: z.boolean().optional(),
        admin_user: name.optional(),
        admin_password_file: path.optional(),
        admin_password_env: variable.optional(),
      })
      .refine(
        ({ admin_user: user, admin_password_file: file, admin_password_env: env }) =>
          [file, env].filter((each) => each !== undefined).length === (user === undefined ? 0 : 1),
        { message: 'expected admin_user with one of admin_password_file and admin_password_env' },
      )
      .optional(),
    near: z
      .strictObject({
        network: name.optional(),
        rpc_urls: urls.optional(),
        recipient: name.optional(),
        callback_urls: urls.optional(),
      })
      .optional(),
    ethereum: z
      .strictObject({
        chain_ids: z.array(chainId).min(1).max(MAX_URLS).optional(),
        rpc_urls: z.array(chainUrl).max(MAX_URLS).optional(),
      })
      .refine(
        ({ chain_ids: ids = ['1'], rpc_urls: list = [] }) =>
          list.every((text) => ids.includes(partsOf(text)[0])),
        { message: 'expected endpoints of chains that stand in chain_ids', path: ['rpc_urls'] },
      )
      .optional(),
    icp: z
      .strictObject({
        enabled: z.boolean().optional(),
        root_key: z
          .string()
          .regex(/^[0-9a-f]{16,1024}$/, 'expected a key as DER, hexadecimal')
          .optional(),
        canisters: z.array(name).min(1).max(MAX_URLS).optional(),
        identity_provider: http.optional(),
      })
      .optional(),
    stellar: z
      .strictObject({
        network: name.optional(),
        passphrase: name.optional(),
        horizon_urls: urls.min(1).optional(),
        home_domain: name.optional(),
        key_file: path.optional(),
        key_env: variable.optional(),
      })
      .refine(({ key_file, key_env }) => (key_file === undefined) !== (key_env === undefined), {
        message: 'expected one of key_file and key_env',
      })
      .optional(),
  }),
  options: [
    { key: 'enabled', kind: 'boolean', text: 'ask for a token, and let people sign in' },
    { key: 'access_seconds', kind: 'integer', text: 'life of an access token' },
    { key: 'refresh_seconds', kind: 'integer', text: 'life of a refresh token' },
    { key: 'leeway_seconds', kind: 'integer', text: 'how far clocks may lie apart' },
    { key: 'mock_tokens', kind: 'boolean', text: 'hand out tokens to whoever asks; for tests' },
    { key: 'password.enabled', kind: 'boolean', text: 'let people sign in by password' },
    { key: 'password.min_length', kind: 'integer', text: 'characters of a new password' },
    { key: 'bootstrap.secret_hash', kind: 'text', text: 'hash of the first sign-in’s secret' },
    { key: 'bootstrap.allow_loopback', kind: 'boolean', text: 'first sign-in from this machine' },
    { key: 'bootstrap.anybody', kind: 'boolean', text: 'first sign-in from anywhere; for tests' },
    { key: 'bootstrap.admin_user', kind: 'text', text: 'an administrator made at the start' },
    { key: 'bootstrap.admin_password_file', kind: 'text', text: 'file with that password' },
    { key: 'bootstrap.admin_password_env', kind: 'text', text: 'variable with it, instead' },
    { key: 'near.network', kind: 'text', text: 'NEAR wallets: mainnet, testnet' },
    { key: 'near.rpc_urls', kind: 'list', text: 'endpoints of that network' },
    { key: 'near.recipient', kind: 'text', text: 'whom wallets say the message is for' },
    { key: 'near.callback_urls', kind: 'list', text: 'pages that wallets may come back to' },
    { key: 'ethereum.chain_ids', kind: 'list', text: 'Ethereum wallets: chains by EIP-155' },
    { key: 'ethereum.rpc_urls', kind: 'list', text: 'endpoints as 1=https://..., for contracts' },
    { key: 'icp.enabled', kind: 'boolean', text: 'identities of the Internet Computer' },
    { key: 'icp.root_key', kind: 'text', text: 'key of the root subnet, where it is a local one' },
    { key: 'icp.canisters', kind: 'list', text: 'canisters whose signatures count' },
    { key: 'icp.identity_provider', kind: 'text', text: 'page where people meet their identity' },
    { key: 'stellar.network', kind: 'text', text: 'Stellar wallets: pubnet, testnet' },
    { key: 'stellar.passphrase', kind: 'text', text: 'passphrase of another network' },
    { key: 'stellar.horizon_urls', kind: 'list', text: 'Horizons of that network' },
    { key: 'stellar.home_domain', kind: 'text', text: 'where stellar.toml is' },
    { key: 'stellar.key_file', kind: 'text', text: 'file with the seed that signs challenges' },
    { key: 'stellar.key_env', kind: 'text', text: 'environment variable with it, instead' },
  ],
  resolve: (user, home) => {
    const absolute = (file: string | undefined): string | undefined =>
      file === undefined ? undefined : resolve(home, file)
    const { password = {}, bootstrap = {}, near, ethereum, icp, stellar } = user
    const { admin_user: adminUser } = bootstrap
    return {
      enabled: user.enabled ?? false,
      accessSeconds: user.access_seconds ?? DEFAULT_ACCESS_SECONDS,
      refreshSeconds: user.refresh_seconds ?? DEFAULT_REFRESH_SECONDS,
      leewaySeconds: user.leeway_seconds ?? DEFAULT_LEEWAY_SECONDS,
      mockTokens: user.mock_tokens ?? false,
      password:
        password.enabled === false
          ? undefined
          : { minLength: password.min_length ?? DEFAULT_PASSWORD_CHARS },
      bootstrap: {
        secretHash: bootstrap.secret_hash,
        allowLoopback: bootstrap.allow_loopback,
        anybody: bootstrap.anybody ?? false,
        admin:
          adminUser === undefined
            ? undefined
            : {
                user: adminUser,
                password: {
                  file: absolute(bootstrap.admin_password_file),
                  env: bootstrap.admin_password_env,
                },
              },
      },
      near: near && {
        network: near.network ?? 'mainnet',
        rpcUrls: near.rpc_urls ?? [],
        recipient: near.recipient,
        callbackUrls: near.callback_urls ?? [],
      },
      ethereum: ethereum && chainsOf(ethereum),
      icp:
        icp === undefined || icp.enabled === false
          ? undefined
          : {
              rootKey: icp.root_key,
              canisters: icp.canisters,
              identityProvider: icp.identity_provider,
            },
      stellar: stellar && {
        ...networkOf(stellar),
        horizonUrls: stellar.horizon_urls,
        homeDomain: stellar.home_domain,
        key: { file: absolute(stellar.key_file), env: stellar.key_env },
      },
    }
  },
}

/** Chain and URL of an endpoint. */
function partsOf(text: string): [string, string] {
  const at = text.indexOf('=')
  return [text.slice(0, at), text.slice(at + 1)]
}

function chainsOf({ chain_ids: ids = ['1'], rpc_urls: list = [] }: EthereumUser) {
  return ids.map((id) => ({
    chainId: Number(id),
    rpcUrls: list.map(partsOf).flatMap(([chain, url]) => (chain === id ? [url] : [])),
  }))
}

/** Passphrases by https://developers.stellar.org/docs/networks. */
const PASSPHRASES: Readonly<Record<string, string>> = {
  pubnet: 'Public Global Stellar Network ; September 2015',
  testnet: 'Test SDF Network ; September 2015',
}

function networkOf({ network = 'pubnet', passphrase }: StellarUser) {
  return { network, passphrase: passphrase ?? PASSPHRASES[network] ?? network }
}
