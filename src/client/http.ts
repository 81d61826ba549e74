/** Requests to a node, and its answers as values or as {@link ClientError}. */
import { ClientError, kindOfStatus } from './errors.ts'
import type { ClientErrorCode, ClientErrorDetails } from './errors.ts'
import { parseJson, stringifyJson } from './json.ts'
import type { Intent } from './types.ts'
import type { Bearer } from './tokens.ts'

/** One request. */
export interface Outgoing {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD'
  /** Path and query. */
  readonly path: string
  /** Goes as JSON. */
  readonly json?: unknown
  /** Goes as it is. */
  readonly bytes?: Uint8Array | ReadableStream<Uint8Array>
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  /** Goes without a token. @default false */
  readonly isOpen?: boolean
}

export interface Http {
  /**
   * Sends and returns the response, whatever its status. When the node calls the token expired, it is refreshed and the request goes once more.
   * @throws CLIENT_UNREACHABLE (transport), CLIENT_NOT_SIGNED_IN (unauthenticated) the session is over
   */
  send(request: Outgoing): Promise<Response>
  /** Sends and returns the body as JSON. @throws CLIENT_REFUSED, CLIENT_ANSWER_INVALID, CLIENT_UNREACHABLE */
  json(request: Outgoing): Promise<unknown>
  /** As {@link json}, for what may take minutes: no connection is held open that long, the node is asked again until it is done. */
  long(request: Outgoing): Promise<unknown>
}

/** What takes long, as the node tells while it does. */
export interface LongOperation {
  readonly operation: string
  /** `POST /contexts` */
  readonly what: string
  /** Since when, ms since the Unix epoch. */
  readonly sinceMs: number
  /** What such operations took at this node lately, ms; null when there was none. */
  readonly usuallyMs: number | null
  /** What the node does for it. */
  readonly intents: readonly Intent[]
}

/** How long one question waits for an answer, s. */
const WAIT_S = 20

/** Requests to one node. @param bearer @default no request carries a token */
export function http(
  base: string,
  bearer?: Bearer,
  onWaiting?: (operation: LongOperation) => void,
): Http {
  const sendWith = async (request: Outgoing, token: string | undefined): Promise<Response> => {
    const { method, path, json, bytes, signal } = request
    const url = `${base}${path}`
    const headers: Record<string, string> = { ...request.headers }
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`
    if (json !== undefined) headers['content-type'] = 'application/json'
    try {
      return await fetch(url, {
        method,
        headers,
        body: json === undefined ? bodyOf(bytes) : (stringifyJson(json) ?? null),
        // a stream can only be sent while the answer may already come
        ...(bytes instanceof ReadableStream ? { duplex: 'half' } : {}),
        ...(signal === undefined ? {} : { signal }),
      })
    } catch (cause) {
      if (signal?.aborted === true) throw cause
      const message = `no answer from ${base}: is the node running?`
      throw new ClientError('CLIENT_UNREACHABLE', 'transport', message, { url }, { cause })
    }
  }
  const send = async (request: Outgoing): Promise<Response> => {
    const token = request.isOpen === true ? undefined : await bearer?.current()
    if (token === undefined || bearer === undefined) return sendWith(request, undefined)
    const { bytes, signal } = request
    if (bytes instanceof ReadableStream) {
      // can be sent only once, so the token is tried, and if need be refreshed, before
      const probe = await send({ method: 'GET', path: '/auth/validate', signal })
      await probe.body?.cancel()
      return sendWith(request, await bearer.current())
    }
    const response = await sendWith(request, token)
    if (authErrorOf(response) !== 'token_expired') return response
    const next = await orAborted(bearer.renewed(token), signal)
    if (next === undefined) return response
    await response.body?.cancel()
    return sendWith(request, next)
  }
  return {
    send,
    async json(request) {
      const response = await send(request)
      if (!response.ok) throw await refusal(response)
      return await readJson(response)
    },
    async long(request) {
      const headers = { ...request.headers, prefer: `respond-async, wait=${WAIT_S}` }
      let response = await send({ ...request, headers })
      for (;;) {
        if (!response.ok) throw await refusal(response)
        const answer = await readJson(response)
        if (response.status !== 202) return answer
        const running = dataOf<LongOperation>(answer)
        onWaiting?.(running)
        const path = `/admin-api/operations/${encodeURIComponent(running.operation)}?wait=${WAIT_S * 1000}`
        response = await send({ method: 'GET', path, signal: request.signal })
      }
    },
  }
}

// fetch takes both; Uint8Array over shared memory, which it would not, is nothing callers have
function bodyOf(
  bytes: Outgoing['bytes'],
): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null {
  return bytes === undefined
    ? null
    : (bytes as ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>)
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return parseJson(await response.text())
  } catch (cause) {
    const { status, url } = response
    const message = 'expected an answer in JSON, got something else: is this the address of a node?'
    throw new ClientError('CLIENT_ANSWER_INVALID', 'protocol', message, { status, url }, { cause })
  }
}

/** What the node says is wrong with a token. */
function authErrorOf({ status, headers }: Response): string | undefined {
  return status === 401 || status === 403 ? (headers.get('x-auth-error') ?? undefined) : undefined
}

/** Others may wait for the same work: only this one stops waiting. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** The error a response with a bad status stands for. */
export async function refusal(response: Response): Promise<ClientError> {
  const { status } = response
  const text = await response.text()
  const told = describe(text)
  const requestId = response.headers.get('x-request-id')
  const authError = authErrorOf(response)
  const facts = {
    status,
    ...told.details,
    ...(authError === undefined ? {} : { authError }),
    ...(requestId === null ? {} : { requestId }),
  }
  const message = told.message === '' ? `the node answered with status ${status}` : told.message
  return new ClientError(codeOf(facts), kindOfStatus(status), message, facts)
}

function codeOf({ status, authError, apiCode }: ClientErrorDetails): ClientErrorCode {
  if (status === 401 || authError === 'token_revoked') return 'CLIENT_NOT_SIGNED_IN'
  const isDenied = authError === 'permission_denied' || apiCode === 'permission_denied'
  return isDenied ? 'CLIENT_PERMISSION_DENIED' : 'CLIENT_REFUSED'
}

function describe(text: string): { message: string; details: ClientErrorDetails } {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return { message: text.slice(0, 500), details: {} } // plain text is what the original answers
  }
  if (typeof body !== 'object' || body === null) return { message: '', details: {} }
  const error = 'error' in body ? body.error : undefined
  return {
    message: typeof error === 'string' ? error : messageOf(error),
    details: {
      ...('code' in body && typeof body.code === 'string' ? { apiCode: body.code } : {}),
      ...('details' in body ? { details: body.details } : {}),
    },
  }
}

/** Of an error of JSON-RPC. */
function messageOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return ''
  return typeof error.message === 'string' ? error.message : ''
}

/** The `data` of an answer in its envelope. @throws CLIENT_ANSWER_INVALID (protocol) */
export function dataOf<T>(answer: unknown): T {
  if (typeof answer === 'object' && answer !== null && 'data' in answer) return answer.data as T // the API's documented shape
  throw new ClientError('CLIENT_ANSWER_INVALID', 'protocol', 'expected an answer with data')
}
