/** JSON-RPC with one endpoint over HTTP: bounded, and no word of the address's secrets in whatever goes wrong. */
import { anchorError, badAnswer } from '../../node/anchor/errors.ts'
import { MerogateError } from '../../node/errors.ts'
import { readBounded } from './read-bounded.ts'
import type { EndpointClient } from './endpoints.ts'
import { chainError } from './errors.ts'
import { type EndpointAddress, endpointAddress } from './endpoint-address.ts'
import { ANSWER_TIMEOUT_MS, MAX_ANSWER_BYTES } from './limits.ts'

/** The request was given up by whoever asked, or the connection was closed. */
function abortedError(): MerogateError {
  return new MerogateError('ABORTED', 'aborted', 'the request was given up')
}

/** How long an endpoint is waited for, and how much is read of it. */
export interface AnswerBounds {
  /** @default ANSWER_TIMEOUT_MS */
  readonly timeoutMs?: number
  /** @default MAX_ANSWER_BYTES */
  readonly maxBytes?: number
}

export interface JsonRpcInit {
  /** Protocol of the chain, as in `ethereum`. */
  readonly chain: string
  readonly url: string
  readonly bounds?: AnswerBounds | undefined
  /** What is kept of the data of an error, which may be anything, and of the error itself. @default nothing */
  readonly dataOf?: ((data: unknown, error: unknown) => string | undefined) | undefined
}

/** What an endpoint answered in place of a result. */
export interface RpcErrorAnswer {
  readonly code: number
  /** Its own words, without secrets. */
  readonly reason: string
  /** As {@link JsonRpcInit.dataOf} has it. */
  readonly data?: string | undefined
}

/** An endpoint answered with an error. */
export function rpcError(
  chain: string,
  endpoint: string,
  method: string,
  { code, reason, data }: RpcErrorAnswer,
): MerogateError {
  return chainError(
    chain,
    'CHAIN_RPC',
    `${endpoint} answered ${method} with error ${code}: ${reason}`,
    { endpoint, method, code, reason, ...(data === undefined ? {} : { data }) },
  )
}

export class JsonRpc implements EndpointClient {
  readonly name: string
  readonly #init: JsonRpcInit
  readonly #address: EndpointAddress
  readonly #timeoutMs: number
  readonly #maxBytes: number
  readonly #closed = new AbortController()
  #id = 0

  /** @throws TypeError when the URL is none */
  constructor(init: JsonRpcInit) {
    this.#init = init
    this.#address = endpointAddress(init.url)
    this.#timeoutMs = init.bounds?.timeoutMs ?? ANSWER_TIMEOUT_MS
    this.#maxBytes = init.bounds?.maxBytes ?? MAX_ANSWER_BYTES
    this.name = this.#address.name
  }

  /** Gives up what is under way, and everything asked afterwards. */
  close(): void {
    this.#closed.abort()
  }

  /**
   * One question.
   * @throws CHAIN_RPC, ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol), ABORTED
   */
  async send(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
    const id = ++this.#id
    const body = JSON.stringify({ jsonrpc: '2.0', id, method, params })
    const given = signal === undefined ? [] : [signal]
    const ended = AbortSignal.any([this.#closed.signal, ...given])
    let status: number
    let text: string
    try {
      const response = await fetch(this.#address.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...this.#address.headers },
        body,
        redirect: 'error',
        signal: AbortSignal.any([ended, AbortSignal.timeout(this.#timeoutMs)]),
      })
      status = response.status
      const bytes = await readBounded(response, this.#maxBytes, () => this.#tooLong())
      text = new TextDecoder().decode(bytes)
    } catch (error) {
      if (ended.aborted) throw abortedError()
      if (error instanceof MerogateError) throw error
      throw this.#unreachable(reasonOf(error, this.#timeoutMs))
    }
    return this.#resultOf(parse(text), { id, method, status })
  }

  #tooLong(): MerogateError {
    return chainError(
      this.#init.chain,
      'CHAIN_TOO_LONG',
      `expected at most ${this.#maxBytes} bytes from ${this.name}, got more`,
      { endpoint: this.name, limit: this.#maxBytes },
    )
  }

  #resultOf(
    answer: unknown,
    { id, method, status }: { id: number; method: string; status: number },
  ): unknown {
    if (typeof answer === 'object' && answer !== null) {
      if ('error' in answer && answer.error !== null && answer.error !== undefined) {
        throw this.#errorOf(answer.error, method)
      }
      if (status < 400 && 'result' in answer && 'id' in answer && answer.id === id) {
        return answer.result
      }
    }
    // a proxy's word rather than a node's
    if (status !== 200) throw this.#unreachable(`HTTP status ${status}`)
    throw badAnswer(this.name, `something that is no answer to ${method}`)
  }

  #errorOf(error: unknown, method: string): MerogateError {
    const { code, message, data } = (typeof error === 'object' ? error : { message: error }) as {
      code?: unknown
      message?: unknown
      data?: unknown
    } // each is checked here
    return rpcError(this.#init.chain, this.name, method, {
      code: Number.isSafeInteger(code) ? Number(code) : 0,
      reason: this.#address.redact(typeof message === 'string' ? message : 'no reason'),
      data: this.#init.dataOf?.(data, error),
    })
  }

  /** No cause is kept: what `fetch` says may repeat the address. */
  #unreachable(reason: string): MerogateError {
    return anchorError(
      'ANCHOR_UNREACHABLE',
      `the endpoint ${this.name} could not be reached: ${this.#address.redact(reason)}`,
      { where: this.name },
    )
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Why there was no answer, in few words: the innermost are the telling ones. */
function reasonOf(error: unknown, timeoutMs: number): string {
  let inner = error
  while (inner instanceof Error && inner.cause !== undefined) inner = inner.cause
  if (!(inner instanceof Error)) return 'no answer'
  if (inner.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`
  const code = 'code' in inner && typeof inner.code === 'string' ? inner.code : ''
  return inner.message === '' ? code : inner.message
}
