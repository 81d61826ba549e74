/** `[server]`: the gateway for clients, and which of its services are on. */
import { z } from 'zod'
import type { OptionGroup } from '../option-group.ts'
import { type HostPort, parseHostPort, serverMultiaddrs } from './addresses.ts'

/** Port for clients. */
export const DEFAULT_SERVER_PORT = 2528

/** Clients of this machine only, unless told otherwise. */
export const DEFAULT_SERVER_LISTEN: readonly string[] = [
  `/ip4/127.0.0.1/tcp/${DEFAULT_SERVER_PORT}`,
]

interface ServiceUser {
  enabled?: boolean | undefined
}

export interface ServerUser {
  listen?: string[] | undefined
  admin?: ServiceUser | undefined
  jsonrpc?: ServiceUser | undefined
  websocket?: ServiceUser | undefined
}

/** A service that is off answers 404. */
export interface ServiceConfig {
  /** @default true */
  readonly enabled: boolean
}

export interface ServerConfig {
  /** Where clients reach the node; at least one. @default DEFAULT_SERVER_LISTEN */
  readonly listen: readonly HostPort[]
  readonly admin: ServiceConfig
  readonly jsonrpc: ServiceConfig
  readonly websocket: ServiceConfig
}

const service = z.strictObject({ enabled: z.boolean().optional() }).optional()
const resolveService = (user: ServiceUser | undefined): ServiceConfig => ({
  enabled: user?.enabled ?? true,
})

export const server: OptionGroup<ServerUser, ServerConfig> = {
  table: 'server',
  schema: z.strictObject({
    listen: serverMultiaddrs.optional(),
    admin: service,
    jsonrpc: service,
    websocket: service,
  }),
  options: [
    { key: 'listen', kind: 'list', text: 'multiaddrs to listen on for clients' },
    { key: 'admin.enabled', kind: 'boolean', text: 'serve the admin API' },
    { key: 'jsonrpc.enabled', kind: 'boolean', text: 'serve JSON-RPC' },
    { key: 'websocket.enabled', kind: 'boolean', text: 'serve WebSocket subscriptions' },
  ],
  resolve: (user) => ({
    listen: (user.listen ?? DEFAULT_SERVER_LISTEN).flatMap((text) => parseHostPort(text) ?? []),
    admin: resolveService(user.admin),
    jsonrpc: resolveService(user.jsonrpc),
    websocket: resolveService(user.websocket),
  }),
}
