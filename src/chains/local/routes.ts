/** Which path asks the authority what, and how the answer reads. */
import { isMerogateError } from '../../node/errors.ts'
import type { PackageService } from '../../node/anchor/packages/service.ts'
import type { LocalAuthority } from './model/authority.ts'
import { ContextId, GroupId, PublicKey } from '../../node/primitives/ids.ts'
import { fromHex } from '../../node/primitives/bytes.ts'
import { localChainError } from './errors.ts'
import { MAX_WAIT_MS } from './limits.ts'
import { packageRoutes } from './packages-routes.ts'
import {
  badRequest,
  contractRoutes,
  found,
  get,
  ID,
  idAt,
  numberOf,
  ok,
  type Route,
  type RouteAnswer,
  type RouteRequest,
} from './route.ts'
import {
  changesJson,
  contextJson,
  groupJson,
  memberJson,
  pageJson,
  refusalJson,
  refusedQuery,
  standingJson,
  u64,
} from './wire.ts'

function sinceOf(query: URLSearchParams): bigint | undefined {
  const text = query.get('since')
  if (text === null) return undefined
  const { data } = u64.safeParse(text)
  if (data === undefined) throw badRequest('expected a height as since')
  return data
}

function contextRoutes(service: LocalAuthority): readonly Route[] {
  return [
    ...contractRoutes('', service),
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
    get(`groups/${ID}/standings/${ID}`, async (_, ids) => {
      const identity = PublicKey.from(idAt(ids, 1))
      return found(await service.readStanding(GroupId.from(idAt(ids, 0)), identity), standingJson)
    }),
    get(`transactions/${ID}`, async ({ path }) => {
      const height = await service.findTransaction(path.slice(path.lastIndexOf('/') + 1))
      return ok({ height: height === undefined ? null : String(height) })
    }),
    get('changes', async ({ query, signal }) => {
      const waitMs = Math.min(numberOf(query, 'wait', 0), MAX_WAIT_MS)
      return ok(changesJson(await service.waitForChanges(sinceOf(query), waitMs, { signal })))
    }),
  ]
}

/** The refusal that an error of the authority carries: it knows no such thing. */
function absenceOf(error: unknown): RouteAnswer | undefined {
  if (!isMerogateError(error, 'ANCHOR_REJECTED')) return undefined
  const { error: reason } = error.details
  const { data } = refusedQuery.safeParse(reason)
  return data && { status: 404, body: refusalJson(data) }
}

/** Answers requests for an authority. @throws whatever the authority throws; LOCAL_CHAIN_ROUTE (missing) for an unknown path */
export function createRouter(
  service: LocalAuthority,
  packages: PackageService,
): (request: RouteRequest) => Promise<RouteAnswer> {
  const routes = [...contextRoutes(service), ...packageRoutes(packages)]
  return async (request) => {
    for (const { method, path, handle } of routes) {
      const match = method === request.method ? path.exec(request.path) : null
      if (match === null) continue
      try {
        return await handle(request, match.slice(1).map(fromHex))
      } catch (error) {
        const absence = absenceOf(error)
        if (absence !== undefined) return absence
        throw error
      }
    }
    throw localChainError(
      'LOCAL_CHAIN_ROUTE',
      `expected a path of this service, got ${request.method} ${JSON.stringify(request.path.slice(0, 100))}`,
    )
  }
}
