/**
 * The server: JSON-RPC, WebSocket and admin API over a node, compatible with Calimero clients. It knows the node only by its public
 * interface. With sign-in (`src/auth`) everything needs a token and it may be reached from elsewhere; without, it serves this machine only.
 *
 * @example
 * ```ts
 * import { createNode } from 'merogate/node'
 * import { httpServer, promMetrics } from 'merogate/server'
 *
 * const metrics = promMetrics()
 * const node = await createNode({ home: './node1', metrics })
 * await node.start()
 * const server = httpServer()({ node, metrics })
 * await server.start()
 * // POST http://127.0.0.1:2528/jsonrpc
 * ```
 *
 * @packageDocumentation
 */
export { DEFAULT_LISTEN, httpServer } from './http.ts'
export type {
  HttpServerComponents,
  HttpServerInit,
  ListenAddress,
  Server,
  ServerAddress,
  TlsFiles,
} from './http.ts'
export type { ChallengeRoutes } from './auth/challenge-routes.ts'
export { DEFAULT_CONNECTION_RULES } from './connections.ts'
export type { ConnectionRules } from './connections.ts'
export type { Services } from './app.ts'
export { promMetrics } from './prom-metrics.ts'
export type { PromMetrics, PromMetricsInit } from './prom-metrics.ts'
export { relayer } from './relayer/relayer.ts'
export type { Relayer, RelayerComponents, RelayerInit } from './relayer/relayer.ts'
export { apiKeys, readApiKeys } from './relayer/api-keys.ts'
export type { ApiKeys, ApiKeysReference } from './relayer/api-keys.ts'
export type { CarryOptions, RelayCarrier } from './relayer/carrier.ts'
export type { OperationView } from './relayer/operations.ts'
export type { QuotaRules } from './relayer/quotas.ts'
export type { RelayerErrorCode } from './relayer/errors.ts'
export type { ErrorBody, ServerErrorCode } from './errors.ts'
export type { RpcError, RpcErrorType } from './json-rpc/errors.ts'
