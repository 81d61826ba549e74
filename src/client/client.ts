/** One object that talks to one node. */
import { admin } from './admin.ts'
import type { Admin } from './admin.ts'
import { http } from './http.ts'
import { rpc } from './rpc.ts'
import type { Rpc } from './rpc.ts'
import { subscribe } from './subscribe.ts'
import type { SubscribeOptions } from './subscribe.ts'
import type { Lag, Mutation } from './types.ts'

/** Options of {@link merogateClient}. */
export interface ClientInit {
  /** Where the node serves: `http://127.0.0.1:2528`. */
  readonly url: string
  /** Sent as bearer token. @default none */
  readonly token?: string
}

export interface MerogateClient {
  readonly url: string
  readonly rpc: Rpc
  readonly admin: Admin
  /** See {@link subscribe}. */
  subscribe(options: SubscribeOptions): AsyncGenerator<Mutation | Lag, void, undefined>
}

/**
 * A client of one node, for Node and browsers. Nothing is sent before a function is called.
 * @example
 * ```ts
 * const client = merogateClient({ url: 'http://127.0.0.1:2528' })
 * await client.rpc.execute({ contextId, method: 'set', args: { key: 'a', value: 'b' } })
 * for await (const change of client.subscribe({ contextIds: [contextId] })) console.log(change)
 * ```
 */
export function merogateClient(init: ClientInit): MerogateClient {
  const url = init.url.replace(/\/+$/, '')
  const connection = http(url, init.token)
  return {
    url,
    rpc: rpc(connection),
    admin: admin(connection),
    subscribe: (options) => subscribe(url, init.token, options),
  }
}
