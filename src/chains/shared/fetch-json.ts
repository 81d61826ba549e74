/** JSON over HTTP from whoever answers at an address: bounded in time and size, and never from where a redirect leads. */
import { badAnswer, unreachable } from '../../node/anchor/errors.ts'
import { isMerogateError, throwIfAborted } from '../../node/errors.ts'
import { fromUtf8 } from '../../node/primitives/bytes.ts'
import { shownAddress } from '../../node/primitives/shown-address.ts'
import { readBounded } from './read-bounded.ts'

export interface FetchJsonOptions {
  /** Sent as JSON with POST. @default none: GET */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Time for the whole answer. */
  readonly timeoutMs: number
  /** Bytes of the answer. */
  readonly maxBytes: number
  readonly signal?: AbortSignal | undefined
}

/** An answer, whatever its status. */
export interface JsonAnswer {
  readonly status: number
  readonly json: unknown
}

/** @throws ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol): too long, or no JSON */
export async function fetchJson(url: string, options: FetchJsonOptions): Promise<JsonAnswer> {
  const { body, headers, timeoutMs, maxBytes, signal } = options
  const where = shownAddress(url)
  const timeout = AbortSignal.timeout(timeoutMs)
  let status: number
  let bytes: Uint8Array
  try {
    const response = await fetch(url, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      redirect: 'error',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    })
    status = response.status
    bytes = await readBounded(response, maxBytes, () =>
      badAnswer(where, `more than ${maxBytes} bytes`),
    )
  } catch (cause) {
    throwIfAborted(signal)
    if (isMerogateError(cause)) throw cause
    // what `fetch` says may repeat the address, keys and all
    throw unreachable(where, where === new URL(url).origin ? cause : undefined)
  }
  try {
    return { status, json: JSON.parse(fromUtf8(bytes)) }
  } catch {
    // what stands in front of a service that is down answers in its place, and not in JSON
    if (status >= 500) throw unreachable(where, `status ${status}`)
    throw badAnswer(where, `status ${status} and a body that is not JSON`)
  }
}
