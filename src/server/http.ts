/** The HTTP and WebSocket server over a node: where it listens, what it is made of, how it stops. */
import { createServer } from 'node:http'
import type { Server as HttpServer, ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Auth } from '../auth/index.ts'
import type { Node } from '../node/interface.ts'
import { noMetrics } from '../node/metrics.ts'
import { systemClock, systemRandom } from '../node/primitives/clock.ts'
import type { Clock, Random, Timer } from '../node/primitives/clock.ts'
import { silentLogger } from '../node/primitives/logger.ts'
import type { Logger } from '../node/primitives/logger.ts'
import type { Startable, Status } from '../node/primitives/startable.ts'
import { ALL_SERVICES, serverApp } from './app.ts'
import type { Services } from './app.ts'
import type { ChallengeRoutes } from './auth/challenge-routes.ts'
import { background } from './background.ts'
import type { Background } from './background.ts'
import { bodyBudget } from './bodies/budget.ts'
import { BodyPace } from './bodies/pace.ts'
import { type JsonReader, jsonReader } from './bodies/reader.ts'
import { Connections, type ConnectionRules, DEFAULT_CONNECTION_RULES } from './connections.ts'
import { defined } from './defined.ts'
import { serverError } from './errors.ts'
import { dispatcher } from './json-rpc/dispatcher.ts'
import { Overruns } from './json-rpc/overruns.ts'
import { DRAIN_MS, UNREAD_LOOK_MS } from './limits.ts'
import { load, type Load } from './load.ts'
import { assertLoopback, isLoopback } from './loopback.ts'
import type { Doors } from './loopback.ts'
import type { PromMetrics } from './prom-metrics.ts'
import type { Relayer } from './relayer/relayer.ts'
import { uuidV7 } from './request.ts'
import { wsServer } from './ws/server.ts'
import type { WsServer } from './ws/server.ts'

/** An address to listen on. Without sign-in, one of this machine. */
export interface ListenAddress {
  /** `127.0.0.1`, `::1`, `localhost`; `0.0.0.0` where sign-in is on. */
  readonly host: string
  /** 0 to 65535; 0 lets the system choose. */
  readonly port: number
}

/** Where the original listens too. */
export const DEFAULT_LISTEN: readonly ListenAddress[] = [{ host: '127.0.0.1', port: 2528 }]

/** Options of {@link httpServer}. */
export interface HttpServerInit {
  /** At least one. @default DEFAULT_LISTEN */
  readonly listen?: readonly ListenAddress[]
  /** What is served; the routes of a service that is off answer 404. @default all */
  readonly services?: Partial<Services>
  /** Origins of web pages that may use the API besides those of this machine, as `https://host:port`. @default [] */
  readonly allowedOrigins?: readonly string[]
  /** Where clients reach the server, as `https://node.example`: its name is taken as host where sign-in is on. @default none */
  readonly publicOrigins?: readonly string[]
  /** Addresses or networks of proxies that are believed when they say whom they speak for. @default [] */
  readonly trustedProxies?: readonly string[]
  /** Serve TLS: certificate chain and private key, PEM. @default plain HTTP */
  readonly tls?: TlsFiles | undefined
  /** Hand out tokens to whoever asks, at `/auth/mock-token`: for development alone. @default false */
  readonly mockTokens?: boolean
  /** How long {@link Server.stop} waits for requests being answered, ms. @default 10000 */
  readonly drainMs?: number
  /** How many connections there may be, and how long each may do nothing. @default DEFAULT_CONNECTION_RULES */
  readonly connections?: Partial<ConnectionRules>
  /** How long a call, or the calls of a batch together, may take, ms. @default 55000 */
  readonly callTimeoutMs?: number
  /** Time between two pings of a WebSocket, ms. @default 30000 */
  readonly pingIntervalMs?: number
  /** How much longer than an interval a pong may take, ms. @default 10000 */
  readonly pongTimeoutMs?: number
}

export interface TlsFiles {
  readonly cert: string
  readonly key: string
}

/** What the server is built on. It starts and stops only itself, not the node. */
export interface HttpServerComponents {
  readonly node: Node
  /** @default says nothing */
  readonly logger?: Logger
  /** With it `/metrics` is served. @default counts nothing */
  readonly metrics?: PromMetrics
  /** With it `/v1/operations` is served. Whoever made it stops it. @default none */
  readonly relayer?: Relayer | undefined
  /** With it, everything but health and sign-in itself needs a token (docs/auth.md). Whoever opened it closes it. @default none */
  readonly auth?: Auth | undefined
  /** Routes that wallets of a kind expect, served below `/auth`. @default none */
  readonly wallets?: readonly ChallengeRoutes[] | undefined
  readonly clock?: Clock
  readonly random?: Random
  /** Says when there is too much to do. @default watches the event loop */
  readonly load?: Load
}

/** Where a started server listens. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
  /** `http://127.0.0.1:2528` */
  readonly url: string
}

/** A JSON-RPC, WebSocket and admin server (docs/api.md). */
export interface Server extends Startable, AsyncDisposable {
  readonly status: Status
  /** In the order of `listen`. @throws SERVER_NOT_STARTED (conflict) */
  addresses(): readonly ServerAddress[]
  /** The first of them. @throws SERVER_NOT_STARTED (conflict) */
  address(): ServerAddress
  /**
   * Listens. Safe to repeat.
   * @throws SERVER_ADDRESS_NOT_LOOPBACK (input), SERVER_PORT_IN_USE (conflict), SERVER_LISTEN_FAILED (input)
   */
  start(): Promise<void>
  /** Takes no new connections, closes WebSockets with 1001, answers what is under way, then cuts the rest. Safe to repeat. */
  stop(): Promise<void>
}

/**
 * Serves a node.
 * @example
 * ```ts
 * const server = httpServer()({ node })
 * await server.start()
 * ```
 */
export function httpServer(
  init: HttpServerInit = {},
): (components: HttpServerComponents) => Server {
  return (components) => new NodeServer(init, components)
}

/** One per address, all with the same application. */
interface Binding {
  readonly address: ListenAddress
  readonly listener: HttpServer
}

class NodeServer implements Server {
  readonly #drainMs: number
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #bindings: readonly Binding[]
  readonly #reader: JsonReader = jsonReader()
  readonly #ws: WsServer
  readonly #load: Load
  readonly #connections: Connections
  #unread: Timer | undefined
  readonly #background: Background
  readonly #isGuarded: boolean
  readonly #isSecure: boolean
  #status: Status = 'stopped'
  #stopping: Promise<void> | undefined

  constructor(init: HttpServerInit, components: HttpServerComponents) {
    const { node, metrics, random = systemRandom, clock = systemClock } = components
    this.#drainMs = init.drainMs ?? DRAIN_MS
    this.#clock = clock
    this.#isGuarded = components.auth !== undefined
    this.#isSecure = init.tls !== undefined
    this.#logger = (components.logger ?? silentLogger).child({ component: 'server' })
    this.#background = background(this.#logger)
    const logger = this.#logger
    const { auth, wallets = [] } = components
    const { publicOrigins = [], trustedProxies = [], tls } = init
    const doors: Doors = {
      hosts: new Set(auth === undefined ? [] : publicOrigins.map(hostnameOf)),
      origins: new Set([...(init.allowedOrigins ?? []), ...publicOrigins]),
    }
    const counts = metrics ?? noMetrics
    const reader = this.#reader
    // the machine's own clock, whatever time the server goes by: it is the machine that is late
    this.#load = components.load ?? load(systemClock, counts)
    const overruns = new Overruns(clock)
    const dispatch = dispatcher({
      ...{ node, reader, clock, logger, metrics: counts, load: this.#load, overruns },
      timeoutMs: init.callTimeoutMs,
    })
    const services = { ...ALL_SERVICES, ...init.services }
    const app = serverApp({
      node,
      bodies: { reader, budget: bodyBudget(), pace: new BodyPace(clock), clock },
      dispatch,
      logger,
      clock,
      random,
      metrics: counts,
      load: this.#load,
      overruns,
      exposed: metrics,
      background: this.#background,
      relayer: components.relayer,
      auth,
      wallets,
      mockTokens: init.mockTokens ?? false,
      doors,
      trustedProxies,
      isSecure: tls !== undefined,
      services,
      isDraining: () => this.#status === 'stopping',
    })
    // Express makes it of `trustedProxies`
    const isProxy = app.get('trust proxy fn') as (address: string, hop: number) => boolean
    const isExempt = (address: string): boolean => isLoopback(address) || isProxy(address, 0)
    const { pingIntervalMs, pongTimeoutMs } = init
    this.#ws = wsServer(defined({ doors, isExempt, pingIntervalMs, pongTimeoutMs }))({
      auth,
      node,
      dispatch,
      reader,
      clock,
      logger,
      metrics: counts,
      load: this.#load,
      requestId: () => uuidV7(clock, random),
    })
    const rules = { ...DEFAULT_CONNECTION_RULES, ...init.connections }
    const connections = new Connections(rules, isExempt, { metrics: counts, clock: systemClock })
    this.#connections = connections
    this.#bindings = (init.listen ?? DEFAULT_LISTEN).map((address) => {
      const timeouts = timeoutsOf(rules)
      const listener =
        tls === undefined
          ? createServer(timeouts, app)
          : createTlsServer({ ...timeouts, ...tls }, app)
      // what waits for an answer of ours, however long, is left alone; with a listener Node closes nothing by itself, idle connections neither
      listener.setTimeout(rules.unreadMs, (socket) => {
        if (socket.writableLength > 0 || !connections.isServed(socket)) socket.destroy()
      })
      listener.on('connection', (socket: Socket) => connections.enter(socket))
      listener.on('secureConnection', (socket: Socket) => connections.secure(socket))
      listener.on('request', (req, res) => connections.serve(req.socket, req, res))
      // without a listener for upgrades Node answers them as plain requests
      if (services.websocket) {
        listener.on('upgrade', (request, socket, head) => {
          connections.upgrade(request.socket)
          this.#ws.upgrade(request, socket, head)
        })
      }
      return { address, listener }
    })
  }

  get status(): Status {
    return this.#status
  }

  addresses(): readonly ServerAddress[] {
    return this.#bindings.map(({ listener }) => addressOf(listener, this.#isSecure))
  }

  address(): ServerAddress {
    const [first] = this.addresses()
    if (first === undefined) throw notStarted()
    return first
  }

  async start(): Promise<void> {
    if (this.#status === 'started') return
    for (const { address } of this.#bindings) this.#checkAddress(address)
    this.#status = 'starting'
    try {
      for (const { listener, address } of this.#bindings) await listenOn(listener, address)
    } catch (error) {
      for (const { listener } of this.#bindings) listener.close()
      this.#status = 'stopped'
      throw error
    }
    this.#ws.start()
    this.#load.start()
    this.#unread = systemClock.every(UNREAD_LOOK_MS, () => this.#connections.look())
    this.#status = 'started'
    this.#logger.info({ urls: this.addresses().map(({ url }) => url) }, 'server listens')
  }

  #checkAddress({ host }: ListenAddress): void {
    if (!this.#isGuarded) assertLoopback(host)
    else if (!this.#isSecure && !isLoopback(host)) {
      this.#logger.warn({ host }, 'tokens cross the network unencrypted unless a proxy adds TLS')
    }
  }

  stop(): Promise<void> {
    if (this.#status === 'stopped') return Promise.resolve()
    this.#stopping ??= this.#stop().finally(() => {
      this.#stopping = undefined
    })
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#status = 'stopping'
    this.#ws.drain()
    const closed = this.#bindings.map(({ listener }) => closeListener(listener))
    // whoever holds on longer is cut off; sockets closed above are among the open connections
    const cut = this.#clock.after(this.#drainMs, () => {
      this.#ws.stop()
      for (const { listener } of this.#bindings) listener.closeAllConnections()
    })
    await Promise.all(closed)
    cut.cancel()
    this.#ws.stop()
    this.#load.stop()
    this.#unread?.cancel()
    await this.#background.stop()
    await this.#reader.stop()
    this.#status = 'stopped'
    this.#logger.info({}, 'server stopped')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

function timeoutsOf(rules: ConnectionRules): ServerOptions {
  const { headersTimeoutMs, requestTimeoutMs, keepAliveMs } = rules
  return {
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    // Node looks at the two above every 30 s unless it is told otherwise
    connectionsCheckingInterval: Math.min(1000, headersTimeoutMs),
  }
}

/** Stops accepting; resolves when the last connection is done. */
function closeListener(listener: HttpServer): Promise<void> {
  return new Promise((resolve) => {
    listener.close(() => resolve())
    listener.closeIdleConnections()
  })
}

function hostnameOf(origin: string): string {
  return new URL(origin).hostname
}

function addressOf(listener: HttpServer, isSecure: boolean): ServerAddress {
  const address = listener.address()
  if (address === null || typeof address === 'string') throw notStarted()
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  const url = `${isSecure ? 'https' : 'http'}://${host}:${address.port}`
  return { host: address.address, port: address.port, url }
}

function notStarted(): Error {
  return serverError('SERVER_NOT_STARTED', 'conflict', 'the server is not listening: start it')
}

function listenOn(listener: HttpServer, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => reject(listenError(error, host, port))
    listener.once('error', failed)
    listener.listen({ host, port, exclusive: true }, () => {
      listener.off('error', failed)
      resolve()
    })
  })
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const cause = { cause: error }
  if (error.code === 'EADDRINUSE') {
    return serverError(
      'SERVER_PORT_IN_USE',
      'conflict',
      `port ${port} of ${host} is in use: stop the program that has it (another node?), or choose another port, 0 for any`,
      { host, port },
      cause,
    )
  }
  return serverError(
    'SERVER_LISTEN_FAILED',
    'input',
    `cannot listen on port ${port} of ${host}: ${error.code ?? 'unknown reason'}`,
    { host, port, reason: error.code ?? '' },
    cause,
  )
}
