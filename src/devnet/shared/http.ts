/** A small HTTP server for the local chains: loopback unless told otherwise, bodies bounded, open to pages of any origin, closed at once. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { utf8 } from '../../node/primitives/bytes.ts'

/** A request with all of its body. */
export interface HttpRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly body: Uint8Array
  /** Aborts when the server closes or the client goes away. */
  readonly signal: AbortSignal
}

export interface HttpAnswer {
  readonly status: number
  readonly type: string
  readonly body: string | Uint8Array
}

export interface HttpServerInit {
  /** 0 lets the system choose. */
  readonly port: number
  readonly host: string
  /** Larger bodies are refused with 413. */
  readonly maxBodyBytes: number
  /** A promise that is rejected is answered with 500. */
  readonly handle: (request: HttpRequest) => Promise<HttpAnswer>
}

export interface HttpServer {
  readonly port: number
  /** Ends all connections, at once. */
  close(): Promise<void>
}

/** What pages of other origins may do: everything, for there is nothing to protect. */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
}
/** Idle connections are kept this long, ms. */
const KEEP_ALIVE_MS = 60_000

/** Starts to listen. @throws what the system says of the port */
export async function startHttpServer(init: HttpServerInit): Promise<HttpServer> {
  const closing = new AbortController()
  const server = createServer((request, response) => {
    void serve(request, response, init, closing.signal)
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await listen(server, init)
  // a server that listens on a port has an address of this form
  const { port } = server.address() as AddressInfo
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        closing.abort()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, { port, host }: HttpServerInit): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  init: HttpServerInit,
  closing: AbortSignal,
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const answer = (status: number, type: string, body: string | Uint8Array): void => {
    if (response.destroyed) return
    const length = typeof body === 'string' ? utf8(body).length : body.length
    response.writeHead(status, { ...CORS, 'content-type': type, 'content-length': length })
    response.end(body)
  }
  try {
    if (request.method === 'OPTIONS') {
      response.writeHead(204, CORS).end()
      return
    }
    const body = await readBody(request, init.maxBodyBytes)
    if (body === undefined) {
      answer(413, 'text/plain', `at most ${init.maxBodyBytes} bytes\n`)
      return
    }
    const { method = 'GET', url = '/' } = request
    const signal = AbortSignal.any([gone.signal, closing])
    const made = await init.handle({ method, url, body, signal })
    answer(made.status, made.type, made.body)
  } catch (error) {
    answer(500, 'text/plain', `${error instanceof Error ? error.message : 'failed'}\n`)
  }
}

/** The whole body, or undefined where it is too large; what is left of it is not kept. */
async function readBody(
  request: IncomingMessage,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length <= maxBytes) chunks.push(chunk)
  }
  return length > maxBytes ? undefined : Buffer.concat(chunks)
}
