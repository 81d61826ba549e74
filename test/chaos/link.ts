/** The way from one node to another: a TCP proxy that can be cut, slowed down, and made to swallow what goes one way for a while. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { Transform } from 'node:stream'

/** `there` is what the node that connects sends, `back` what the other one answers. */
export type Direction = 'there' | 'back'

/** Pieces that a slow link takes at once: its throughput is one of them per delay. */
const PIECE_BYTES = 16_384

export class Link implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #held: Record<Direction, PromiseWithResolvers<void> | undefined> = {
    there: undefined,
    back: undefined,
  }
  #delayMs = 0
  #isCut = false
  /** Connections that were made through it. */
  connections = 0

  private constructor(server: Server) {
    this.#server = server
  }

  /** A link to a port of this machine. */
  static async open(target: number): Promise<Link> {
    const server = createServer((client) => link.#join(client, target))
    const link = new Link(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return link
  }

  /** Where the one who connects has to go. */
  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new TypeError('expected a port')
    return address.port
  }

  /** Breaks what runs through it, and lets nothing through until it is mended. */
  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Every piece takes so long, ms, one after the other. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs
  }

  /** Nothing comes through in one direction; it is not lost, as TCP has it, but comes when the link is mended. */
  hold(direction: Direction): void {
    this.#held[direction] ??= Promise.withResolvers<void>()
  }

  mend(): void {
    this.#isCut = false
    this.#delayMs = 0
    for (const direction of ['there', 'back'] as const) {
      this.#held[direction]?.resolve()
      this.#held[direction] = undefined
    }
  }

  #join(client: Socket, target: number): void {
    if (this.#isCut) {
      client.destroy()
      return
    }
    this.connections++
    const upstream = connect(target, '127.0.0.1')
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {}) // a close follows
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
    client.pipe(this.#way('there')).pipe(upstream)
    upstream.pipe(this.#way('back')).pipe(client)
  }

  #way(direction: Direction): Transform {
    return new Transform({
      highWaterMark: PIECE_BYTES,
      transform: (chunk: Buffer, _encoding, done) => {
        void this.#passes(direction).then(() => done(null, chunk))
      },
    })
  }

  async #passes(direction: Direction): Promise<void> {
    if (this.#delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#delayMs))
    // held again while it waited: it waits on
    for (let held = this.#held[direction]; held !== undefined; held = this.#held[direction]) {
      await held.promise
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.mend()
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
