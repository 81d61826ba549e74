/**
 * How many connections there may be at once, in all and from one address, and how much they may leave unread. What is beyond for an address is cut before
 * anything is read from it; when there are too many in all, one goes on which nothing is being answered.
 */
import type { IncomingMessage, OutgoingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../node/primitives/clock.ts'
import type { Counter, Gauge, Metrics } from '../node/metrics.ts'
import {
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_PER_ADDRESS,
  MAX_REQUESTS_PER_CONNECTION,
  MAX_UNREAD_BYTES,
  REQUEST_TIMEOUT_MS,
  STUCK_MS,
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
export type Counted = Pick<
  Socket,
  | 'remoteAddress'
  | 'remotePort'
  | 'localPort'
  | 'destroy'
  | 'once'
  | 'writableLength'
  | 'bytesRead'
  | 'bytesWritten'
>
/** What of a request, and of the answer to it. */
export type Asked = Pick<IncomingMessage, 'complete'>
export type Answered = Pick<OutgoingMessage, 'once' | 'writableLength'> & {
  readonly socket: unknown
}

/** A connection, and what is going on there. */
interface Held {
  /** What it is written to: under TLS not what came in. */
  socket: Counted
  readonly fromMs: number
  /** Requests that are being received or answered. */
  readonly underWay: Map<Answered, Asked>
  /** It has become a WebSocket. */
  isUpgraded: boolean
  /** Bytes that its client has taken, and since when no more. */
  taken: number
  takenMs: number
}

export class Connections {
  readonly #rules: Pick<ConnectionRules, 'max' | 'perAddress'>
  readonly #isExempt: (address: string) => boolean
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #byAddress = new Map<string, number>()
  readonly #open: Gauge
  readonly #refused: Counter
  /** Those on which nothing was asked for longest come first. */
  readonly #held = new Map<string, Held>()

  constructor(
    rules: Pick<ConnectionRules, 'max' | 'perAddress'>,
    isExempt: (address: string) => boolean,
    { metrics, clock }: { metrics: Metrics; clock: Pick<Clock, 'monotonicMs'> },
  ) {
    this.#rules = rules
    this.#isExempt = isExempt
    this.#clock = clock
    this.#open = metrics.gauge('merogate_http_connections', {
      help: 'Open connections of clients, WebSockets among them',
    })
    this.#refused = metrics.counter('merogate_http_connections_refused_total', {
      help: 'Connections of clients that were cut because there were too many, in all or from one address, or because they left too much unread',
      labels: ['reason'],
    })
  }

  /** Whether an answer is being made for a connection. */
  isServed(socket: Counted): boolean {
    return (this.#held.get(nameOf(socket))?.underWay.size ?? 0) > 0
  }

  /** A request came in on a connection; one that sends more before the first are answered is cut. */
  serve(socket: Counted, request: Asked, answer: Answered): void {
    const name = nameOf(socket)
    const held = this.#held.get(name)
    if (held === undefined) return
    if (held.underWay.size >= MAX_REQUESTS_PER_CONNECTION) {
      this.#cut(name, held, 'unread')
      return
    }
    held.underWay.set(answer, request)
    answer.once('close', () => {
      held.underWay.delete(answer)
      if (this.#held.get(name) !== held) return
      this.#held.delete(name)
      this.#held.set(name, held) // the last of those that are idle
    })
  }

  /** A connection became a WebSocket: there are bounds on those. */
  upgrade(socket: Counted): void {
    const held = this.#held.get(nameOf(socket))
    if (held !== undefined) held.isUpgraded = true
  }

  /** A connection speaks TLS from now on. */
  secure(socket: Counted): void {
    const held = this.#held.get(nameOf(socket))
    if (held !== undefined) held.socket = socket
  }

  /** A connection came in: counts it until it is closed, or cuts it, or another one on which nothing is being answered. */
  enter(socket: Counted): void {
    const address = socket.remoteAddress ?? ''
    const own = this.#byAddress.get(address) ?? 0
    if (own >= this.#rules.perAddress && !this.#isExempt(address)) {
      this.#refuse(socket, 'address')
      return
    }
    if (this.#held.size >= this.#rules.max && !this.#makeRoom()) {
      this.#refuse(socket, 'all')
      return
    }
    const fromMs = this.#clock.monotonicMs()
    const name = nameOf(socket)
    const held: Held = {
      ...{ socket, fromMs, underWay: new Map(), isUpgraded: false },
      ...{ taken: 0, takenMs: fromMs },
    }
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1)
    this.#held.set(name, held)
    this.#open.set(this.#held.size)
    socket.once('close', () => {
      const left = (this.#byAddress.get(address) ?? 0) - 1
      if (left > 0) this.#byAddress.set(address, left)
      else this.#byAddress.delete(address)
      if (this.#held.get(name) === held) this.#held.delete(name)
      this.#open.set(this.#held.size)
    })
  }

  /** Cuts those that have not taken anything for longest while too much waits to be read. */
  look(): void {
    const nowMs = this.#clock.monotonicMs()
    const unread: { name: string; held: Held; bytes: number }[] = []
    let all = 0
    for (const [name, held] of this.#held) {
      const bytes = unreadOf(held)
      const taken = held.socket.bytesWritten - held.socket.writableLength
      if (bytes === 0 || taken !== held.taken) held.takenMs = nowMs
      held.taken = taken
      if (bytes > 0) unread.push({ name, held, bytes })
      all += bytes
    }
    if (all <= MAX_UNREAD_BYTES) return
    for (const { name, held, bytes } of unread.sort((a, b) => a.held.takenMs - b.held.takenMs)) {
      if (all <= MAX_UNREAD_BYTES || nowMs - held.takenMs < STUCK_MS) return
      all -= bytes
      this.#cut(name, held, 'unread')
    }
  }

  /** Cuts the connection that has been idle for longest; where none is, the one whose request comes in most slowly. False when all are being answered. */
  #makeRoom(): boolean {
    const nowMs = this.#clock.monotonicMs()
    let slowest: readonly [string, Held] | undefined
    let least = Infinity
    for (const [name, held] of this.#held) {
      const { socket, underWay, isUpgraded, fromMs } = held
      if (isUpgraded) continue
      if (underWay.size === 0) {
        this.#cut(name, held, 'idle')
        return true
      }
      if ([...underWay.values()].some(({ complete }) => complete)) continue
      const perMs = socket.bytesRead / Math.max(1, nowMs - fromMs)
      if (perMs < least) [slowest, least] = [[name, held], perMs]
    }
    if (slowest === undefined) return false
    this.#cut(...slowest, 'idle')
    return true
  }

  #refuse(socket: Counted, reason: 'all' | 'address'): void {
    this.#refused.inc({ reason })
    socket.destroy()
  }

  #cut(name: string, { socket }: Held, reason: 'idle' | 'unread'): void {
    this.#held.delete(name) // it says that it is closed only later
    this.#refused.inc({ reason })
    socket.destroy()
  }
}

/** The same for what came in and what TLS makes of it. */
function nameOf({ remoteAddress = '', remotePort = 0, localPort = 0 }: Counted): string {
  return `${remoteAddress} ${remotePort} ${localPort}`
}

/** Bytes that wait for a client: on its connection, and of answers whose turn has not come there. */
function unreadOf({ socket, underWay }: Held): number {
  let bytes = socket.writableLength
  for (const answer of underWay.keys()) if (answer.socket === null) bytes += answer.writableLength
  return bytes
}
