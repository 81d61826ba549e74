/** `/applications`, their installation, and `/packages` (docs/api.md). */
import type { Router } from 'express'
import { z } from 'zod'
import type { InstalledApplication, Node } from '../../node/interface.ts'
import { toBase58 } from '../../node/primitives/bytes.ts'
import { ApplicationId } from '../../node/primitives/ids.ts'
import { defined } from '../defined.ts'
import { encodeApplication } from '../encode.ts'
import { MAX_METADATA_BYTES, MAX_SOURCE_CHARS } from '../limits.ts'
import { accessIn, pageOf, param, query, route, withBody } from '../routes.ts'
import { applicationIdSchema, bytes32Schema, bytesSchema } from '../schemas.ts'

const installSchema = z.object({
  url: z.url().max(MAX_SOURCE_CHARS),
  /** SHA-256 of what the URL gives, not a blob id. */
  hash: bytes32Schema.nullish(),
  metadata: bytesSchema(MAX_METADATA_BYTES),
})

const installDevSchema = z.object({
  /** A file of the node's machine. */
  path: z.string().min(1).max(MAX_SOURCE_CHARS),
  metadata: bytesSchema(MAX_METADATA_BYTES),
})

const uninstallSchema = z.object({ applicationId: applicationIdSchema })

export function applicationRoutes(router: Router, node: Node): void {
  const { applications } = node
  const installed = (app: InstalledApplication): unknown => ({
    data: {
      applicationId: toBase58(app.id),
      ...(app.module.warnings.length > 0 ? { warnings: app.module.warnings } : {}),
    },
  })
  const uninstall = async (id: ApplicationId): Promise<unknown> => {
    await applications.uninstall(id)
    return { data: { applicationId: toBase58(id) } }
  }

  route(router, '/install-application', {
    post: withBody(installSchema, async ({ url, hash, metadata }) =>
      installed(await applications.installUrl(url, defined({ hash: hash ?? undefined, metadata }))),
    ),
  })
  route(router, '/install-dev-application', {
    post: withBody(installDevSchema, async ({ path, metadata }) =>
      installed(await applications.installFile(path, { metadata })),
    ),
  })
  route(router, '/uninstall-application', {
    post: withBody(uninstallSchema, ({ applicationId }) => uninstall(applicationId)),
  })
  route(router, '/applications', {
    get: async (req, res) => {
      const name = query(req, 'package')
      const all = accessIn(res).filter('application:list', await applications.list(), ({ id }) => ({
        slots: [toBase58(id)],
      }))
      const wanted = name === undefined ? all : all.filter((app) => app.package === name)
      const { rows, next } = pageOf(req, wanted)
      return { data: { apps: rows.map(encodeApplication), ...next } }
    },
  })
  route(router, '/applications/:id', {
    get: async (req) => {
      const app = await applications.get(ApplicationId.parse(param(req, 'id')))
      return { data: { application: app === undefined ? null : encodeApplication(app) } }
    },
    delete: (req) => uninstall(ApplicationId.parse(param(req, 'id'))),
  })
  route(router, '/packages', {
    get: async () => {
      const packages = [...new Set((await applications.list()).map((app) => app.package))].sort()
      return { packages, data: { packages } }
    },
  })
  route(router, '/packages/:package/versions', {
    get: async (req) => {
      const apps = await ofPackage(param(req, 'package'))
      const versions = [...new Set(apps.map((app) => app.version))]
      return { versions, data: { versions } }
    },
  })
  route(router, '/packages/:package/latest', {
    get: async (req) => {
      const latest = (await ofPackage(param(req, 'package'))).at(-1)
      const answer = {
        applicationId: latest === undefined ? null : toBase58(latest.id),
        version: latest?.version ?? null,
      }
      return { ...answer, data: answer }
    },
  })

  /** Installed versions of a package, oldest first. */
  async function ofPackage(name: string): Promise<InstalledApplication[]> {
    const apps = (await applications.list()).filter((app) => app.package === name)
    return apps.sort((a, b) => compareVersions(a.version, b.version))
  }
}

/** Order of two semantic versions (semver.org 11); a text that is none sorts before all that are. */
export function compareVersions(a: string, b: string): number {
  const left = parseVersion(a)
  const right = parseVersion(b)
  for (let i = 0; i < 3; i++) {
    const difference = (left.core[i] ?? -1) - (right.core[i] ?? -1)
    if (difference !== 0) return difference
  }
  return comparePreRelease(left.pre, right.pre)
}

function parseVersion(text: string): { core: readonly number[]; pre: readonly string[] } {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(?:-([\w.-]+))?(?:\+.*)?$/.exec(text)
  if (match === null) return { core: [], pre: [] }
  const [, major, minor, patch, pre] = match
  return { core: [major, minor, patch].map(Number), pre: pre === undefined ? [] : pre.split('.') }
}

function comparePreRelease(left: readonly string[], right: readonly string[]): number {
  // a release comes after its pre-releases
  if (left.length === 0 || right.length === 0) return right.length - left.length
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const a = left[i]
    const b = right[i]
    if (a === undefined || b === undefined) return a === undefined ? -1 : 1
    if (a === b) continue
    const isNumber = [/^\d+$/.test(a), /^\d+$/.test(b)]
    if (isNumber[0] === true && isNumber[1] === true) return Number(a) - Number(b)
    if (isNumber[0] !== isNumber[1]) return isNumber[0] === true ? -1 : 1
    return a < b ? -1 : 1
  }
  return 0
}
