/** Which path asks the authority what, and how the answer reads. */
import { isMerogateError, type MerogateError } from '../../node/errors.ts'
import { REFUSALS, refusal } from '../../node/anchor/errors.ts'
import type { EnvelopeService } from '../../node/anchor/service.ts'
import { ContextId, GroupId, PublicKey } from '../../node/primitives/ids.ts'
import { fromHex } from '../../node/primitives/bytes.ts'
import { localChainError } from './errors.ts'
import { MAX_WAIT_MS } from './limits.ts'
import {
  changesJson,
  contextJson,
  domainJson,
  groupJson,
  type Json,
  memberJson,
  operationRequest,
  pageJson,
  refusalJson,
  u64Text,
} from './wire.ts'

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

type Handler = (request: RouteRequest, ids: readonly Uint8Array[]) => Promise<RouteAnswer>

interface Route {
  readonly method: string
  /** Groups are 32-byte ids in hexadecimal. */
  readonly path: RegExp
  readonly handle: Handler
}

const NOT_FOUND: RouteAnswer = { status: 404, body: refusalJson(refusal('ContextNotFound')) }

/** A request that is not of this service's protocol. */
export function badRequest(message: string): MerogateError {
  return localChainError('LOCAL_CHAIN_REQUEST', message)
}

function ok(body: Json): RouteAnswer {
  return { status: 200, body }
}

function found<T>(
  answer: { readonly value: T | undefined; readonly height: bigint },
  toJson: (value: T) => Json,
): RouteAnswer {
  const { value, height } = answer
  if (value === undefined) return NOT_FOUND
  return ok({ height: String(height), value: toJson(value) })
}

/** A whole number of the query, as a size or position. */
function numberOf(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name)
  if (text === null) return fallback
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN
  if (!Number.isSafeInteger(value)) throw badRequest(`expected a whole number as ${name}`)
  return value
}

function sinceOf(query: URLSearchParams): bigint | undefined {
  const text = query.get('since')
  if (text === null) return undefined
  const { data } = u64Text.safeParse(text)
  if (data === undefined) throw badRequest('expected a height as since')
  return data
}

/** The id of a path; the pattern saw to its 32 bytes. */
function idAt(ids: readonly Uint8Array[], index: number): Uint8Array {
  const id = ids[index]
  if (id === undefined) throw badRequest('expected an id in the path')
  return id
}

const ID = '([0-9a-f]{64})'

function routesOf(service: EnvelopeService): readonly Route[] {
  const get = (path: string, handle: Handler): Route => ({
    method: 'GET',
    path: new RegExp(`^/v1/${path}$`),
    handle,
  })
  return [
    get('domain', async () => ok(domainJson(await service.readDomain()))),
    get(`contexts/${ID}`, async (_, ids) =>
      found(await service.readContext(ContextId.from(idAt(ids, 0))), contextJson),
    ),
    get(`groups/${ID}`, async (_, ids) =>
      found(await service.readGroup(GroupId.from(idAt(ids, 0))), groupJson),
    ),
    get(`groups/${ID}/members`, async ({ query }, ids) => {
      const offset = numberOf(query, 'offset', 0)
      const length = numberOf(query, 'length', Number.MAX_SAFE_INTEGER)
      const id = GroupId.from(idAt(ids, 0))
      return found(await service.readMemberPage(id, offset, length), pageJson)
    }),
    get(`groups/${ID}/members/${ID}`, async (_, ids) => {
      const identity = PublicKey.from(idAt(ids, 1))
      const answer = await service.readMember(GroupId.from(idAt(ids, 0)), identity)
      return found({ ...answer, value: answer.value ?? null }, (member) =>
        member === null ? null : memberJson(member),
      )
    }),
    get(`transactions/${ID}`, async ({ path }) => {
      const height = await service.findTransaction(path.slice(path.lastIndexOf('/') + 1))
      return ok({ height: height === undefined ? null : String(height) })
    }),
    get('changes', async ({ query, signal }) => {
      const waitMs = Math.min(numberOf(query, 'wait', 0), MAX_WAIT_MS)
      return ok(changesJson(await service.waitForChanges(sinceOf(query), waitMs, { signal })))
    }),
    {
      method: 'POST',
      path: /^\/v1\/operations$/,
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

/** Whether an error is the authority's word that it knows no such group. */
function isUnknownGroup(error: unknown): boolean {
  if (!isMerogateError(error, 'ANCHOR_REJECTED')) return false
  const { error: reason } = error.details
  return (
    typeof reason === 'object' &&
    reason !== null &&
    'number' in reason &&
    reason.number === REFUSALS.ContextNotFound
  )
}

/** Answers requests for an authority. @throws whatever the authority throws; LOCAL_CHAIN_ROUTE (missing) for an unknown path */
export function createRouter(
  service: EnvelopeService,
): (request: RouteRequest) => Promise<RouteAnswer> {
  const routes = routesOf(service)
  return async (request) => {
    for (const { method, path, handle } of routes) {
      const match = method === request.method ? path.exec(request.path) : null
      if (match === null) continue
      try {
        return await handle(request, match.slice(1).map(fromHex))
      } catch (error) {
        if (isUnknownGroup(error)) return NOT_FOUND
        throw error
      }
    }
    throw localChainError(
      'LOCAL_CHAIN_ROUTE',
      `expected a path of this service, got ${request.method} ${JSON.stringify(request.path.slice(0, 100))}`,
    )
  }
}
