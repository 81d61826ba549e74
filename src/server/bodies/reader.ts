/**
 * Reads the JSON of clients. Small texts are parsed where they come in; larger ones in a thread of their own, so that whatever one client sends, the
 * others are answered meanwhile. The arguments of calls come back from there as text: the server has no need to look into them.
 */
import { Worker } from 'node:worker_threads'
import { isMerogateError } from '../../node/errors.ts'
import { fromUtf8 } from '../../node/primitives/bytes.ts'
import { serverError } from '../errors.ts'
import { parseJson } from '../json.ts'
import { MAX_INLINE_JSON_BYTES, MAX_READ_AHEAD_BYTES } from '../limits.ts'
import type { ReadReply, ReadRequest } from './messages.ts'
import { putTogether, textOf } from './take-apart.ts'

/** Memory of the thread's JavaScript heap, MiB. */
const MAX_HEAP_MB = 512

export interface JsonReader {
  /**
   * Parses JSON. In what is larger than {@link MAX_INLINE_JSON_BYTES}, `params.argsJson` of a request, or of each request of a batch, is a `JsonText`.
   * @throws SERVER_BAD_JSON (input), SERVER_JSON_TOO_MANY, SERVER_BODY_TOO_LARGE, SERVER_TOO_MANY (limit), SERVER_READER_LOST (internal)
   */
  read(bytes: Uint8Array): Promise<unknown>
  /** Whether these bytes are JSON. @throws SERVER_READER_LOST (internal) */
  isJson(bytes: Uint8Array): Promise<boolean>
  /** Ends the thread; a later text starts another one. */
  stop(): Promise<void>
}

/** A reader whose thread is started when it is first needed. */
export function jsonReader(): JsonReader {
  return new ThreadReader()
}

interface Waiting {
  readonly bytes: number
  readonly resolve: (reply: ReadReply) => void
  readonly reject: (error: Error) => void
}

class ThreadReader implements JsonReader {
  readonly #waiting = new Map<number, Waiting>()
  #bytes = 0
  #nextId = 0
  #worker: Worker | undefined

  async read(bytes: Uint8Array): Promise<unknown> {
    if (bytes.length <= MAX_INLINE_JSON_BYTES) return parseJson(textOf(bytes))
    const reply = await this.#ask('read', bytes)
    if (reply.kind === 'read') return putTogether(reply)
    if (reply.kind !== 'failed') throw lost()
    const { code, kind, message, details } = reply.failure
    throw serverError(code, kind, message, details)
  }

  async isJson(bytes: Uint8Array): Promise<boolean> {
    if (bytes.length <= MAX_INLINE_JSON_BYTES) return isJsonHere(bytes)
    const reply = await this.#ask('check', bytes)
    return reply.kind === 'checked' && reply.isJson
  }

  async stop(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    this.#failAll(lost())
    await worker?.terminate()
  }

  #ask(kind: ReadRequest['kind'], bytes: Uint8Array): Promise<ReadReply> {
    return new Promise((resolve, reject) => {
      // what a guest returned has been done: that answer is not refused
      if (kind === 'read' && this.#bytes + bytes.length > MAX_READ_AHEAD_BYTES) {
        const message = 'too much JSON waits to be read: try again later'
        const details = { limit: MAX_READ_AHEAD_BYTES, retryAfterMs: 1000 }
        throw serverError('SERVER_TOO_MANY', 'limit', message, details)
      }
      const id = this.#nextId++
      this.#waiting.set(id, { bytes: bytes.length, resolve, reject })
      this.#bytes += bytes.length
      this.#worker ??= this.#spawn()
      const own = new Uint8Array(bytes) // in memory that nothing else lies in
      const request: ReadRequest = { id, kind, bytes: own }
      this.#worker.postMessage(request, [own.buffer])
    })
  }

  #spawn(): Worker {
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
    const worker = new Worker(new URL(file, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    })
    // it keeps no process alive; whoever waits for an answer has a socket that does
    worker.unref()
    worker.on('message', (reply: ReadReply) => {
      const waiting = this.#waiting.get(reply.id)
      if (waiting === undefined) return
      this.#waiting.delete(reply.id)
      this.#bytes -= waiting.bytes
      waiting.resolve(reply)
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
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    this.#bytes = 0
    for (const { reject } of waiting) reject(error)
  }
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
