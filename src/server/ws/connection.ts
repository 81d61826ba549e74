/** One WebSocket: its commands, its subscriptions, and how much it may hold (docs/api.md). */
import type { WebSocket } from 'ws'
import type { Events } from '../../node/interface.ts'
import { toBase58, toHex } from '../../node/primitives/bytes.ts'
import type { Clock, Timer } from '../../node/primitives/clock.ts'
import type { ContextId } from '../../node/primitives/ids.ts'
import { isMerogateError } from '../../node/errors.ts'
import type { Access } from '../access/guard.ts'
import {
  authenticateSchema,
  paramsError,
  readId,
  sinceOf,
  subscribeSchema,
  textAt,
  unsubscribeSchema,
} from './commands.ts'
import type { JsonReader } from '../bodies/reader.ts'
import type { Dispatcher } from '../json-rpc/dispatcher.ts'
import {
  INVALID_REQUEST,
  parseError,
  rpcError,
  type RpcError,
  type RpcErrorType,
} from '../json-rpc/errors.ts'
import {
  MAX_INLINE_JSON_BYTES,
  MAX_WS_IN_FLIGHT,
  MAX_WS_SUBSCRIPTIONS,
  WS_BYTES_PER_ID,
  WS_HARD_BUFFER_BYTES,
  WS_SOFT_BUFFER_BYTES,
} from '../limits.ts'
import { deniedFrame, missingFrame, Subscription, type Sink } from './subscription.ts'

/** Why a socket was closed: WebSocket status codes (RFC 6455 7.4.1). */
export const CLOSE_GOING_AWAY = 1001
export const CLOSE_PROTOCOL_ERROR = 1002
export const CLOSE_INTERNAL_ERROR = 1011
export const CLOSE_TRY_AGAIN_LATER = 1013
/** Ours: the token has expired; it, or its key, was revoked or may do something else. */
export const CLOSE_EXPIRED = 4401
export const CLOSE_REVOKED = 4403

/** Longest time that a timer of the platform takes. */
const MAX_TIMER_MS = 0x7fff_ffff

export interface ConnectionComponents {
  readonly dispatch: Dispatcher
  readonly clock: Clock
  /** Who a token is for. @throws AUTH_TOKEN_*, AUTH_INVALID_NODE */
  readonly authenticate: (token: string) => Promise<Access>
  readonly reader: Pick<JsonReader, 'read'>
  /** Pays for a frame of so many bytes; returns how long nothing more is to be read, ms. */
  readonly pay: (bytes: number) => number
  readonly events: Pick<Events, 'replay' | 'last'>
  /** Makes the id of a call, for the log. */
  readonly requestId: () => string
  /** The socket wants, or no longer wants, the mutations of a context. */
  readonly watch: (context: ContextId, subscription: Subscription) => void
  readonly unwatch: (context: ContextId, subscription: Subscription) => void
  readonly onSkipped: (count: bigint) => void
  /** Something of ours failed; the socket is closed with 1011. */
  readonly onFailure: (error: unknown) => void
}

export class Connection implements Sink {
  readonly #socket: WebSocket
  readonly #components: ConnectionComponents
  /** By context id in hexadecimal. */
  readonly #subscriptions = new Map<string, { id: ContextId; subscription: Subscription }>()
  #access: Access
  #expiry: Timer | undefined
  #inFlight = 0
  /** Reasons for which nothing is read just now. */
  #holds = 0
  /** Ends when all frames before the next one have been read. */
  #turn: Promise<void> = Promise.resolve()
  readonly #waiters: (() => void)[] = []
  /** When the last pong came, or the socket was opened, by the monotonic clock. */
  lastPongMs: number

  /** Where the client is. */
  readonly address: string

  constructor(
    socket: WebSocket,
    from: { readonly address: string; readonly openedMs: number },
    access: Access,
    components: ConnectionComponents,
  ) {
    this.#socket = socket
    this.#access = access
    this.#components = components
    this.address = from.address
    this.lastPongMs = from.openedMs
    this.#awaitExpiry()
  }

  /** Whose socket it is; undefined where sign-in is off. */
  get keyId(): string | undefined {
    return this.#access.caller?.keyId
  }

  get familyId(): string | undefined {
    return this.#access.caller?.familyId
  }

  /** Goes on with a newer token of the same key; with one that is no good the socket is closed. Never rejects. */
  async authenticate(token: string): Promise<RpcError | undefined> {
    try {
      const access = await this.#components.authenticate(token)
      if (access.caller?.keyId !== this.keyId) {
        return rpcError('PermissionDenied', 'expected a token of the same key', 'another key')
      }
      this.#access = access
      this.#awaitExpiry()
      return undefined
    } catch (error) {
      if (isMerogateError(error, 'AUTH_TOKEN_EXPIRED')) this.close(CLOSE_EXPIRED, 'token_expired')
      else this.close(CLOSE_REVOKED, 'token_revoked')
      return rpcError('Unauthorized', 'the token is not good', 'token')
    }
  }

  /** Whether the token has expired, by the wall clock; then the socket is closed. */
  closeIfOver(): boolean {
    const { caller } = this.#access
    if (caller === undefined || this.#components.clock.nowMs() < caller.expiresAtMs) return false
    this.close(CLOSE_EXPIRED, 'token_expired')
    return true
  }

  #awaitExpiry(): void {
    const { caller } = this.#access
    this.#expiry?.cancel()
    if (caller === undefined) return
    const { clock } = this.#components
    const left = Math.min(caller.expiresAtMs - clock.nowMs(), MAX_TIMER_MS)
    this.#expiry = clock.after(Math.max(0, left), () => {
      if (!this.closeIfOver()) this.#awaitExpiry()
    })
  }

  /** A text frame came in. Never rejects. What is not JSON is ignored, as in the original. Commands begin in the order in which they came. */
  async receive(bytes: Uint8Array): Promise<void> {
    const isLarge = bytes.length > MAX_INLINE_JSON_BYTES
    // nothing more is taken from the client while a large one is read, and while it owes for what it sent
    if (isLarge) this.#hold()
    this.#charge(bytes.length)
    const parsed = this.#parse(bytes)
    const turn = this.#turn.then(() => parsed)
    this.#turn = turn.then(() => {})
    const frame = await turn
    if (isLarge) this.#release()
    // whoever was told to go may still send
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (frame !== undefined) await this.#begin(frame.value)
  }

  /** Reads nothing more until this is paid for. */
  #charge(bytes: number): void {
    const waitMs = this.#components.pay(bytes)
    if (waitMs <= 0) return
    this.#hold()
    this.#components.clock.after(waitMs, () => this.#release())
  }

  #hold(): void {
    if (this.#holds++ === 0) this.#socket.pause()
  }

  #release(): void {
    if (--this.#holds === 0 && this.#socket.readyState === this.#socket.OPEN) this.#socket.resume()
  }

  /** What a frame says; undefined when nothing is to be done about it any more. */
  async #parse(bytes: Uint8Array): Promise<{ readonly value: unknown } | undefined> {
    try {
      return { value: await this.#components.reader.read(bytes) }
    } catch (error) {
      if (isMerogateError(error, 'SERVER_BAD_JSON')) return undefined
      if (isMerogateError(error) && error.kind === 'limit') {
        const isLater = error.code === 'SERVER_TOO_MANY'
        const later = rpcError('RateLimited', error.message, error.details)
        this.#reply(null, { error: isLater ? later : parseError(INVALID_REQUEST, error.message) })
        return undefined
      }
      this.#failed(error)
      return undefined
    }
  }

  async #begin(frame: unknown): Promise<void> {
    const id = readId(frame)
    if (id === undefined) {
      const problem = 'expected an object whose id is an unsigned integer or null'
      this.#reply(null, { error: parseError(INVALID_REQUEST, problem) })
      return
    }
    if (this.#inFlight >= MAX_WS_IN_FLIGHT) {
      const message = `expected at most ${MAX_WS_IN_FLIGHT} unanswered commands, got one more`
      this.#reply(id, { error: rpcError('RateLimited', message, { retryAfterMs: 100 }) })
      return
    }
    this.#inFlight++
    try {
      await this.#run(id, frame as object) // readId() takes objects only
    } catch (error) {
      this.#failed(error)
    } finally {
      this.#inFlight--
    }
  }

  /** Something of ours. */
  #failed(error: unknown): void {
    this.#components.onFailure(error)
    this.close(CLOSE_INTERNAL_ERROR, 'internal error')
  }

  async #run(id: unknown, frame: object): Promise<void> {
    const method = 'method' in frame ? frame.method : undefined
    const params = 'params' in frame ? frame.params : undefined
    if (method === 'subscribe') await this.#subscribe(id, params)
    else if (method === 'unsubscribe') this.#unsubscribe(id, params)
    else if (method === 'authenticate') await this.#authenticate(id, params)
    else {
      const { dispatch, requestId } = this.#components
      const from = { requestId: requestId(), access: this.#access }
      this.#reply(id, await dispatch.call(method, params, from))
    }
  }

  async #subscribe(id: unknown, params: unknown): Promise<void> {
    const parsed = subscribeSchema.safeParse(params)
    if (!parsed.success) {
      this.#reply(id, { error: paramsError(parsed.error) })
      return
    }
    const { contextIds, since, fromSeq, failures } = parsed.data
    this.#charge(contextIds.length * WS_BYTES_PER_ID)
    const accepted: string[] = []
    const reasons: Record<string, RpcErrorType> = {}
    const seq: Record<string, number> = {}
    for (const [index, context] of contextIds.entries()) {
      const text = textAt(params, index)
      const last = await this.#watch(context)
      if (typeof last === 'string') {
        this.#drop(toHex(context))
        reasons[text] = last
        continue
      }
      const { subscription } = last
      if (failures) subscription.wantsFailures = true
      accepted.push(text)
      const from = fromSeq ?? sinceOf(since, text)
      if (from !== undefined) subscription.replayFrom(from)
      seq[text] = Number(last.seq)
    }
    const rejected = Object.keys(reasons)
    const refused = rejected.length > 0 ? { rejected, reasons } : {}
    this.#reply(id, { result: JSON.stringify({ contextIds: accepted, seq, ...refused }) })
  }

  /** Watches a context, with its newest mutation; or why not: what is wrong with one is nothing to the others. */
  async #watch(
    context: ContextId,
  ): Promise<{ readonly subscription: Subscription; readonly seq: bigint } | RpcErrorType> {
    if (!(await this.#maySee(context))) return 'PermissionDenied'
    const subscription = this.#add(context)
    if (subscription === undefined) return 'RateLimited'
    // what changed before it was watched was not told
    if (!(await this.#maySee(context))) return 'PermissionDenied'
    try {
      return { subscription, seq: await this.#components.events.last(context) }
    } catch (error) {
      if (isMerogateError(error, 'CONTEXT_NOT_FOUND')) return 'ContextNotFound'
      throw error
    }
  }

  async #maySee(context: ContextId): Promise<boolean> {
    try {
      await this.#access.enter('ws subscribe', { contextId: toBase58(context) })
      return true
    } catch (error) {
      if (isMerogateError(error, 'AUTH_PERMISSION_DENIED')) return false
      throw error
    }
  }

  async #authenticate(id: unknown, params: unknown): Promise<void> {
    const parsed = authenticateSchema.safeParse(params)
    const error = parsed.success
      ? await this.authenticate(parsed.data.token)
      : paramsError(parsed.error)
    this.#reply(id, error === undefined ? { result: '{"authenticated":true}' } : { error })
  }

  /** The subscription of a context; undefined when the socket holds as many as it may. */
  #add(context: ContextId): Subscription | undefined {
    const key = toHex(context)
    const present = this.#subscriptions.get(key)
    if (present !== undefined) return present.subscription
    if (this.#subscriptions.size >= MAX_WS_SUBSCRIPTIONS) return undefined
    const { events, watch, onSkipped } = this.#components
    const subscription = new Subscription(context, {
      events,
      sink: this,
      isAllowed: () => this.#maySee(context),
      onDenied: () => {
        this.#drop(key)
        this.send(deniedFrame(context))
      },
      onSkipped,
      onFailure: (error) => {
        if (!isMerogateError(error, 'CONTEXT_NOT_FOUND')) return this.#failed(error)
        this.#drop(key)
        this.send(missingFrame(context))
      },
    })
    this.#subscriptions.set(key, { id: context, subscription })
    watch(context, subscription)
    return subscription
  }

  #unsubscribe(id: unknown, params: unknown): void {
    const parsed = unsubscribeSchema.safeParse(params)
    if (!parsed.success) {
      this.#reply(id, { error: paramsError(parsed.error) })
      return
    }
    for (const context of parsed.data.contextIds) this.#drop(toHex(context))
    const contextIds = parsed.data.contextIds.map((_, index) => textAt(params, index))
    this.#reply(id, { result: JSON.stringify({ contextIds }) })
  }

  #drop(key: string): void {
    const entry = this.#subscriptions.get(key)
    if (entry === undefined) return
    this.#subscriptions.delete(key)
    entry.subscription.close()
    this.#components.unwatch(entry.id, entry.subscription)
  }

  #reply(id: unknown, outcome: { result: string } | { error: RpcError }): void {
    const body =
      'result' in outcome
        ? `"result":${outcome.result}`
        : `"error":${JSON.stringify(outcome.error)}`
    this.send(`{"id":${JSON.stringify(id)},${body}}`)
  }

  send(frame: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > WS_HARD_BUFFER_BYTES) {
      this.close(CLOSE_TRY_AGAIN_LATER, 'slow consumer')
      return
    }
    this.#socket.send(frame, this.#onFlushed)
  }

  readonly #onFlushed = (): void => {
    if (this.#waiters.length === 0 || this.isFull()) return
    for (const resume of this.#waiters.splice(0)) resume()
  }

  isFull(): boolean {
    return (
      this.#socket.readyState === this.#socket.OPEN &&
      this.#socket.bufferedAmount > WS_SOFT_BUFFER_BYTES
    )
  }

  drained(): Promise<void> {
    return this.isFull() ? new Promise((resolve) => this.#waiters.push(resolve)) : Promise.resolve()
  }

  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  /** Cuts the connection without a word. */
  terminate(): void {
    this.#socket.terminate()
  }

  /** The socket is gone: lets go of everything. */
  closed(): void {
    this.#expiry?.cancel()
    for (const key of [...this.#subscriptions.keys()]) this.#drop(key)
    for (const resume of this.#waiters.splice(0)) resume()
  }
}
