/** The first middlewares of every request: its id, its access log line, its metrics, and whether it may come in at all. */
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import { type MerogateError, toMerogateError } from '../node/errors.ts'
import type { Metrics } from '../node/metrics.ts'
import { toHex } from '../node/primitives/bytes.ts'
import type { Clock, Random } from '../node/primitives/clock.ts'
import type { Logger } from '../node/primitives/logger.ts'
import {
  AUTH_ERROR_HEADER,
  errorBody,
  errorHeaders,
  fromHttpError,
  isOpaque,
  serverError,
  statusOf,
} from './errors.ts'
import { MAX_REQUEST_ID_CHARS } from './limits.ts'
import { checkHost, checkOrigin } from './loopback.ts'
import type { Doors } from './loopback.ts'

/** Header that carries the id of a request, both ways. */
export const REQUEST_ID_HEADER = 'x-request-id'

/** Headers of every answer that pages may read. */
export const READABLE: readonly string[] = [
  REQUEST_ID_HEADER,
  AUTH_ERROR_HEADER,
  'x-auth-user',
  'x-auth-permissions',
  'retry-after',
  'location',
]

/** A UUID of version 7: sorts by time (RFC 9562 5.7). */
export function uuidV7(clock: Clock, random: Random): string {
  const bytes = random.bytes(16)
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16)
  const now = clock.nowMs()
  view.setUint32(0, Math.floor(now / 0x10000))
  view.setUint16(4, now % 0x10000)
  view.setUint8(6, 0x70 | (view.getUint8(6) & 0x0f))
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f))
  const text = toHex(bytes)
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`
}

/** The id of a request: the client's own when it is printable and short, otherwise a new one. */
export function chooseRequestId(
  header: string | string[] | undefined,
  clock: Clock,
  random: Random,
): string {
  const given = typeof header === 'string' ? header : ''
  const usable = given.length <= MAX_REQUEST_ID_CHARS && /^[\x21-\x7e]+$/.test(given)
  return usable ? given : uuidV7(clock, random)
}

/** The id {@link trace} gave this request. */
export function requestIdOf(res: Response): string {
  const id: unknown = res.locals['requestId']
  return typeof id === 'string' ? id : ''
}

/** Gives every request an id, and when it is answered a line in the log and a place in the metrics. */
export function trace(components: {
  logger: Logger
  metrics: Metrics
  clock: Clock
  random: Random
}): RequestHandler {
  const { logger, metrics, clock, random } = components
  const count = metrics.counter('merogate_http_requests_total', {
    help: 'HTTP requests answered',
    labels: ['method', 'path', 'status'],
  })
  const seconds = metrics.histogram('merogate_http_request_duration_seconds', {
    help: 'Time from the first byte of a request to the end of its answer',
    labels: ['method', 'path'],
    buckets: Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i),
  })
  return (req, res, next) => {
    const requestId = chooseRequestId(req.headers[REQUEST_ID_HEADER], clock, random)
    const startedMs = clock.monotonicMs()
    res.locals['requestId'] = requestId
    res.setHeader(REQUEST_ID_HEADER, requestId)
    res.once('close', () => {
      const took = (clock.monotonicMs() - startedMs) / 1000
      const path = routeOf(req)
      count.inc({ method: req.method, path, status: String(res.statusCode) })
      seconds.observe(took, { method: req.method, path })
      const fields = { requestId, method: req.method, path, status: res.statusCode, seconds: took }
      logger.debug(fields, 'request answered')
    })
    next()
  }
}

/** The template of the route that answered, never the raw URL: bounded, and free of ids. */
function routeOf(req: Request): string {
  const route: unknown = req.route
  if (typeof route !== 'object' || route === null || !('path' in route)) return 'unknown'
  return `${req.baseUrl}${String(route.path)}`
}

/**
 * Lets in only requests of this machine, its own pages and origins that are allowed. A page of another origin may read why it is refused, and nothing else:
 * its preflight is answered, the request behind it is not carried out.
 */
export function admit(doors: Doors, isDraining: () => boolean): RequestHandler {
  return (req, res, next) => {
    checkHost(req.headers.host, doors.hosts)
    try {
      checkOrigin(req.headers.origin, doors.origins)
    } catch (error) {
      res.set({
        'access-control-allow-origin': '*',
        'access-control-expose-headers': READABLE.join(', '),
      })
      const method = req.headers['access-control-request-method']
      if (req.method !== 'OPTIONS' || method === undefined) throw error
      res.set('access-control-allow-methods', method)
      res.set(
        'access-control-allow-headers',
        req.headers['access-control-request-headers'] ?? 'content-type',
      )
      res.status(204).end()
      return
    }
    if (isDraining()) res.setHeader('connection', 'close')
    next()
  }
}

/** Ends a request that nobody answered. */
export const routeUnknown: RequestHandler = (req) => {
  throw routeUnknownError(req)
}

/** For a path at which nothing is. */
export function routeUnknownError({ method, path }: Request): MerogateError {
  return serverError('SERVER_ROUTE_UNKNOWN', 'missing', `there is no route ${method} ${path}`)
}

/** Turns whatever was thrown into a status and a body; details of our own failures go to the log only. */
export function answerError(logger: Logger): ErrorRequestHandler {
  return (thrown: unknown, req, res, next) => {
    const error = fromHttpError(thrown) ?? toMerogateError(thrown)
    const requestId = requestIdOf(res)
    if (isOpaque(error))
      logger.error({ requestId, path: routeOf(req), err: thrown }, 'request failed')
    else logger.debug({ requestId, path: routeOf(req), code: error.code }, 'request refused')
    if (res.headersSent) {
      next(thrown) // ends the connection: the status is gone already
      return
    }
    // what is left of an upload is not read, so the connection cannot be used again
    if (!req.complete) res.setHeader('connection', 'close')
    const status = statusOf(error)
    const body = errorBody(error, requestId)
    // the envelope of sign-in has both members, and the original's validation its status
    const isAuth = /^\/(?:auth|admin)\//.test(req.path)
    const envelope = isAuth ? { data: null, ...(status === 422 ? { status } : {}) } : {}
    res
      .status(status)
      .set(errorHeaders(error))
      .json({ ...envelope, ...body })
  }
}
