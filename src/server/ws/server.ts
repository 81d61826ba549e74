/** `/ws`: lets sockets in, gives them the node's mutations, keeps them alive and lets them go (docs/api.md). */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { Auth } from '../../auth/index.ts'
import { toMerogateError } from '../../node/errors.ts'
import type { Node } from '../../node/interface.ts'
import type { Metrics } from '../../node/metrics.ts'
import { toHex } from '../../node/primitives/bytes.ts'
import type { ContextId } from '../../node/primitives/ids.ts'
import type { Clock, Timer } from '../../node/primitives/clock.ts'
import type { Logger } from '../../node/primitives/logger.ts'
import { type Access, accessOf, EVERYTHING, tokenOf } from '../access/guard.ts'
import type { JsonReader } from '../bodies/reader.ts'
import { apiCode, errorHeaders, isOpaque, serverError, statusOf } from '../errors.ts'
import type { Load } from '../load.ts'
import type { Dispatcher } from '../json-rpc/dispatcher.ts'
import {
  MAX_WS_CONNECTIONS,
  MAX_WS_FRAME_BYTES,
  MAX_WS_PER_ADDRESS,
  MAX_WS_PER_KEY,
  WS_PING_INTERVAL_MS,
  WS_PONG_TIMEOUT_MS,
} from '../limits.ts'
import { checkHost, checkOrigin } from '../loopback.ts'
import type { Doors } from '../loopback.ts'
import { CLOSE_GOING_AWAY, CLOSE_PROTOCOL_ERROR, CLOSE_REVOKED, Connection } from './connection.ts'
import { Purses } from './spending.ts'
import { failureFrame, notificationText } from './subscription.ts'
import type { Subscription } from './subscription.ts'

export interface WsInit {
  readonly doors: Doors
  /** Whether an address may have any number of sockets: a proxy speaks for many. */
  readonly isExempt: (address: string) => boolean
  /** @default WS_PING_INTERVAL_MS */
  readonly pingIntervalMs?: number
  /** @default WS_PONG_TIMEOUT_MS */
  readonly pongTimeoutMs?: number
}

export interface WsComponents {
  readonly node: Node
  /** Undefined: whoever comes may do everything. */
  readonly auth: Auth | undefined
  readonly dispatch: Dispatcher
  readonly reader: JsonReader
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly load: Pick<Load, 'admit'>
  readonly requestId: () => string
}

export interface WsServer {
  start(): void
  /** Takes over a connection that asked for an upgrade, or refuses it. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Refuses new sockets and asks the open ones to go (1001). */
  drain(): void
  /** Cuts what is still open. */
  stop(): void
}

/** Who a socket was let in for. */
interface Admitted {
  readonly access: Access
  readonly token: string | undefined
}

/** Sockets on the path `/ws`. */
export function wsServer(init: WsInit): (components: WsComponents) => WsServer {
  return (components) => new Hub(init, components)
}

class Hub implements WsServer {
  readonly #doors: Doors
  readonly #isExempt: WsInit['isExempt']
  readonly #pingIntervalMs: number
  readonly #pongTimeoutMs: number
  readonly #components: WsComponents
  readonly #connections = new Set<Connection>()
  /** Who wants the mutations of a context, by its id in hexadecimal. */
  readonly #watchers = new Map<string, Set<Subscription>>()
  readonly #acceptor = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_WS_FRAME_BYTES,
    perMessageDeflate: false,
  })
  readonly #open: ReturnType<Metrics['gauge']>
  readonly #dropped: ReturnType<Metrics['counter']>
  readonly #purses: Purses
  #timer: Timer | undefined
  #listening: readonly (() => void)[] = []
  #isDraining = false

  constructor(init: WsInit, components: WsComponents) {
    this.#doors = init.doors
    this.#isExempt = init.isExempt
    this.#pingIntervalMs = init.pingIntervalMs ?? WS_PING_INTERVAL_MS
    this.#pongTimeoutMs = init.pongTimeoutMs ?? WS_PONG_TIMEOUT_MS
    this.#components = components
    this.#purses = new Purses(components.clock)
    const { metrics } = components
    this.#open = metrics.gauge('merogate_ws_connections', { help: 'Open WebSockets' })
    this.#dropped = metrics.counter('merogate_ws_dropped_events_total', {
      help: 'Mutations a subscriber missed because the event log no longer held them',
    })
  }

  start(): void {
    const { auth, node, clock } = this.#components
    this.#isDraining = false
    this.#timer = clock.every(this.#pingIntervalMs, () => this.#keepAlive())
    this.#listening = [
      node.events.on('state:mutation', (mutation) => {
        const frame = once(() => notificationText(mutation))
        for (const one of this.#watching(mutation.context)) one.deliver(mutation.seq, frame)
      }),
      node.events.on('context:failed', ({ context, failure }) => {
        const frame = once(() => failureFrame(context, failure))
        for (const one of this.#watching(context)) one.tellFailure(frame)
      }),
      ...(auth === undefined ? [] : [auth.onRevoked((...of) => this.#closeRevoked(...of))]),
      // a key for an application is one for its contexts as long as they are
      node.events.on('context:changed', ({ context }) => {
        if (auth !== undefined) for (const one of this.#watching(context)) one.recheck()
      }),
    ]
  }

  #closeRevoked(keyId: string, familyId: string | undefined): void {
    for (const connection of this.#connections) {
      const isMeant = familyId === undefined || connection.familyId === familyId
      if (connection.keyId === keyId && isMeant) connection.close(CLOSE_REVOKED, 'token_revoked')
    }
  }

  #watching(context: ContextId): Iterable<Subscription> {
    return this.#watchers.get(toHex(context)) ?? []
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // a client that goes away during the handshake is nobody's problem
    const ignore = (): void => {}
    socket.on('error', ignore)
    const go = (admitted: Admitted): void => {
      this.#acceptor.handleUpgrade(request, socket, head, (accepted) => {
        socket.off('error', ignore)
        this.#accept(accepted, admitted, addressOf(request))
      })
    }
    try {
      this.#admit(request)
      const { auth } = this.#components
      if (auth === undefined) {
        go({ access: EVERYTHING, token: undefined })
        return
      }
      const token = tokenOf(request.headers.authorization, tokenInQuery(request))
      void this.#verify(auth, token, request).then(go, (error: unknown) =>
        this.#refuse(socket, error),
      )
    } catch (error) {
      this.#refuse(socket, error)
    }
  }

  /** Whose socket it is to be. @throws AUTH_TOKEN_*, AUTH_INVALID_NODE, SERVER_TOO_MANY (limit) */
  async #verify(auth: Auth, token: string, request: IncomingMessage): Promise<Admitted> {
    const caller = await auth.verify(token)
    this.#assertRoom(addressOf(request))
    const { length } = [...this.#connections].filter(({ keyId }) => keyId === caller.keyId)
    if (length >= MAX_WS_PER_KEY) {
      const message = `expected at most ${MAX_WS_PER_KEY} open WebSockets of a key, got one more`
      throw serverError('SERVER_TOO_MANY', 'limit', message, { limit: MAX_WS_PER_KEY })
    }
    return { access: accessOf(caller, this.#components.node), token }
  }

  #refuse(socket: Duplex, thrown: unknown): void {
    const error = toMerogateError(thrown)
    if (isOpaque(error)) this.#components.logger.error({ err: thrown }, 'upgrade failed')
    const text = isOpaque(error) ? 'internal error' : error.message
    refuse(socket, statusOf(error), `${text}\n`, apiCode(error), errorHeaders(error))
  }

  #admit(request: IncomingMessage): void {
    const [path] = (request.url ?? '').split('?')
    if (path !== '/ws' && path !== '/ws/') {
      throw serverError('SERVER_ROUTE_UNKNOWN', 'missing', 'WebSockets are served at /ws')
    }
    checkHost(request.headers.host, this.#doors.hosts)
    checkOrigin(request.headers.origin, this.#doors.origins)
    this.#components.load.admit('reader')
    this.#assertRoom(addressOf(request))
  }

  #assertRoom(address: string): void {
    if (this.#isDraining)
      throw serverError('SERVER_DRAINING', 'transport', 'the server is stopping')
    if (this.#connections.size >= MAX_WS_CONNECTIONS) {
      const message = `expected at most ${MAX_WS_CONNECTIONS} open WebSockets, got one more`
      throw serverError('SERVER_TOO_MANY', 'limit', message, { limit: MAX_WS_CONNECTIONS })
    }
    if (!this.#isExempt(address) && this.#countOf(address) >= MAX_WS_PER_ADDRESS) {
      const message = `expected at most ${MAX_WS_PER_ADDRESS} open WebSockets from one address, got one more`
      throw serverError('SERVER_TOO_MANY', 'limit', message, { limit: MAX_WS_PER_ADDRESS })
    }
  }

  #countOf(address: string): number {
    let count = 0
    for (const connection of this.#connections) if (connection.address === address) count++
    return count
  }

  #accept(socket: WebSocket, { access, token }: Admitted, address: string): void {
    const { auth, dispatch, reader, node, clock, logger, requestId } = this.#components
    const from = {
      address: this.#isExempt(address) ? undefined : address,
      keyId: access.caller?.keyId,
    }
    const purse = this.#purses.of(from.keyId)
    const connection = new Connection(socket, { address, openedMs: clock.monotonicMs() }, access, {
      dispatch,
      reader: { read: (bytes) => reader.read(bytes, from) },
      pay: (bytes) => purse.pay(bytes),
      clock,
      authenticate: async (text) => {
        if (auth === undefined) return EVERYTHING
        return accessOf(await auth.verify(text), node)
      },
      events: node.events,
      requestId,
      watch: (context, subscription) => this.#watch(toHex(context), subscription),
      unwatch: (context, subscription) => this.#unwatch(toHex(context), subscription),
      onSkipped: (count) => this.#dropped.inc({}, Number(count)),
      onFailure: (error) => logger.error({ err: error }, 'command of a socket failed'),
    })
    this.#connections.add(connection)
    this.#open.set(this.#connections.size)
    // a token that was revoked before the socket could be found by its key
    if (token !== undefined) void connection.authenticate(token)
    socket.on('message', (data, isBinary) => {
      if (isBinary) return // ignored, as in the original
      // one buffer under the default binaryType, which nobody changes
      void connection.receive(data as Buffer)
    })
    socket.on('pong', () => {
      connection.lastPongMs = clock.monotonicMs()
    })
    socket.on('error', (error) => logger.debug({ err: error }, 'socket failed'))
    socket.on('close', () => {
      this.#connections.delete(connection)
      this.#purses.left(from.keyId)
      this.#open.set(this.#connections.size)
      connection.closed()
    })
  }

  #watch(key: string, subscription: Subscription): void {
    const watchers = this.#watchers.get(key)
    if (watchers === undefined) this.#watchers.set(key, new Set([subscription]))
    else watchers.add(subscription)
  }

  #unwatch(key: string, subscription: Subscription): void {
    const watchers = this.#watchers.get(key)
    watchers?.delete(subscription)
    if (watchers?.size === 0) this.#watchers.delete(key)
  }

  #keepAlive(): void {
    const oldest = this.#components.clock.monotonicMs() - this.#pingIntervalMs - this.#pongTimeoutMs
    for (const connection of this.#connections) {
      if (connection.lastPongMs < oldest) connection.close(CLOSE_PROTOCOL_ERROR, 'Ping timeout')
      else if (!connection.closeIfOver()) connection.ping()
    }
  }

  drain(): void {
    this.#isDraining = true
    for (const connection of this.#connections) connection.close(CLOSE_GOING_AWAY, 'shutdown')
  }

  stop(): void {
    this.#timer?.cancel()
    for (const off of this.#listening) off()
    for (const connection of this.#connections) connection.terminate()
  }
}

function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? ''
}

/** Makes a text when it is first asked for. */
function once(make: () => string): () => string {
  let text: string | undefined
  return () => (text ??= make())
}

/** `?token=` of an upgrade: pages cannot set headers there. */
function tokenInQuery(request: IncomingMessage): string | undefined {
  const [, search = ''] = (request.url ?? '').split('?', 2)
  return new URLSearchParams(search).get('token') ?? undefined
}

/** Answers an upgrade with a plain HTTP response. */
function refuse(
  socket: Duplex,
  status: number,
  text: string,
  code: string,
  headers: Readonly<Record<string, string>>,
): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(
    `HTTP/1.1 ${status} ${code}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n` +
      `${lines.join('')}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  )
}
