/** Word of new blocks by `eth_subscribe`, where a WebSocket endpoint is configured. Only a hint: without it, or while it is broken, time goes by. */
import { WebSocket } from 'ws'
import type { Clock, Timer } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import { MAX_REST_MS, MIN_REST_MS } from '../../shared/failover.ts'
import { endpointAddress } from '../../shared/endpoint-address.ts'
import { ANSWER_TIMEOUT_MS } from '../../shared/limits.ts'

/** Bytes of a message that are read: a block header is some two thousand. */
const MAX_MESSAGE_BYTES = 64 * 1024

/** Asks for word of every new block. */
export const SUBSCRIPTION: string = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'eth_subscribe',
  params: ['newHeads'],
})

export interface NewBlocksInit {
  /** `ws:` or `wss:` address. */
  readonly url: string | undefined
  readonly clock: Clock
  readonly logger: Logger
}

export class NewBlocks {
  readonly #init: NewBlocksInit
  readonly #waiting = new Set<() => void>()
  /** There was word while nobody waited. */
  #isNews = false
  #socket: WebSocket | undefined
  #again: Timer | undefined
  #failures = 0
  #isStarted = false

  constructor(init: NewBlocksInit) {
    this.#init = init
  }

  start(): void {
    this.#isStarted = true
    if (this.#init.url !== undefined) this.#connect(this.#init.url)
  }

  stop(): void {
    this.#isStarted = false
    this.#again?.cancel()
    this.#socket?.terminate()
    this.#socket = undefined
    this.#wake()
  }

  /** Resolves at the next block since the last wait, after the time, or when the signal fires. */
  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    const isNews = this.#isNews
    this.#isNews = false
    if (isNews || signal?.aborted === true) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        timer.cancel()
        this.#waiting.delete(done)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = this.#init.clock.after(ms, done)
      this.#waiting.add(done)
      signal?.addEventListener('abort', done)
    })
  }

  #connect(url: string): void {
    const { clock, logger } = this.#init
    const { name, url: address, headers, redact } = endpointAddress(url)
    const socket = new WebSocket(address, {
      maxPayload: MAX_MESSAGE_BYTES,
      handshakeTimeout: ANSWER_TIMEOUT_MS,
      headers,
    })
    this.#socket = socket
    socket.on('open', () => socket.send(SUBSCRIPTION))
    socket.on('message', () => {
      this.#failures = 0
      this.#wake()
    })
    socket.on('error', (error) => {
      logger.debug({ endpoint: name, reason: redact(error.message) }, 'subscription failed')
    })
    socket.on('close', () => {
      if (!this.#isStarted || this.#socket !== socket) return
      const ms = Math.min(MIN_REST_MS * 2 ** this.#failures, MAX_REST_MS)
      this.#failures++
      this.#again = clock.after(ms, () => this.#connect(url))
    })
  }

  #wake(): void {
    this.#isNews = this.#waiting.size === 0
    for (const call of this.#waiting) call()
  }
}
