/** A stub node behind a server with sign-in, on one clock that moves when told, and tokens for whatever permissions a test wants. */
import type { AuthInit } from '../../src/auth/index.ts'
import { promMetrics, httpServer } from '../../src/server/index.ts'
import type { HttpServerComponents, HttpServerInit, Server } from '../../src/server/index.ts'
import { type AuthKit, authKit } from './auth-kit.ts'
import { NO_LOAD } from './no-load.ts'
import { type Answer, sender } from './serving.ts'
import { type StubNode, stubNode } from './stub-node.ts'

export interface Guarded extends AsyncDisposable {
  readonly node: StubNode
  readonly server: Server
  readonly kit: AuthKit
  readonly url: string
  /** An access token of a key of its own. */
  token(...permissions: string[]): Promise<string>
  /** Sends a request; with a token it goes as bearer. */
  send(
    method: string,
    path: string,
    options?: { body?: unknown; token?: string; headers?: Record<string, string> },
  ): Promise<Answer>
}

export async function guarded(
  init: HttpServerInit & { auth?: Partial<AuthInit> } = {},
  components: Partial<HttpServerComponents> = {},
): Promise<Guarded> {
  const { auth, ...serverInit } = init
  const kit = await authKit(auth)
  const node = stubNode()
  const server = httpServer({ listen: [{ host: '127.0.0.1', port: 0 }], ...serverInit })({
    node,
    auth: kit.auth,
    clock: kit.clock,
    metrics: promMetrics({ process: false }),
    logger: kit.logger,
    load: NO_LOAD,
    ...components,
  })
  await server.start()
  const { url } = server.address()
  const send = sender(url)
  let keys = 0
  return {
    node,
    server,
    kit,
    url,
    async token(...permissions) {
      return (await kit.auth.mint({ name: `key ${keys++}`, permissions })).accessToken
    },
    send: (method, path, { body, token, headers = {} } = {}) =>
      send(method, path, body, {
        ...headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      }),
    async [Symbol.asyncDispose]() {
      await server.stop()
      await kit.auth.close()
    },
  }
}
