/** The local authority behind HTTP: what nodes without a chain share. Loopback only, unless told otherwise. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import {
  isMerogateError,
  type MerogateError,
  toMerogateError,
  type ErrorKind,
} from '../../node/errors.ts'
import { localAuthority } from './model/authority.ts'
import { concat, fromUtf8 } from '../../node/primitives/bytes.ts'
import { systemClock, systemRandom, type Clock, type Random } from '../../node/primitives/clock.ts'
import { silentLogger, type Logger } from '../../node/primitives/logger.ts'
import { MAX_CONNECTIONS, MAX_REQUEST_BYTES, MAX_WATCHERS, REQUEST_TIMEOUT_MS } from './limits.ts'
import { localChainError } from './errors.ts'
import { badRequest, type RouteAnswer, type RouteRequest } from './route.ts'
import { createRouter } from './routes.ts'

/** Where the service listens when nothing else is said: this machine only. */
export const DEFAULT_HOST = '127.0.0.1'

export interface LocalChainInit {
  /** TCP port; 0 lets the system choose. */
  readonly port: number
  /** Address to listen on. Beyond loopback, whoever reaches it may read and send, which the operations' signatures allow for.
   * @default DEFAULT_HOST */
  readonly host?: string | undefined
  /** File that keeps what was accepted. @default none: everything is gone at the end */
  readonly file?: string | undefined
  /** @default the machine's */
  readonly clock?: Clock
  /** @default the machine's */
  readonly random?: Random
  /** @default silent */
  readonly logger?: Logger
}

/** A service that runs. */
export interface LocalChain extends AsyncDisposable {
  /** `http://host:port`, for `localAnchor`. */
  readonly url: string
  /** Ends open questions, then the service. Safe to repeat. */
  stop(): Promise<void>
}

const STATUS: Partial<Record<ErrorKind, number>> = {
  input: 400,
  missing: 404,
  limit: 429,
  transport: 503,
}

function tooLarge(): MerogateError {
  return localChainError(
    'LOCAL_CHAIN_TOO_LARGE',
    `expected a body of at most ${MAX_REQUEST_BYTES} bytes, got more`,
    { max: MAX_REQUEST_BYTES },
  )
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  // a web page cannot send this type to another origin without asking first, and nobody answers that question
  if (request.headers['content-type']?.split(';')[0]?.trim() !== 'application/json') {
    throw badRequest('expected content-type application/json')
  }
  if (Number(request.headers['content-length'] ?? 0) > MAX_REQUEST_BYTES) throw tooLarge()
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of request as AsyncIterable<Uint8Array>) {
    // no encoding is set, so the parts are bytes
    length += part.length
    if (length > MAX_REQUEST_BYTES) throw tooLarge()
    parts.push(part)
  }
  try {
    return JSON.parse(fromUtf8(concat(...parts)))
  } catch {
    throw badRequest('expected a body of JSON')
  }
}

function toAnswer(thrown: unknown, logger: Logger): RouteAnswer {
  const error = toMerogateError(thrown)
  if (!isMerogateError(thrown)) logger.error({ err: thrown }, 'request failed')
  const status = error.code === 'LOCAL_CHAIN_TOO_LARGE' ? 413 : (STATUS[error.kind] ?? 500)
  const { code, kind } = error
  // what is not ours to explain stays in the log
  const message = status === 500 ? 'the service failed' : error.message
  return { status, body: { code, kind, message } }
}

function reply(response: ServerResponse, { status, body }: RouteAnswer): void {
  if (response.destroyed) return
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    'cache-control': 'no-store',
    // a body that was not read to its end would be taken for the next request
    ...(status === 413 ? { connection: 'close' } : {}),
  })
  response.end(bytes)
}

async function listen(server: Server, port: number, host: string): Promise<string> {
  const fail = (hint: string, cause?: unknown): MerogateError =>
    localChainError(
      'LOCAL_CHAIN_LISTEN',
      `cannot listen on ${host}:${port}; ${hint}`,
      { host, port },
      { cause },
    )
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw fail('expected a port of 0..65535')
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(fail('is the port taken?', cause)))
    server.listen(port, host, () => {
      const address = server.address()
      const bound = typeof address === 'object' && address !== null ? address.port : port
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${bound}`)
    })
  })
}

/** Refuses a question for changes when too many are open. */
function limitWatchers(
  route: (request: RouteRequest) => Promise<RouteAnswer>,
): (request: RouteRequest) => Promise<RouteAnswer> {
  let watchers = 0
  return async (request) => {
    if (request.path !== '/v1/changes') return route(request)
    if (watchers >= MAX_WATCHERS) {
      throw localChainError(
        'LOCAL_CHAIN_BUSY',
        `${MAX_WATCHERS} watchers are connected already; try again later`,
        { max: MAX_WATCHERS },
      )
    }
    watchers++
    try {
      return await route(request)
    } finally {
      watchers--
    }
  }
}

/**
 * Starts the service and resolves when it answers.
 * @throws LOCAL_CHAIN_LISTEN (input), ANCHOR_LOG_CORRUPT (corrupt)
 */
export async function startLocalChain(init: LocalChainInit): Promise<LocalChain> {
  const { clock = systemClock, random = systemRandom, logger = silentLogger } = init
  const authority = localAuthority({ file: init.file }, { clock, random, logger })
  await authority.start()
  const log = logger.child({ component: 'local-chain' })
  const route = limitWatchers(createRouter(authority, authority.packages))

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    try {
      const url = new URL(request.url ?? '/', 'http://local')
      const result = await route({
        method: request.method ?? 'GET',
        path: url.pathname,
        query: url.searchParams,
        signal: gone.signal,
        json: () => readJson(request),
      })
      reply(response, result)
    } catch (error) {
      reply(response, toAnswer(error, log))
    }
  }
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
    (request, response) => void answer(request, response), // answers every failure itself
  )
  server.maxConnections = MAX_CONNECTIONS
  let url: string
  try {
    url = await listen(server, init.port, init.host ?? DEFAULT_HOST)
  } catch (error) {
    await authority.stop()
    throw error
  }
  let stopped: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    await authority.stop() // wakes those that wait for changes, and lets what was accepted reach the disk
    server.closeIdleConnections()
    server.closeAllConnections()
    await closed
  }
  const stopOnce = (): Promise<void> => (stopped ??= stop())
  return { url, stop: stopOnce, [Symbol.asyncDispose]: stopOnce }
}
