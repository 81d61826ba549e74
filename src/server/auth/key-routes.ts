/** `/admin`: keys and their permissions, for whoever may see to them (docs/api.md). The auth room holds that nobody passes on what he does not hold. */
import type { Response, Router } from 'express'
import { z } from 'zod'
import {
  type Auth,
  authError,
  type Caller,
  type KeyInfo,
  parsePermission,
} from '../../auth/index.ts'
import { isMerogateError } from '../../node/errors.ts'
import { packageVersion } from '../../node/package-version.ts'
import { toBase58 } from '../../node/primitives/bytes.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import { MAX_AUTH_BYTES } from '../limits.ts'
import { accessIn, contextOf, param, route, withBody } from '../routes.ts'
import { answer, pairBody, tellCaller } from './sign-in-routes.ts'

const texts = z.array(z.string())

const newKeySchema = z.object({
  auth_method: z.string().min(1),
  public_key: z.string().nullish(),
  provider_data: z.unknown(),
  /** Ours: what a wallet proves, with the chain before it. */
  subject: z.string().nullish(),
  name: z.string().nullish(),
  permissions: texts.nullish(),
})

const clientKeySchema = z.object({
  context_id: z.string().nullish(),
  context_identity: z.string().nullish(),
  permissions: texts.nullish(),
  name: z.string().nullish(),
})

/** `permissions` is how mero-js says what a key has afterwards. */
const changeSchema = z.object({
  add: texts.nullish(),
  remove: texts.nullish(),
  permissions: texts.nullish(),
})
const revokeSchema = z.object({ client_id: z.string().min(1) })

/** What the service calls itself. */
const SERVICE = 'merogate-auth'

export function keyRoutes(
  router: Router,
  { auth, clock }: { readonly auth: Auth; readonly clock: Clock },
): void {
  const { keys } = auth
  const startedMs = clock.monotonicMs()
  const version = packageVersion()

  route(router, '/admin/keys', {
    get: async (_req, res) => {
      callerIn(res)
      return answer((await keys.list()).map(encodeKey))
    },
    post: withBody(
      newKeySchema,
      async (body, _req, res) => {
        const made = await keys.create(callerIn(res), {
          method: body.auth_method,
          publicKey: body.public_key ?? undefined,
          data: body.provider_data,
          subject: body.subject ?? undefined,
          name: body.name ?? undefined,
          permissions: body.permissions ?? undefined,
        })
        return answer({ status: true, message: 'Key created', key_id: made.id })
      },
      MAX_AUTH_BYTES,
    ),
  })
  route(router, '/admin/keys/clients', {
    get: async (_req, res) => {
      callerIn(res)
      return answer((await keys.clients()).map(encodeClient))
    },
  })
  // of the original before sign-in was a service of its own; clients still ask
  route(router, '/admin-api/contexts/:id/client-keys', {
    get: async (req, res) => {
      callerIn(res)
      const context = toBase58(contextOf(req))
      const clients = (await keys.clients()).filter((key) => namesContext(key, context))
      return answer({ clientKeys: clients.map(encodeClient) })
    },
  })
  route(router, '/admin/keys/:key_id', {
    delete: async (req, res) => {
      try {
        await keys.revoke(callerIn(res), param(req, 'key_id'))
        return answer({ status: true, message: 'Key revoked' })
      } catch (error) {
        // the original says so with 200
        if (!isMerogateError(error, 'AUTH_KEY_CONFLICT')) throw error
        return answer({ status: false, message: error.message })
      }
    },
  })
  route(router, '/admin/keys/:key_id/clients/:client_id', {
    delete: async (req, res) => {
      await keys.revokeClient(callerIn(res), param(req, 'client_id'), param(req, 'key_id'))
      return answer({ status: true, message: 'Client key revoked' })
    },
  })
  route(router, '/admin/keys/:key_id/permissions', {
    get: async (req, res) => {
      callerIn(res)
      return answer({ permissions: await keys.permissions(param(req, 'key_id')) })
    },
    put: withBody(
      changeSchema,
      async ({ add, remove, permissions: all }, req, res) => {
        const change = {
          ...{ add: add ?? undefined, remove: remove ?? undefined },
          all: all ?? undefined,
        }
        const id = param(req, 'key_id')
        return answer({ permissions: await keys.changePermissions(callerIn(res), id, change) })
      },
      MAX_AUTH_BYTES,
    ),
  })
  route(router, '/admin/client-key', {
    post: withBody(
      clientKeySchema,
      async (body, _req, res) => {
        const pair = await auth.clientKey(callerIn(res), {
          contextId: body.context_id ?? undefined,
          contextIdentity: body.context_identity ?? undefined,
          permissions: body.permissions ?? [],
          name: body.name ?? undefined,
        })
        return answer(pairBody(pair))
      },
      MAX_AUTH_BYTES,
    ),
  })
  route(router, '/admin/revoke', {
    post: withBody(
      revokeSchema,
      async ({ client_id: id }, _req, res) => {
        await keys.revokeClient(callerIn(res), id)
        return answer({ success: true, message: 'Client key revoked' })
      },
      MAX_AUTH_BYTES,
    ),
  })
  route(router, '/admin/identity', {
    get: (_req, res) => {
      const { keyId, rootKeyId, permissions } = callerIn(res)
      return answer({
        service: SERVICE,
        version,
        authentication_mode: 'embedded',
        providers: auth.providers().map(({ name }) => name),
        key_id: keyId,
        root_key_id: rootKeyId,
        permissions: permissions.texts,
      })
    },
  })
  route(router, '/admin/metrics', {
    get: async (_req, res) => {
      callerIn(res)
      const [roots, clients] = [await keys.list(), await keys.clients()]
      const valid = (list: readonly KeyInfo[]): number =>
        list.filter(({ isValid }) => isValid).length
      return answer({
        root_keys: valid(roots),
        client_keys: valid(clients),
        uptime_seconds: Math.floor((clock.monotonicMs() - startedMs) / 1000),
      })
    },
  })
}

/** Who asks; told in the answer's headers. @throws AUTH_TOKEN_MISSING (unauthenticated) */
function callerIn(res: Response): Caller {
  const { caller } = accessIn(res)
  if (caller === undefined) throw authError('AUTH_TOKEN_MISSING', 'expected a token')
  tellCaller(res, caller.keyId, caller.permissions.texts)
  return caller
}

/** Whether a key is for this context: one of its permissions has it as its id. */
function namesContext({ permissions }: KeyInfo, context: string): boolean {
  return permissions.some((text) => {
    const permission = parsePermission(text)
    return permission?.category === 'context' && permission.slots[0] === context
  })
}

function encodeKey(key: KeyInfo): unknown {
  return {
    key_id: key.id,
    public_key: key.publicKey,
    auth_method: key.method,
    subject: key.subject,
    name: key.name,
    ...common(key),
  }
}

function encodeClient(key: KeyInfo): unknown {
  return { client_id: key.id, root_key_id: key.rootKeyId, name: key.name, ...common(key) }
}

function common({ permissions, createdAtMs, revokedAtMs, isValid }: KeyInfo): object {
  return {
    permissions,
    created_at: Math.floor(createdAtMs / 1000),
    revoked_at: revokedAtMs === undefined ? null : Math.floor(revokedAtMs / 1000),
    is_valid: isValid,
  }
}
