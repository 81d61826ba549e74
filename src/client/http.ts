/** Requests to a node, and its answers as values or as {@link ClientError}. */
import { ClientError, kindOfStatus } from './errors.ts'
import type { ClientErrorDetails } from './errors.ts'

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
}

export interface Http {
  /** Sends and returns the response, whatever its status. @throws CLIENT_UNREACHABLE (transport) */
  send(request: Outgoing): Promise<Response>
  /** Sends and returns the body as JSON. @throws CLIENT_REFUSED, CLIENT_ANSWER_INVALID, CLIENT_UNREACHABLE */
  json(request: Outgoing): Promise<unknown>
}

/** Requests to one node. */
export function http(base: string, token: string | undefined): Http {
  const send = async (request: Outgoing): Promise<Response> => {
    const { method, path, json, bytes, signal } = request
    const url = `${base}${path}`
    const headers: Record<string, string> = { ...request.headers }
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`
    if (json !== undefined) headers['content-type'] = 'application/json'
    try {
      return await fetch(url, {
        method,
        headers,
        body: json === undefined ? bodyOf(bytes) : JSON.stringify(json),
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
  return {
    send,
    async json(request) {
      const response = await send(request)
      if (!response.ok) throw await refusal(response)
      return await readJson(response)
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
    return await response.json()
  } catch (cause) {
    const { status, url } = response
    const message = 'expected an answer in JSON, got something else: is this the address of a node?'
    throw new ClientError('CLIENT_ANSWER_INVALID', 'protocol', message, { status, url }, { cause })
  }
}

/** The error a response with a bad status stands for. */
export async function refusal(response: Response): Promise<ClientError> {
  const { status } = response
  const text = await response.text()
  const told = describe(text)
  const requestId = response.headers.get('x-request-id')
  const facts = { status, ...told.details, ...(requestId === null ? {} : { requestId }) }
  const message = told.message === '' ? `the node answered with status ${status}` : told.message
  return new ClientError('CLIENT_REFUSED', kindOfStatus(status), message, facts)
}

function describe(text: string): { message: string; details: ClientErrorDetails } {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return { message: text.slice(0, 500), details: {} } // plain text is what the original answers
  }
  if (typeof body !== 'object' || body === null) return { message: '', details: {} }
  const message = 'error' in body && typeof body.error === 'string' ? body.error : ''
  return {
    message,
    details: {
      ...('code' in body && typeof body.code === 'string' ? { apiCode: body.code } : {}),
      ...('details' in body ? { details: body.details } : {}),
    },
  }
}

/** The `data` of an answer in its envelope. @throws CLIENT_ANSWER_INVALID (protocol) */
export function dataOf<T>(answer: unknown): T {
  if (typeof answer === 'object' && answer !== null && 'data' in answer) return answer.data as T // the API's documented shape
  throw new ClientError('CLIENT_ANSWER_INVALID', 'protocol', 'expected an answer with data')
}
