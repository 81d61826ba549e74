/**
 * The typed client: calls, changes as they happen, and administration of a node, for Node and browsers alike. It uses only `fetch` and
 * `WebSocket`.
 *
 * @example
 * ```ts
 * import { merogateClient } from 'merogate/client'
 *
 * const client = merogateClient({ url: 'http://127.0.0.1:2528' })
 * const [context] = await client.admin.contexts()
 * if (context !== undefined) {
 *   const value = await client.rpc.execute({ contextId: context.id, method: 'get', args: { key: 'a' } })
 * }
 * ```
 *
 * @packageDocumentation
 */
export type { LongOperation } from './http.ts'
export { merogateClient } from './client.ts'
export type { ClientInit, MerogateClient } from './client.ts'
export { ClientError } from './errors.ts'
export type { ClientErrorCode, ClientErrorDetails } from './errors.ts'
export type { Admin } from './admin.ts'
export type {
  AuthClient,
  Challenge,
  ChallengeOptions,
  ClientKey,
  NewClientKey,
  NewRootKey,
  PasswordSignIn,
  Provider,
  RootKey,
  SignedProof,
  WalletSignIn,
  Whoami,
} from './auth.ts'
export { memoryTokens } from './tokens.ts'
export type { Tokens, TokenStore } from './tokens.ts'
export type { Call, Rpc, SyncStatus } from './rpc.ts'
export type { SubscribeOptions, SubscriptionStatus } from './subscribe.ts'
export type * from './types.ts'
