/** One object that talks to one node. */
import { admin } from './admin.ts'
import type { Admin } from './admin.ts'
import { auth, refreshWith } from './auth.ts'
import type { AuthClient } from './auth.ts'
import { http, type LongOperation } from './http.ts'
import { rpc } from './rpc.ts'
import type { Rpc } from './rpc.ts'
import { subscribe } from './subscribe.ts'
import type { SubscribeOptions } from './subscribe.ts'
import { fixedToken, memoryTokens, storedTokens } from './tokens.ts'
import type { TokenStore } from './tokens.ts'
import type { Lag, Mutation } from './types.ts'

/** Options of {@link merogateClient}. */
export interface ClientInit {
  /** Where the node serves: `http://127.0.0.1:2528`. */
  readonly url: string
  /** An access token that is sent as it is and never refreshed, in place of those of `tokens`. @default none */
  readonly token?: string
  /** Where signing in keeps its tokens. @default in memory, as long as the client lives */
  readonly tokens?: TokenStore
  /** Told every 20 s or so while something takes long, such as an operation that waits for its chain to be final. @default nobody is */
  readonly onWaiting?: (operation: LongOperation) => void
}

export interface MerogateClient {
  readonly url: string
  readonly rpc: Rpc
  readonly admin: Admin
  /** Signing in, and keys. */
  readonly auth: AuthClient
  /** See {@link subscribe}. */
  subscribe(options: SubscribeOptions): AsyncGenerator<Mutation | Lag, void, undefined>
}

/**
 * A client of one node, for Node and browsers. Nothing is sent before a function is called.
 * @example
 * ```ts
 * const client = merogateClient({ url: 'http://127.0.0.1:2528' })
 * await client.auth.signInWithPassword({ username: 'alice', password })
 * await client.rpc.execute({ contextId, method: 'set', args: { key: 'a', value: 'b' } })
 * for await (const change of client.subscribe({ contextIds: [contextId] })) console.log(change)
 * ```
 */
export function merogateClient(init: ClientInit): MerogateClient {
  const url = init.url.replace(/\/+$/, '')
  const { token, tokens = memoryTokens() } = init
  const bearer =
    token === undefined ? storedTokens(tokens, refreshWith(http(url))) : fixedToken(token)
  const connection = http(url, bearer, init.onWaiting)
  return {
    url,
    rpc: rpc(connection),
    admin: admin(connection),
    auth: auth(connection, tokens),
    subscribe: (options) => subscribe({ url, bearer, http: connection }, options),
  }
}
