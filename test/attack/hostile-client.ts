/** A hostile client of the API: whatever can be said over HTTP and WebSockets, by hand where no honest client would say it. */
import { connect, type Socket } from 'node:net'
import { type MerogateClient, merogateClient } from '../../src/client/index.ts'
import type { Order } from './order.ts'
import { pause } from './hostile.ts'

/** What goes along with a request. */
export interface Sent {
  readonly body?: Buffer | string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export class HostileClient {
  readonly order: Order
  readonly client: MerogateClient

  constructor(order: Order) {
    this.order = order
    const { api: url, token } = order
    this.client = merogateClient({ url, ...(token === '' ? {} : { token }) })
  }

  /** Sends something; resolves with the status of the answer, as text. */
  async send(method: string, path: string, options: Sent = {}): Promise<string> {
    const { api, token } = this.order
    const { body, headers, signal } = options
    const answer = await fetch(`${api}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: body ?? null,
      signal: signal ?? null,
    })
    await answer.arrayBuffer()
    return String(answer.status)
  }

  /** A context of its own, of the application that the others have. */
  async context(): Promise<string> {
    const { application: applicationId } = this.order
    return (await this.client.admin.createContext({ applicationId })).contextId
  }

  /** A call as JSON-RPC. @param argsJson as text */
  call(contextId: string, method: string, argsJson = '{}'): string {
    return `{"jsonrpc":"2.0","id":1,"method":"execute","params":{"contextId":"${contextId}","method":"${method}","argsJson":${argsJson}}}`
  }

  /** The head of a request, without its last empty line. */
  head(method: string, path: string, headers: Readonly<Record<string, string | number>>): string {
    const { api, token } = this.order
    const all = {
      host: new URL(api).host,
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    return `${method} ${path} HTTP/1.1\r\n${lines.join('')}`
  }

  /** What asks for a WebSocket. */
  upgrade(): string {
    return this.head('GET', '/ws', {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': 13,
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    })
  }

  /**
   * Keeps so many connections: each does what it does until it is closed, and then another one comes. Counts those that were opened and closed.
   * @param say what is said on one of them; resolves when there is no more
   */
  async holding(
    count: number,
    signal: AbortSignal,
    say: (socket: Socket, isOver: () => boolean) => Promise<void>,
  ): Promise<{ opened: number; closed: number; held: number }> {
    const { hostname, port } = new URL(this.order.api)
    const tally = { opened: 0, closed: 0, held: 0 }
    const open = new Set<Socket>()
    const lane = async (): Promise<void> => {
      while (!signal.aborted) {
        const socket = connect({ host: hostname, port: Number(port) })
        socket.on('error', () => {}) // being cut is what is waited for
        const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))
        let isGone = false
        void gone.then(() => (isGone = true))
        open.add(socket)
        tally.opened++
        await say(socket, () => isGone || signal.aborted)
        await Promise.race([gone, aborted(signal)])
        open.delete(socket)
        if (!signal.aborted) tally.closed++
        socket.destroy()
        await pause(100)
      }
    }
    const lanes = Array.from({ length: count }, lane)
    await aborted(signal)
    tally.held = open.size
    await Promise.all(lanes)
    return tally
  }
}

/** Says a text one byte at a time. */
export async function drip(
  socket: Socket,
  text: string | Buffer,
  everyMs: number,
  isOver: () => boolean,
): Promise<void> {
  for (const byte of Buffer.from(text)) {
    if (isOver()) return
    socket.write(Buffer.of(byte))
    await pause(everyMs)
  }
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
