/** JSON-RPC with one endpoint over HTTP: bounded, and no word of the address's secrets in whatever goes wrong. */
import { badAnswer } from '../../node/anchor/errors.ts'
import type { MerogateError } from '../../node/errors.ts'
import type { EndpointClient } from './endpoints.ts'
import { chainError } from './errors.ts'
import { HttpEndpoint, type HttpEndpointInit } from './http-endpoint.ts'

export interface JsonRpcInit extends HttpEndpointInit {
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
  readonly #http: HttpEndpoint
  #id = 0

  /** @throws TypeError when the URL is none */
  constructor(init: JsonRpcInit) {
    this.#init = init
    this.#http = new HttpEndpoint(init)
    this.name = this.#http.name
  }

  /** Gives up what is under way, and everything asked afterwards. */
  close(): void {
    this.#http.close()
  }

  /**
   * One question.
   * @throws CHAIN_RPC, ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol), ABORTED
   */
  async send(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
    const id = ++this.#id
    const body = JSON.stringify({ jsonrpc: '2.0', id, method, params })
    const headers = { 'content-type': 'application/json' }
    const { status, bytes } = await this.#http.ask({ method: 'POST', headers, body }, signal)
    const text = new TextDecoder().decode(bytes)
    return this.#resultOf(parse(text), { id, method, status })
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
    if (status !== 200) throw this.#http.unreachable(`HTTP status ${status}`)
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
      reason: this.#http.redact(typeof message === 'string' ? message : 'no reason'),
      data: this.#init.dataOf?.(data, error),
    })
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
