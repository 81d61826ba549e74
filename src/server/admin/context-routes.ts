/** `/contexts`: list, create, look, delete, move to another application, sync, repair (docs/api.md). */
import type { Request, Response, Router } from 'express'
import { z } from 'zod'
import { MerogateError } from '../../node/errors.ts'
import type { ContextInfo, IntentInfo, Node } from '../../node/interface.ts'
import { toBase58 } from '../../node/primitives/bytes.ts'
import { ApplicationId } from '../../node/primitives/ids.ts'
import type { ContextId } from '../../node/primitives/ids.ts'
import type { Background } from '../background.ts'
import type { Overruns } from '../json-rpc/overruns.ts'
import { defined } from '../defined.ts'
import { encodeContext, encodeIntent } from '../encode.ts'
import { MAX_JSON_BYTES, MAX_LIST_ROWS, MAX_SERVICE_CHARS } from '../limits.ts'
import { accessIn, contextOf, pageOf, param, query, route, waitOf, withBody } from '../routes.ts'
import type { Handler } from '../routes.ts'
import {
  applicationIdSchema,
  bytes32Schema,
  bytesSchema,
  groupIdSchema,
  publicKeySchema,
} from '../schemas.ts'

const serviceSchema = z.string().min(1).max(MAX_SERVICE_CHARS)

const createSchema = z.object({
  /** May be left out where the node has one anchor only. */
  protocol: z.string().max(64).nullish(),
  applicationId: applicationIdSchema,
  /** Which of the application's services; `serviceName` is the original's word. */
  service: serviceSchema.nullish(),
  serviceName: serviceSchema.nullish(),
  contextSeed: bytes32Schema.nullish(),
  initializationParams: bytesSchema(MAX_JSON_BYTES),
  /** Ours: share the members of an existing group. */
  groupId: groupIdSchema.nullish(),
})

const updateSchema = z.object({
  applicationId: applicationIdSchema,
  executorPublicKey: publicKeySchema.nullish(),
})

const refreshSchema = z.object({
  /** What the anchor says now counts, whatever it said before. */
  fromAnchor: z.boolean().nullish(),
})

export interface ContextRoutesComponents {
  readonly node: Node
  readonly background: Background
  readonly overruns: Overruns
}

/** Registers the routes whose second segment is a word; they must come before those with `:id`. */
export function contextRoutes(
  router: Router,
  { node, background, overruns }: ContextRoutesComponents,
): void {
  const { contexts } = node

  route(router, '/contexts', {
    get: async (req, res) => {
      const text = query(req, 'applicationId')
      const application = text === undefined ? undefined : ApplicationId.parse(text)
      return listing(req, res, application)
    },
    post: withBody(createSchema, async (body, _req, res) => {
      const { initializationParams: params } = body
      const options = defined({
        application: body.applicationId,
        service: body.service ?? body.serviceName ?? undefined,
        protocol: body.protocol ?? undefined,
        // nothing at all is what clients send for an app whose `init` takes no parameters
        params: params.length === 0 ? undefined : params,
        seed: body.contextSeed ?? undefined,
        group: body.groupId ?? undefined,
      })
      // `init` is a call into what does not have an id yet
      const whose = [accessIn(res).caller?.keyId, `init ${toBase58(body.applicationId)}`] as const
      const made = await overruns.counting(whose, () => contexts.create(options))
      return {
        data: {
          contextId: toBase58(made.context),
          memberPublicKey: toBase58(made.member),
          groupId: toBase58(made.group),
        },
      }
    }),
  })
  route(router, '/contexts/for-application/:appId', {
    get: (req, res) => listing(req, res, ApplicationId.parse(param(req, 'appId'))),
  })
  route(router, '/contexts/with-executors/for-application/:appId', {
    get: async (req, res) => {
      const application = ApplicationId.parse(param(req, 'appId'))
      const seen = visible(res, await contexts.list({ application }))
      const all = seen.slice(0, MAX_LIST_ROWS)
      const rows = await Promise.all(
        all.map(async (context) => ({
          id: toBase58(context.id),
          application_id: toBase58(context.application),
          root_hash: toBase58(context.root),
          executors: (await node.identities.owned(context.id)).map(toBase58),
        })),
      )
      return { contexts: rows, data: { contexts: rows } }
    },
  })
  route(router, '/contexts/sync', {
    post: async (req, res) => {
      const wait = waitOf(req)
      const all = visible(res, await contexts.list(), 'context:execute')
      const timeout = AbortSignal.timeout(wait ?? SYNC_TIMEOUT_MS)
      const signal = AbortSignal.any([timeout, background.signal])
      const work = Promise.allSettled(all.map(({ id }) => contexts.sync(id, { signal })))
      if (wait === undefined) background.add('sync of all contexts', work)
      else await work
      return { data: null }
    },
  })
  const sync = syncHandler(node, background)
  route(router, '/contexts/sync/:id', { post: sync })

  route(router, '/contexts/:id', {
    get: async (req) => {
      const { id } = await find(node, contextOf(req))
      const wait = waitOf(req)
      if (wait !== undefined) await readyWithin(node, id, wait)
      return { data: encodeContext(await find(node, id)) }
    },
    delete: async (req) => ({ data: { isDeleted: await contexts.delete(contextOf(req)) } }),
  })
  route(router, '/contexts/:id/sync', { post: sync })
  route(router, '/contexts/:id/repair', { post: repairHandler(node, background) })
  route(router, '/contexts/:id/refresh', {
    post: withBody(refreshSchema, async ({ fromAnchor }, req) => {
      const { id } = await find(node, contextOf(req))
      await contexts.refresh(id, { isReset: fromAnchor ?? false })
      return { data: encodeContext(await find(node, id)) }
    }),
  })
  route(router, '/contexts/:id/leave', {
    post: async (req) => {
      await contexts.leave(contextOf(req))
      return { data: { isDeleted: true } }
    },
  })
  route(router, '/contexts/:id/application', {
    post: withBody(updateSchema, async (body, req) => {
      const executor = body.executorPublicKey ?? undefined
      await contexts.updateApplication(contextOf(req), body.applicationId, { executor })
      return { data: null }
    }),
  })
  route(router, '/contexts/:id/storage', {
    get: async (req) => {
      const { id } = await find(node, contextOf(req))
      return { data: { sizeInBytes: await contexts.storageSize(id) } }
    },
  })

  async function listing(
    req: Request,
    res: Response,
    application: ApplicationId | undefined,
  ): Promise<unknown> {
    const here = await contexts.list(defined({ application }))
    const all = visible(res, here)
    const { rows, next } = pageOf(req, all)
    const page = { contexts: rows.map(encodeContext), ...next }
    if (application !== undefined) return { data: page }
    // what is being made or joined, and has nothing to show yet
    const known = new Set(here.map(({ id }) => toBase58(id)))
    const pending = visibleIntents(res, contexts.intents()).filter(
      ({ context }) => !known.has(toBase58(context)),
    )
    return { data: { ...page, pending: pending.slice(0, MAX_LIST_ROWS).map(encodeIntent) } }
  }
}

/** The contexts that a caller may see, or do something else with. */
export function visible(
  res: Response,
  all: readonly ContextInfo[],
  path = 'context:list',
): readonly ContextInfo[] {
  return accessIn(res).filter(path, all, ({ id, application }) => ({
    slots: [toBase58(id)],
    applicationId: toBase58(application),
  }))
}

/** What goes on in contexts that a caller may see. */
export function visibleIntents(res: Response, all: readonly IntentInfo[]): readonly IntentInfo[] {
  return accessIn(res).filter('context:list', all, ({ context }) => ({
    slots: [toBase58(context)],
  }))
}

/** A sync that nobody waits for gives up after this long, ms. */
const SYNC_TIMEOUT_MS = 60_000

/** Starts an exchange with the members; with `?wait=ms` answers what came of it, otherwise at once. */
function syncHandler(node: Node, background: Background): Handler {
  return async (req) => {
    const wait = waitOf(req)
    const { id } = await find(node, contextOf(req))
    const timeout = AbortSignal.timeout(wait ?? SYNC_TIMEOUT_MS)
    const signal = AbortSignal.any([timeout, background.signal])
    const work = node.contexts.sync(id, { signal })
    if (wait === undefined) {
      background.add('sync of a context', work)
      return { data: null }
    }
    const peers = await work.then(
      (result) => result.peers,
      (error: unknown) => {
        if (signal.aborted) return 0 // nobody answered in time
        throw error
      },
    )
    const { root } = await find(node, id)
    return { data: { rootHash: toBase58(root), peers } }
  }
}

/** Replays a history; with `?wait=ms` answers what came of it when that is soon enough. It goes on in any case. */
function repairHandler(node: Node, background: Background): Handler {
  return async (req) => {
    const wait = waitOf(req)
    const { id } = await find(node, contextOf(req))
    if (wait === undefined) {
      background.add('repair', node.contexts.repair(id, { signal: background.signal }))
      return { data: null }
    }
    const signal = AbortSignal.any([AbortSignal.timeout(wait), background.signal])
    try {
      const { deltas, changed, root } = await node.contexts.repair(id, { signal })
      return { data: { deltas, changed, rootHash: toBase58(root) } }
    } catch (error) {
      if (signal.aborted) return { data: null }
      throw error
    }
  }
}

/** Waits until a context has its state and application, but no longer than asked. */
async function readyWithin(node: Node, id: ContextId, ms: number): Promise<void> {
  const signal = AbortSignal.timeout(ms)
  try {
    await node.contexts.waitReady(id, { signal })
  } catch (error) {
    if (!signal.aborted) throw error // otherwise its status says that it is not ready
  }
}

/** The context. @throws CONTEXT_NOT_FOUND (404) */
export async function find(node: Node, id: ContextId): Promise<ContextInfo> {
  const context = await node.contexts.get(id)
  if (context !== undefined) return context
  const pending = node.contexts.intents(id).map(encodeIntent)
  throw new MerogateError('CONTEXT_NOT_FOUND', 'missing', 'Context not found', {
    context: toBase58(id),
    ...(pending.length > 0 ? { pending } : {}),
  })
}
