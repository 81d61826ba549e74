/** A stub node behind a real server on a free port, and short ways to talk to it. */
import { type Clock, systemClock } from '../../src/node/primitives/clock.ts'
import { httpServer, promMetrics } from '../../src/server/index.ts'
import type { HttpServerInit, Server } from '../../src/server/index.ts'
import { NO_LOAD } from './no-load.ts'
import { stubNode } from './stub-node.ts'
import type { StubNode } from './stub-node.ts'

/** An answer, read. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The text as JSON; undefined when it is none. */
  readonly body: unknown
}

export interface Serving extends AsyncDisposable {
  readonly node: StubNode
  readonly server: Server
  readonly url: string
  /** Sends a request; a `body` that is no string or bytes goes as JSON. */
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>
  /** Sends one JSON-RPC body. */
  rpc(body: unknown): Promise<Answer>
}

/** Starts both. */
export async function serving(
  init: HttpServerInit = {},
  clock: Clock = systemClock,
  /** The event loop is watched, which is late where many tests run at once. */
  isWatched = false,
): Promise<Serving> {
  const node = stubNode()
  const metrics = promMetrics({ process: false })
  const server = httpServer({ listen: [{ host: '127.0.0.1', port: 0 }], ...init })({
    node,
    metrics,
    clock,
    ...(isWatched ? {} : { load: NO_LOAD }),
  })
  await server.start()
  const { url } = server.address()
  const send = sender(url)
  return {
    node,
    server,
    url,
    send,
    rpc: (body) => send('POST', '/jsonrpc', body),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Sends requests to a server. */
export function sender(url: string): Serving['send'] {
  return async (method, path, body, headers = {}) => {
    const isText = typeof body === 'string' || body instanceof Uint8Array
    const json = body === undefined || isText ? {} : { 'content-type': 'application/json' }
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...json, ...headers },
      // text and bytes go as they are: fetch takes both
      body: body === undefined ? null : isText ? (body as string) : JSON.stringify(body),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: parse(text) }
  }
}
