/** One endpoint over HTTP: bounded in time and size, never where a redirect leads, and no word of the address's secrets in whatever goes wrong. */
import { anchorError } from '../../node/anchor/errors.ts'
import { MerogateError } from '../../node/errors.ts'
import { type EndpointAddress, endpointAddress } from './endpoint-address.ts'
import { chainError } from './errors.ts'
import { ANSWER_TIMEOUT_MS, MAX_ANSWER_BYTES } from './limits.ts'
import { readBounded } from './read-bounded.ts'

/** How long an endpoint is waited for, and how much is read of it. */
export interface AnswerBounds {
  /** @default ANSWER_TIMEOUT_MS */
  readonly timeoutMs?: number
  /** @default MAX_ANSWER_BYTES */
  readonly maxBytes?: number
}

export interface HttpEndpointInit {
  /** Protocol of the chain, as in `ethereum`. */
  readonly chain: string
  readonly url: string
  readonly bounds?: AnswerBounds | undefined
}

export interface HttpQuestion {
  /** Behind the endpoint's own path. @default nothing */
  readonly path?: string
  readonly method: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly bytes: Uint8Array
}

/** The request was given up by whoever asked, or the connection was closed. */
function abortedError(): MerogateError {
  return new MerogateError('ABORTED', 'aborted', 'the request was given up')
}

export class HttpEndpoint {
  readonly name: string
  readonly #chain: string
  readonly #address: EndpointAddress
  readonly #timeoutMs: number
  readonly #maxBytes: number
  readonly #closed = new AbortController()

  /** @throws TypeError when the URL is none */
  constructor({ chain, url, bounds }: HttpEndpointInit) {
    this.#chain = chain
    this.#address = endpointAddress(url)
    this.#timeoutMs = bounds?.timeoutMs ?? ANSWER_TIMEOUT_MS
    this.#maxBytes = bounds?.maxBytes ?? MAX_ANSWER_BYTES
    this.name = this.#address.name
  }

  /** Gives up what is under way, and everything asked afterwards. */
  close(): void {
    this.#closed.abort()
  }

  /** One question, asked once. @throws ANCHOR_UNREACHABLE (transport), CHAIN_TOO_LONG (protocol), ABORTED */
  async ask(
    { path = '', method, headers, body }: HttpQuestion,
    signal?: AbortSignal,
  ): Promise<HttpAnswer> {
    const given = signal === undefined ? [] : [signal]
    const ended = AbortSignal.any([this.#closed.signal, ...given])
    try {
      const response = await fetch(this.#urlOf(path), {
        method,
        headers: { ...headers, ...this.#address.headers },
        ...(body === undefined ? {} : { body }),
        redirect: 'error',
        signal: AbortSignal.any([ended, AbortSignal.timeout(this.#timeoutMs)]),
      })
      const bytes = await readBounded(response, this.#maxBytes, () => this.#tooLong())
      return { status: response.status, bytes }
    } catch (error) {
      if (ended.aborted) throw abortedError()
      if (error instanceof MerogateError) throw error
      throw this.unreachable(reasonOf(error, this.#timeoutMs))
    }
  }

  /** Another's words without anything that is secret in this address, and not too many of them. */
  redact(text: string): string {
    return this.#address.redact(text)
  }

  /** No cause is kept: what `fetch` says may repeat the address. */
  unreachable(reason: string): MerogateError {
    return anchorError(
      'ANCHOR_UNREACHABLE',
      `the endpoint ${this.name} could not be reached: ${this.redact(reason)}`,
      { where: this.name },
    )
  }

  #urlOf(path: string): string {
    if (path === '') return this.#address.url
    const url = new URL(this.#address.url)
    url.pathname = url.pathname.replace(/\/+$/, '') + path
    return url.href
  }

  #tooLong(): MerogateError {
    return chainError(
      this.#chain,
      'CHAIN_TOO_LONG',
      `expected at most ${this.#maxBytes} bytes from ${this.name}, got more`,
      { endpoint: this.name, limit: this.#maxBytes },
    )
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
