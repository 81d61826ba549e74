/** `[server]`: the gateway for clients, and which of its services are on. */
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { z } from 'zod'
import { path } from '../fields.ts'
import type { OptionGroup } from '../option-group.ts'
import { type HostPort, parseHostPort, serverMultiaddrs } from './addresses.ts'

/** Port for clients. */
export const DEFAULT_SERVER_PORT = 2528

/** Clients of this machine only, unless told otherwise. */
export const DEFAULT_SERVER_LISTEN: readonly string[] = [
  `/ip4/127.0.0.1/tcp/${DEFAULT_SERVER_PORT}`,
]

/** Origins and proxies in one list. */
const MAX_ORIGINS = 64

interface ServiceUser {
  enabled?: boolean | undefined
}

interface TlsUser {
  cert?: string | undefined
  key?: string | undefined
}

export interface ServerUser {
  listen?: string[] | undefined
  public_origin?: string | undefined
  allowed_origins?: string[] | undefined
  trusted_proxies?: string[] | undefined
  tls?: TlsUser | undefined
  admin?: ServiceUser | undefined
  jsonrpc?: ServiceUser | undefined
  websocket?: ServiceUser | undefined
  connections?: { max?: number | undefined; per_address?: number | undefined } | undefined
}

/** A service that is off answers 404. */
export interface ServiceConfig {
  /** @default true */
  readonly enabled: boolean
}

export interface ServerConfig {
  /** Where clients reach the node; at least one. @default DEFAULT_SERVER_LISTEN */
  readonly listen: readonly HostPort[]
  /** Where clients reach the node, as in `https://node.example`. @default none: they are on this machine */
  readonly publicOrigin?: string | undefined
  /** Origins of pages that may use the API, besides the node's own and those of this machine. @default [] */
  readonly allowedOrigins: readonly string[]
  /** Proxies that are believed when they say whom they speak for. @default [] */
  readonly trustedProxies: readonly string[]
  /** Files with certificate chain and private key, PEM, absolute. @default plain HTTP */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  readonly admin: ServiceConfig
  readonly jsonrpc: ServiceConfig
  readonly websocket: ServiceConfig
  /** Absent members leave the choice to the server. */
  readonly connections: {
    /** Connections of clients at once, 1 to 65 535. */
    readonly max?: number
    /** Those from one address that is none of this machine, 1 to 65 535. */
    readonly perAddress?: number
  }
}

const service = z.strictObject({ enabled: z.boolean().optional() }).optional()
const count = z.int().min(1).max(65_535).optional()
const resolveService = (user: ServiceUser | undefined): ServiceConfig => ({
  enabled: user?.enabled ?? true,
})

function resolveTls({ cert, key }: TlsUser = {}, home: string): ServerConfig['tls'] {
  if (cert === undefined || key === undefined) return undefined
  return { cert: resolve(home, cert), key: resolve(home, key) }
}

const origin = z
  .string()
  .max(512)
  .refine(isOrigin, { message: 'expected an origin as in https://app.example, without a path' })

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  return url.origin === text && /^https?:$/.test(url.protocol)
}

const proxy = z
  .string()
  .max(64)
  .refine((text) => isIP(text.split('/', 1)[0] ?? '') !== 0, {
    message: 'expected an address or network, as in 10.0.0.1 or 10.0.0.0/8',
  })

function resolveConnections({
  max,
  per_address: perAddress,
}: NonNullable<ServerUser['connections']>): ServerConfig['connections'] {
  return {
    ...(max === undefined ? {} : { max }),
    ...(perAddress === undefined ? {} : { perAddress }),
  }
}

export const server: OptionGroup<ServerUser, ServerConfig> = {
  table: 'server',
  schema: z.strictObject({
    listen: serverMultiaddrs.optional(),
    public_origin: origin.optional(),
    allowed_origins: z.array(origin).max(MAX_ORIGINS).optional(),
    trusted_proxies: z.array(proxy).max(MAX_ORIGINS).optional(),
    tls: z
      .strictObject({ cert: path.optional(), key: path.optional() })
      .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
        message: 'expected both cert and key',
      })
      .optional(),
    admin: service,
    jsonrpc: service,
    websocket: service,
    connections: z.strictObject({ max: count, per_address: count }).optional(),
  }),
  options: [
    { key: 'listen', kind: 'list', text: 'multiaddrs to listen on for clients' },
    { key: 'public_origin', kind: 'text', text: 'where clients reach it: https://node.example' },
    { key: 'allowed_origins', kind: 'list', text: 'pages that may use it: https://app.example' },
    { key: 'trusted_proxies', kind: 'list', text: 'proxies that say whom they speak for' },
    { key: 'tls.cert', kind: 'text', text: 'file with the certificate chain, PEM' },
    { key: 'tls.key', kind: 'text', text: 'file with its private key, PEM' },
    { key: 'admin.enabled', kind: 'boolean', text: 'serve the admin API' },
    { key: 'jsonrpc.enabled', kind: 'boolean', text: 'serve JSON-RPC' },
    { key: 'websocket.enabled', kind: 'boolean', text: 'serve WebSocket subscriptions' },
    { key: 'connections.max', kind: 'integer', text: 'connections of clients at once' },
    { key: 'connections.per_address', kind: 'integer', text: 'those from one address' },
  ],
  resolve: (user, home) => ({
    listen: (user.listen ?? DEFAULT_SERVER_LISTEN).flatMap((text) => parseHostPort(text) ?? []),
    publicOrigin: user.public_origin,
    allowedOrigins: user.allowed_origins ?? [],
    trustedProxies: user.trusted_proxies ?? [],
    tls: resolveTls(user.tls, home),
    admin: resolveService(user.admin),
    jsonrpc: resolveService(user.jsonrpc),
    websocket: resolveService(user.websocket),
    connections: resolveConnections(user.connections ?? {}),
  }),
}
