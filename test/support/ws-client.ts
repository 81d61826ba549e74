/** A raw WebSocket client for tests: every frame it gets can be waited for. */
import { WebSocket } from 'ws'
import type { ClientOptions } from 'ws'

/** A frame from the server. */
export interface Frame {
  readonly id?: unknown
  readonly result?: Record<string, unknown> & { data?: Record<string, unknown> }
  readonly error?: { type: string; code: number; data: unknown; message: string }
}

export interface WsClient extends AsyncDisposable {
  readonly socket: WebSocket
  /** Sends text as it is, anything else as JSON. */
  send(frame: unknown): void
  /** The next frame nobody has taken yet. */
  next(): Promise<Frame>
  /** Sends and takes the next frame. */
  ask(frame: unknown): Promise<Frame>
  /** Resolves when the socket is closed. */
  readonly closed: Promise<{ code: number; reason: string }>
}

/** Opens a socket; rejects when the server refuses. @param query of the address, with its question mark */
export async function openWs(
  url: string,
  options: ClientOptions = {},
  query = '',
): Promise<WsClient> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws${query}`, options)
  const frames: Frame[] = []
  const waiting: ((frame: Frame) => void)[] = []
  socket.on('message', (data) => {
    const frame = JSON.parse((data as Buffer).toString()) as Frame // the server sends nothing else
    const taker = waiting.shift()
    if (taker === undefined) frames.push(frame)
    else taker(frame)
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  const next = (): Promise<Frame> => {
    const frame = frames.shift()
    return frame === undefined
      ? new Promise((resolve) => waiting.push(resolve))
      : Promise.resolve(frame)
  }
  const send = (frame: unknown): void =>
    socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  return {
    socket,
    send,
    next,
    closed,
    async ask(frame) {
      send(frame)
      return await next()
    },
    async [Symbol.asyncDispose]() {
      socket.terminate()
      await closed
    },
  }
}
