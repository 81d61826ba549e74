/**
 * A stub node that people sign in to, behind the real server and a proxy that remembers what was asked: for tests of pages, clients and commands. The
 * proxy's address is the node's own, and known before the node is made.
 */
import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http'
import { type Auth, type AuthInit, openAuth, type TokenPair } from '../../src/auth/index.ts'
import { systemRandom } from '../../src/node/primitives/clock.ts'
import { httpServer } from '../../src/server/index.ts'
import { CHEAP } from './auth-kit.ts'
import { type HandClock, handClock } from './hand-clock.ts'
import { memoryStore } from './memory-store.ts'
import { type StubNode, stubNode } from './stub-node.ts'

/** What a request was, as far as tests look at it. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  /** Of JSON. */
  readonly body: unknown
}

export interface AuthNode extends AsyncDisposable {
  readonly url: string
  readonly auth: Auth
  readonly clock: HandClock
  readonly node: StubNode
  /** The proxy. */
  readonly front: HttpServer
  /** All requests, oldest first. */
  readonly seen: readonly Seen[]
  /** Awaited before requests of a path go on; what rejects cuts the connection. */
  readonly before: Map<string, () => Promise<unknown>>
  /** The administrator's tokens. */
  admin(): Promise<TokenPair>
}

/** An account that there is. */
export const ADMIN = { username: 'alice', password: 'correct horse' }

interface Options {
  /** @param origin of the node */
  readonly auth?: (origin: string, clock: HandClock) => Partial<AuthInit>
  readonly allowedOrigins?: readonly string[]
}

export async function authNode(options: Options = {}): Promise<AuthNode> {
  const seen: Seen[] = []
  const before = new Map<string, () => Promise<unknown>>()
  let port = 0
  const front = createServer((req, res) => void forward(req, res, { port, seen, before }))
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  const address = front.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`

  const clock = handClock(Date.now()) // SEP-10’s library reads the machine’s own
  const auth = await openAuth({
    ...{ origin: url, verifiers: [], leewayMs: 0 },
    ...{
      password: { minLength: 3, cost: CHEAP },
      bootstrap: { allowLoopback: true, admin: ADMIN },
    },
    ...options.auth?.(url, clock),
  })({ store: memoryStore(), seed: new Uint8Array(32), clock, random: systemRandom })
  const node = stubNode()
  const { allowedOrigins = [] } = options
  const listen = [{ host: '127.0.0.1', port: 0 }]
  const server = httpServer({ listen, allowedOrigins })({ node, auth })
  await server.start()
  port = Number(new URL(server.address().url).port)
  return {
    ...{ url, auth, clock, node, front, seen, before },
    admin: () =>
      auth.signIn(
        { method: 'user_password', publicKey: 'alice', clientName: 'test', data: ADMIN },
        { address: '127.0.0.1', isLoopback: true },
      ),
    async [Symbol.asyncDispose]() {
      front.closeAllConnections()
      await new Promise((resolve) => front.close(resolve))
      await server.stop()
      await auth.close()
    },
  }
}

/** Sends a request on, and its answer back. */
async function forward(
  req: IncomingMessage,
  res: ServerResponse,
  { port, seen, before }: Pick<AuthNode, 'before'> & { port: number; seen: Seen[] },
): Promise<void> {
  const { method = '', url = '', headers } = req
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer) // no encoding is set
  const body = Buffer.concat(chunks)
  const path = url.split('?')[0] ?? ''
  const isJson = headers['content-type'] === 'application/json'
  seen.push({
    ...{ method, path, authorization: headers.authorization },
    body: isJson ? (JSON.parse(body.toString()) as unknown) : undefined,
  })
  try {
    await before.get(path)?.()
  } catch {
    req.socket.destroy()
    return
  }
  const onward = httpRequest({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(res)
  })
  onward.on('error', () => req.socket.destroy())
  onward.end(body)
}
