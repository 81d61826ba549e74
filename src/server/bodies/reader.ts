/**
 * Reads the JSON of clients. Small texts are parsed where they come in; larger ones in a thread of their own, so that whatever one client sends, the
 * others are answered meanwhile; there each sender has its turn. The arguments of calls come back from there as text: the server has no need to look into them.
 */
import { Worker } from 'node:worker_threads'
import { isMerogateError } from '../../node/errors.ts'
import { fromUtf8 } from '../../node/primitives/bytes.ts'
import { serverError } from '../errors.ts'
import { parseJson } from '../json.ts'
import {
  MAX_INLINE_JSON_BYTES,
  MAX_READ_AHEAD_BYTES,
  MAX_READ_AHEAD_BYTES_PER_SENDER,
} from '../limits.ts'
import type { ReadReply, ReadRequest } from './messages.ts'
import { putTogether, textOf } from './take-apart.ts'
import { type Sender, Turns } from './turns.ts'

/** Memory of the thread's JavaScript heap, MiB. */
const MAX_HEAP_MB = 512

export interface JsonReader {
  /**
   * Parses JSON. In what is larger than {@link MAX_INLINE_JSON_BYTES}, `params.argsJson` of a request, or of each request of a batch, is a `JsonText`.
   * @param from who sent it. @default nobody in particular
   * @throws SERVER_BAD_JSON (input), SERVER_JSON_TOO_MANY, SERVER_BODY_TOO_LARGE, SERVER_TOO_MANY (limit), SERVER_READER_LOST (internal)
   */
  read(bytes: Uint8Array, from?: Sender): Promise<unknown>
  /** Whether these bytes are JSON. @param from whose call made them. @throws SERVER_READER_LOST (internal) */
  isJson(bytes: Uint8Array, from?: Sender): Promise<boolean>
  /** Ends the thread; a later text starts another one. */
  stop(): Promise<void>
}

/** A reader whose thread is started when it is first needed. */
export function jsonReader(): JsonReader {
  return new ThreadReader()
}

interface Waiting {
  readonly request: ReadRequest
  readonly from: Sender
  readonly bytes: number
  readonly resolve: (reply: ReadReply) => void
  readonly reject: (error: Error) => void
}

class ThreadReader implements JsonReader {
  readonly #turns = new Turns<Waiting>()
  /** What is in the thread. */
  #current: Waiting | undefined
  /** Bytes that wait, of all and of each sender. */
  #bytes = 0
  readonly #bytesOf = new Map<string, number>()
  #nextId = 0
  #worker: Worker | undefined

  async read(bytes: Uint8Array, from: Sender = {}): Promise<unknown> {
    if (bytes.length <= MAX_INLINE_JSON_BYTES) return parseJson(textOf(bytes))
    const reply = await this.#ask('read', bytes, from)
    if (reply.kind === 'read') return putTogether(reply)
    if (reply.kind !== 'failed') throw lost()
    const { code, kind, message, details } = reply.failure
    throw serverError(code, kind, message, details)
  }

  async isJson(bytes: Uint8Array, from: Sender = {}): Promise<boolean> {
    if (bytes.length <= MAX_INLINE_JSON_BYTES) return isJsonHere(bytes)
    const reply = await this.#ask('check', bytes, from)
    return reply.kind === 'checked' && reply.isJson
  }

  async stop(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    this.#failAll(lost())
    await worker?.terminate()
  }

  #ask(kind: ReadRequest['kind'], bytes: Uint8Array, from: Sender): Promise<ReadReply> {
    return new Promise((resolve, reject) => {
      // what a guest returned has been done: that answer is not refused
      if (kind === 'read') this.#assertRoom(bytes.length, from)
      const own = new Uint8Array(bytes) // in memory that nothing else lies in
      const request: ReadRequest = { id: this.#nextId++, kind, bytes: own }
      this.#count(from, own.length)
      this.#turns.add(from, { request, from, bytes: own.length, resolve, reject })
      this.#goOn()
    })
  }

  /** @throws SERVER_TOO_MANY (limit) */
  #assertRoom(bytes: number, from: Sender): void {
    const ofSender = Math.max(...namesOf(from).map((name) => this.#bytesOf.get(name) ?? 0))
    const [used, limit, whose] =
      ofSender + bytes > MAX_READ_AHEAD_BYTES_PER_SENDER
        ? [ofSender, MAX_READ_AHEAD_BYTES_PER_SENDER, ' of this client']
        : [this.#bytes, MAX_READ_AHEAD_BYTES, '']
    if (used + bytes <= limit) return
    const message = `too much JSON${whose} waits to be read: try again later`
    throw serverError('SERVER_TOO_MANY', 'limit', message, { limit, retryAfterMs: 1000 })
  }

  #count(from: Sender, bytes: number): void {
    this.#bytes += bytes
    for (const name of namesOf(from)) {
      const left = (this.#bytesOf.get(name) ?? 0) + bytes
      if (left > 0) this.#bytesOf.set(name, left)
      else this.#bytesOf.delete(name)
    }
  }

  /** Gives the thread the next text, when it has none. */
  #goOn(): void {
    if (this.#current !== undefined) return
    this.#current = this.#turns.next()
    if (this.#current === undefined) return
    const { request } = this.#current
    this.#worker ??= this.#spawn()
    this.#worker.postMessage(request, [request.bytes.buffer as ArrayBuffer]) // made above, and not shared
  }

  #spawn(): Worker {
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
    const worker = new Worker(new URL(file, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    })
    // it keeps no process alive; whoever waits for an answer has a socket that does
    worker.unref()
    worker.on('message', (reply: ReadReply) => {
      const current = this.#current
      if (current?.request.id !== reply.id) return
      this.#current = undefined
      this.#count(current.from, -current.bytes)
      this.#goOn()
      current.resolve(reply)
    })
    const gone = (cause?: Error): void => {
      if (worker !== this.#worker) return
      this.#worker = undefined
      this.#failAll(lost(cause))
    }
    worker.on('error', gone)
    worker.on('exit', () => gone())
    return worker
  }

  #failAll(error: Error): void {
    for (let each = this.#current; each !== undefined; each = this.#turns.next()) each.reject(error)
    this.#current = undefined
    this.#bytes = 0
    this.#bytesOf.clear()
  }
}

/** What the bytes of a sender are counted under. */
function namesOf({ address, keyId }: Sender): string[] {
  return [
    ...(address === undefined ? [] : [`address ${address}`]),
    ...(keyId === undefined ? [] : [`key ${keyId}`]),
  ]
}

function isJsonHere(bytes: Uint8Array): boolean {
  try {
    JSON.parse(fromUtf8(bytes))
    return true
  } catch (error) {
    if (error instanceof SyntaxError || isMerogateError(error, 'BYTES_NOT_UTF8')) return false
    throw error
  }
}

function lost(cause?: Error): Error {
  const message = 'the thread that reads JSON was lost'
  return serverError('SERVER_READER_LOST', 'internal', message, {}, { cause })
}
