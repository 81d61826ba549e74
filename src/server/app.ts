/** The Express application: which middleware and which routes, in which order (docs/api.md). */
import cors from 'cors'
import express from 'express'
import type { Express } from 'express'
import helmet from 'helmet'
import type { Auth } from '../auth/index.ts'
import type { Node } from '../node/interface.ts'
import type { Metrics } from '../node/metrics.ts'
import type { Clock, Random } from '../node/primitives/clock.ts'
import type { Logger } from '../node/primitives/logger.ts'
import { applicationRoutes } from './admin/application-routes.ts'
import { BLOB_HEADERS, blobRoutes } from './admin/blob-routes.ts'
import { contextRoutes, visibleIntents } from './admin/context-routes.ts'
import { intentRoutes } from './admin/intent-routes.ts'
import { memberRoutes, membershipRoutes } from './admin/member-routes.ts'
import { peerRoutes } from './admin/peer-routes.ts'
import { openGuard, tokenGuard } from './access/guard.ts'
import { keyRoutes } from './auth/key-routes.ts'
import { signInRoutes } from './auth/sign-in-routes.ts'
import { type ChallengeRoutes, challengeRoutes } from './auth/challenge-routes.ts'
import type { Background } from './background.ts'
import { bodies } from './bodies/bodies.ts'
import type { BodiesComponents } from './bodies/bodies.ts'
import { healthRoutes } from './health.ts'
import type { Dispatcher } from './json-rpc/dispatcher.ts'
import { jsonRpcHandler } from './json-rpc/route.ts'
import type { Overruns } from './json-rpc/overruns.ts'
import type { Load } from './load.ts'
import { loginPageRoutes } from './login-page.ts'
import { type Doors, isAllowedOrigin } from './loopback.ts'
import type { PromMetrics } from './prom-metrics.ts'
import type { Relayer } from './relayer/relayer.ts'
import { relayerRoutes } from './relayer/routes.ts'
import { READABLE, admit, answerError, routeUnknown, trace } from './request.ts'
import { Operations } from './operations.ts'
import { guarded, param, route, waitOf } from './routes.ts'
import type { Handler } from './routes.ts'

/** How long a browser may remember what a preflight said, s. */
const PREFLIGHT_MAX_AGE_S = 600

/** Which services are on. */
export interface Services {
  readonly admin: boolean
  readonly jsonrpc: boolean
  readonly websocket: boolean
}

export const ALL_SERVICES: Services = { admin: true, jsonrpc: true, websocket: true }

export interface AppComponents {
  readonly node: Node
  readonly dispatch: Dispatcher
  readonly bodies: BodiesComponents
  readonly logger: Logger
  readonly clock: Clock
  readonly random: Random
  readonly metrics: Metrics
  readonly load: Load
  /** Of calls, and of applications whose contexts are made. */
  readonly overruns: Overruns
  /** Served at `/metrics`. */
  readonly exposed: PromMetrics | undefined
  readonly background: Background
  /** Served at `/v1/operations`. */
  readonly relayer: Relayer | undefined
  /** Undefined: sign-in is off, and whoever comes may do everything. */
  readonly auth: Auth | undefined
  /** Served below `/auth`. */
  readonly wallets: readonly ChallengeRoutes[]
  /** Serve `/auth/mock-token`. */
  readonly mockTokens: boolean
  readonly doors: Doors
  readonly trustedProxies: readonly string[]
  /** Clients reach it over TLS. */
  readonly isSecure: boolean
  readonly services: Services
  readonly isDraining: () => boolean
}

/** Builds the application; nothing happens until it is given requests. */
export function serverApp(components: AppComponents): Express {
  const { node, dispatch, logger, exposed, doors, services, isDraining } = components
  const { auth, clock, relayer, wallets, mockTokens, load } = components
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag') // blobs set their own
  app.set('query parser', 'simple')
  app.set('trust proxy', [...components.trustedProxies])

  app.use(trace(components))
  app.use(admit(doors, isDraining))
  app.use(
    helmet({
      strictTransportSecurity: components.isSecure, // over plain HTTP it means nothing
      crossOriginResourcePolicy: { policy: 'cross-origin' }, // CORS below decides
    }),
  )
  app.use(
    cors({
      origin: (origin, decide) =>
        decide(null, origin !== undefined && isAllowedOrigin(origin, doors.origins)),
      methods: ['POST', 'GET', 'DELETE', 'PUT', 'OPTIONS'],
      exposedHeaders: [...READABLE, ...BLOB_HEADERS],
      maxAge: PREFLIGHT_MAX_AGE_S,
    }),
  )

  const isApiKey = (header: string | undefined): boolean => relayer?.apiKeyOf(header) !== undefined
  const guard = auth === undefined ? openGuard : tokenGuard({ auth, node, isApiKey })
  const operations = new Operations({
    clock,
    random: components.random,
    intents: (res) => visibleIntents(res, node.contexts.intents()),
  })
  app.use(guarded(guard, { load, isOpen: auth === undefined, operations }))
  app.use(bodies(components.bodies))
  if (services.jsonrpc) route(app, '/jsonrpc', { post: jsonRpcHandler(dispatch) })
  if (services.websocket) route(app, '/ws', { get: upgradeExpected })
  healthRoutes(app, { node, metrics: exposed, load, isDraining })
  if (relayer !== undefined) relayerRoutes(app, relayer, auth !== undefined)
  if (auth !== undefined) {
    signInRoutes(app, { auth, clock, mockTokens })
    keyRoutes(app, { auth, clock })
    loginPageRoutes(app, { allowedOrigins: doors.origins })
    if (wallets.length > 0) challengeRoutes(app, auth, wallets)
  }
  if (services.admin) app.use('/admin-api', adminRoutes(components, operations))
  app.use(routeUnknown)
  app.use(answerError(logger))
  return app
}

const upgradeExpected: Handler = (_req, res) => {
  const text = 'Invalid WebSocket upgrade request: expected Upgrade: websocket'
  res.status(400).type('text/plain').send(text)
  return undefined
}

function adminRoutes(
  { node, background, overruns }: AppComponents,
  operations: Operations,
): express.Router {
  const admin = express.Router()
  blobRoutes(admin, node)
  applicationRoutes(admin, node)
  // `/contexts/invite` and its like before `/contexts/:id`
  memberRoutes(admin, node)
  contextRoutes(admin, { node, background, overruns })
  membershipRoutes(admin, node)
  intentRoutes(admin, node)
  peerRoutes(admin, node)
  route(admin, '/operations/:id', {
    get: (req, res) => operations.ask(param(req, 'id'), res, waitOf(req) ?? 0),
  })
  return admin
}
