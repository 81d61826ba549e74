/** `[auth]`: who may use the node, and how people prove who they are. Off unless it is asked for; `merogate node init` asks for it. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { path, variable } from '../fields.ts'
import type { ChainSettings, OptionGroup } from '../option-group.ts'
import { withTables } from '../with-tables.ts'

/** Life of an access token, seconds. */
export const DEFAULT_ACCESS_SECONDS = 3_600
/** Life of a refresh token, and of a session that is not refreshed, seconds: 30 days. */
export const DEFAULT_REFRESH_SECONDS = 2_592_000
/** How far clocks may lie apart, seconds. */
export const DEFAULT_LEEWAY_SECONDS = 60
/** Characters of a new password. */
export const DEFAULT_PASSWORD_CHARS = 8

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

interface RulesUser {
  enabled?: boolean | undefined
  access_seconds?: number | undefined
  refresh_seconds?: number | undefined
  leeway_seconds?: number | undefined
  mock_tokens?: boolean | undefined
  password?: PasswordUser | undefined
  bootstrap?: BootstrapUser | undefined
}

/** Where a secret is: one of both. */
export interface SecretPlace {
  /** Absolute. */
  readonly file?: string | undefined
  readonly env?: string | undefined
}

interface AuthRules {
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
}

/** What users write: what holds everywhere, and by the name of a chain whose wallets may sign in. */
export interface AuthUser extends RulesUser {
  readonly [chain: string]: unknown
}

/** By the name of a chain also whose wallets may sign in, as the chain's settings have resolved it; undefined: none. */
export interface AuthConfig extends AuthRules {
  readonly [chain: string]: unknown
}

const name = z.string().min(1).max(256)
const seconds = z.int().min(1).max(YEAR_SECONDS)
const rules: OptionGroup<RulesUser, AuthRules> = {
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
  ],
  resolve: (user, home) => {
    const absolute = (file: string | undefined): string | undefined =>
      file === undefined ? undefined : resolve(home, file)
    const { password = {}, bootstrap = {} } = user
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
    }
  },
}

/** The rules, and beside them a table for the wallets of each chain, which is checked by itself. */
export function authGroup(chains: readonly ChainSettings[]): OptionGroup<AuthUser, AuthConfig> {
  const wallets = chains.flatMap(({ wallet }) => wallet ?? [])
  return withTables(rules, wallets)
}
