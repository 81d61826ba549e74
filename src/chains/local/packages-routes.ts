/** Which path asks the package registry what; its paths begin with `packages/`. */
import type { PackageService } from '../../node/anchor/packages/service.ts'
import { PackageId, PublicKey } from '../../node/primitives/ids.ts'
import { latestJson, packageJson, releaseJson, releasePageJson } from './packages-wire.ts'
import {
  badRequest,
  contractRoutes,
  found,
  get,
  ID,
  idAt,
  numberOf,
  ok,
  type Handler,
  type Route,
} from './route.ts'

/** Beginning of the contract's paths. */
const PREFIX = 'packages/'

/** The routes of a registry. */
export function packageRoutes(service: PackageService): readonly Route[] {
  const ofPackage = (
    path: string,
    handle: (id: PackageId, query: URLSearchParams) => ReturnType<Handler>,
  ): Route =>
    get(`${PREFIX}${ID}${path}`, ({ query }, ids) => handle(PackageId.from(idAt(ids, 0)), query))
  return [
    ...contractRoutes(PREFIX, service),
    get(`${PREFIX}nonces/${ID}`, async (_, ids) => {
      const { value, height } = await service.readNonce(PublicKey.from(idAt(ids, 0)))
      return ok({ height: String(height), value: String(value) })
    }),
    ofPackage('', async (id) =>
      found(await service.readPackage(id), packageJson, 'PackageNotFound'),
    ),
    ofPackage('/releases', async (id, query) => {
      const offset = numberOf(query, 'offset', 0)
      const length = numberOf(query, 'length', Number.MAX_SAFE_INTEGER)
      const page = await service.readReleasePage(id, offset, length)
      return found(page, releasePageJson, 'PackageNotFound')
    }),
    ofPackage('/release', async (id, query) => {
      const version = query.get('version')
      if (version === null) throw badRequest('expected a version')
      const { value, height } = await service.readRelease(id, version)
      return ok({ height: String(height), value: releaseJson(value) })
    }),
    ofPackage('/latest', async (id) => found(await service.readLatest(id), latestJson)),
  ]
}
