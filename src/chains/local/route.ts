/** What a route is: a path, what answers it, and the parts that routes of every contract are made of. */
import type { MerogateError } from '../../node/errors.ts'
import { refusal, rejected, type RefusalName } from '../../node/anchor/errors.ts'
import type { Answer, SubmissionService } from '../../node/anchor/service.ts'
import { localChainError } from './errors.ts'
import { domainJson, operationRequest, refusalJson, type Json } from './wire.ts'

/** A request as the routes see it. */
export interface RouteRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** Fires when the caller is gone. */
  readonly signal: AbortSignal
  /** The body as JSON. @throws LOCAL_CHAIN_REQUEST (input), LOCAL_CHAIN_TOO_LARGE (limit) */
  json(): Promise<unknown>
}

/** What to answer. */
export interface RouteAnswer {
  readonly status: number
  readonly body: Json
}

/** Answers a request; `ids` are those of its path. */
export type Handler = (request: RouteRequest, ids: readonly Uint8Array[]) => Promise<RouteAnswer>

/** A path and what answers it. */
export interface Route {
  readonly method: string
  /** Groups of the expression are 32-byte ids in hexadecimal. */
  readonly path: RegExp
  readonly handle: Handler
}

/** A request that is not of this service's protocol. */
export function badRequest(message: string): MerogateError {
  return localChainError('LOCAL_CHAIN_REQUEST', message)
}

/** What is asked for. */
export function ok(body: Json): RouteAnswer {
  return { status: 200, body }
}

/** A value at a height. @throws ANCHOR_REJECTED with the refusal that says there is none */
export function found<T>(
  { value, height }: Answer<T | undefined>,
  toJson: (value: T) => Json,
  absent: RefusalName = 'ContextNotFound',
): RouteAnswer {
  if (value === undefined) throw rejected(refusal(absent), 'a query')
  return ok({ height: String(height), value: toJson(value) })
}

/** A whole number of the query, as a size or position. */
export function numberOf(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name)
  if (text === null) return fallback
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN
  if (!Number.isSafeInteger(value)) throw badRequest(`expected a whole number as ${name}`)
  return value
}

/** The id of a path; the pattern saw to its 32 bytes. */
export function idAt(ids: readonly Uint8Array[], index: number): Uint8Array {
  const id = ids[index]
  if (id === undefined) throw badRequest('expected an id in the path')
  return id
}

/** An id in a path. */
export const ID = '([0-9a-f]{64})'

/** A question to the service. */
export function get(path: string, handle: Handler): Route {
  return { method: 'GET', path: new RegExp(`^/v1/${path}$`), handle }
}

/** What every contract answers: where its paths begin, which contract it is, and what becomes of envelopes. */
export function contractRoutes(prefix: string, service: SubmissionService): readonly Route[] {
  return [
    get(`${prefix}domain`, async () => ok(domainJson(await service.readDomain()))),
    {
      method: 'POST',
      path: new RegExp(`^/v1/${prefix}operations$`),
      handle: async (request) => {
        const { data } = operationRequest.safeParse(await request.json())
        if (data === undefined) {
          throw badRequest('expected {"envelope": <hexadecimal>, "signature": <hexadecimal>}')
        }
        const result = await service.submit(data)
        if (!result.accepted) return { status: 422, body: refusalJson(result.refusal) }
        return ok({ transaction: result.transaction, height: String(result.height) })
      },
    },
  ]
}
