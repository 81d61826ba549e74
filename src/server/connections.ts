/** How many connections there may be at once, in all and from one address; what is beyond is cut before anything is read from it. */
import type { Socket } from 'node:net'
import type { Counter, Gauge, Metrics } from '../node/metrics.ts'
import {
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_PER_ADDRESS,
  REQUEST_TIMEOUT_MS,
  UNREAD_TIMEOUT_MS,
} from './limits.ts'

/** What a connection may be and do. */
export interface ConnectionRules {
  /** Connections at once, WebSockets among them. @default MAX_CONNECTIONS */
  readonly max: number
  /** From one address; this machine and trusted proxies, which speak for many, are exempt. @default MAX_CONNECTIONS_PER_ADDRESS */
  readonly perAddress: number
  /** Until the headers of a request are there, from the first byte or the opening, ms. @default HEADERS_TIMEOUT_MS */
  readonly headersTimeoutMs: number
  /** Until the whole request is there, ms. @default REQUEST_TIMEOUT_MS */
  readonly requestTimeoutMs: number
  /** Between an answer and the next request, ms. @default KEEP_ALIVE_MS */
  readonly keepAliveMs: number
  /** How long an answer may wait for its client to read on, ms. @default UNREAD_TIMEOUT_MS */
  readonly unreadMs: number
}

export const DEFAULT_CONNECTION_RULES: ConnectionRules = {
  max: MAX_CONNECTIONS,
  perAddress: MAX_CONNECTIONS_PER_ADDRESS,
  headersTimeoutMs: HEADERS_TIMEOUT_MS,
  requestTimeoutMs: REQUEST_TIMEOUT_MS,
  keepAliveMs: KEEP_ALIVE_MS,
  unreadMs: UNREAD_TIMEOUT_MS,
}

/** What of a socket is looked at. */
export type Counted = Pick<Socket, 'remoteAddress' | 'destroy' | 'once'>

export class Connections {
  readonly #rules: Pick<ConnectionRules, 'max' | 'perAddress'>
  readonly #isExempt: (address: string) => boolean
  readonly #byAddress = new Map<string, number>()
  readonly #open: Gauge
  readonly #refused: Counter
  /** Answers that are being made, by their connections. */
  readonly #served = new Map<object, number>()
  #all = 0

  constructor(
    rules: Pick<ConnectionRules, 'max' | 'perAddress'>,
    isExempt: (address: string) => boolean,
    metrics: Metrics,
  ) {
    this.#rules = rules
    this.#isExempt = isExempt
    this.#open = metrics.gauge('merogate_http_connections', {
      help: 'Open connections of clients, WebSockets among them',
    })
    this.#refused = metrics.counter('merogate_http_connections_refused_total', {
      help: 'Connections of clients that were cut because there were too many, in all or from one address',
      labels: ['reason'],
    })
  }

  /** Whether an answer is being made for a connection. */
  isServed(socket: object): boolean {
    return this.#served.has(socket)
  }

  /** A request came in on a connection. */
  serve(socket: object, answer: { once(event: 'close', listener: () => void): unknown }): void {
    this.#served.set(socket, (this.#served.get(socket) ?? 0) + 1)
    answer.once('close', () => {
      const left = (this.#served.get(socket) ?? 0) - 1
      if (left > 0) this.#served.set(socket, left)
      else this.#served.delete(socket)
    })
  }

  /** A connection came in: counts it until it is closed, or cuts it. */
  enter(socket: Counted): void {
    const address = socket.remoteAddress ?? ''
    const own = this.#byAddress.get(address) ?? 0
    const isFull = this.#all >= this.#rules.max
    if (isFull || (own >= this.#rules.perAddress && !this.#isExempt(address))) {
      this.#refused.inc({ reason: isFull ? 'all' : 'address' })
      socket.destroy()
      return
    }
    this.#byAddress.set(address, own + 1)
    this.#open.set(++this.#all)
    socket.once('close', () => {
      const left = (this.#byAddress.get(address) ?? 0) - 1
      if (left > 0) this.#byAddress.set(address, left)
      else this.#byAddress.delete(address)
      this.#open.set(--this.#all)
    })
  }
}
