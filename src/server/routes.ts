/** Small helpers for routes: bodies by schema, 405 with `Allow`, ids from paths, pages of lists. */
import type { Request, RequestHandler, Response, Router } from 'express'
import type { z } from 'zod'
import { ContextId } from '../node/primitives/ids.ts'
import type { Access, Guard } from './access/guard.ts'
import { bodyReader } from './bodies/bodies.ts'
import { serverError } from './errors.ts'
import { MAX_JSON_BYTES, MAX_LIST_ROWS, MAX_PAGE_ROWS, MAX_WAIT_MS } from './limits.ts'
import type { Load } from './load.ts'
import type { Operations } from './operations.ts'
import { parseBody } from './schemas.ts'

/** Handlers of one path by method. A handler returns the body to send, or undefined when it has answered itself. */
export interface Methods {
  readonly get?: Handler
  readonly put?: Handler
  readonly post?: Handler
  readonly delete?: Handler
}

/** Answers a request with a JSON value. `undefined`: it wrote the response itself. */
export type Handler = (req: Request, res: Response) => unknown

/** Registers the methods of one path; all others get 405 with `Allow`. */
export function route(router: Router, path: string, methods: Methods): void {
  const here = router.route(path)
  const allow: string[] = []
  for (const method of ['get', 'put', 'post', 'delete'] as const) {
    const handler = methods[method]
    if (handler === undefined) continue
    allow.push(...(method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]))
    here[method](answering(handler))
  }
  const header = allow.join(', ')
  here.all((req, res) => {
    res.setHeader('allow', header)
    const message = `${req.method} is not possible here: expected ${header}`
    throw serverError('SERVER_METHOD_NOT_ALLOWED', 'input', message, { allow })
  })
}

function answering(handler: Handler): RequestHandler {
  return async (req, res) => {
    // put there by guarded(); without it nobody gets in
    const { guard, load, isOpen, operations } = res.locals['entry'] as Entry
    const isHealth = HEALTH.test(req.path)
    const isRead = req.method === 'GET' || req.method === 'HEAD'
    const asker = isRead && !OF_OPERATIONS.test(req.path) ? 'reader' : 'writer'
    if (!isHealth) load.admit(asker) // before it costs anything
    const access = await guard(req, res, readGuarded)
    if (!isHealth && !isOpen && access.caller === undefined && !OF_MEMBERS.test(req.path)) {
      load.admit('stranger')
    }
    res.locals['access'] = access
    const work = (): unknown => handler(req, res)
    // uploads write to their connection as long as it stands
    const mayTakeLong = !isRead && req.baseUrl === '/admin-api' && req.method !== 'PUT'
    if (mayTakeLong && req.headers['idempotency-key'] !== undefined && hasJson(req)) {
      await readGuarded(req, res) // two requests of one key are the same if their bodies are
    }
    const body = await (mayTakeLong ? operations.answer(req, res, work) : work())
    if (body !== undefined) res.json(body)
  }
}

/** What every request meets before its handler. */
interface Entry {
  readonly guard: Guard
  readonly load: Load
  /** Sign-in is off: nobody has a token, and nobody is a stranger. */
  readonly isOpen: boolean
  readonly operations: Pick<Operations, 'answer'>
}

/** Where members come without a token that is good. */
const OF_MEMBERS = /^\/auth\/(?:refresh|validate)$/
/** Where the outcome of what was begun is asked for. */
const OF_OPERATIONS = /^\/operations\//
/** Whoever watches the node is answered whatever there is to do. */
const HEALTH = /^\/(?:admin-api\/)?(?:health|ready|metrics)$/

/** Every route behind this is looked at by the guard before its handler is called, and refused while there is too much to do. */
export function guarded(guard: Guard, rest: Omit<Entry, 'guard'>): RequestHandler {
  return (_req, res, next) => {
    res.locals['entry'] = { guard, ...rest } satisfies Entry
    next()
  }
}

/** What the caller of a request may do. */
export function accessIn(res: Response): Access {
  return res.locals['access'] as Access // answering() puts it there before any handler
}

/** A handler whose body is JSON of a given shape. @param limit bytes */
export function withBody<T>(
  schema: z.ZodType<T>,
  handler: (input: T, req: Request, res: Response) => unknown,
  limit: number = MAX_JSON_BYTES,
): Handler {
  const read = jsonBody(limit)
  return async (req, res) => handler(parseBody(schema, await read(req, res)), req, res)
}

/**
 * Reads and parses the JSON body of a request.
 * @throws SERVER_CONTENT_TYPE (415), SERVER_BODY_TOO_LARGE (413), SERVER_BAD_JSON (400), SERVER_BODY_SLOW (408), SERVER_TOO_MANY (429), SERVER_BUSY (503)
 */
export function jsonBody(limit: number): (req: Request, res: Response) => Promise<unknown> {
  const read = bodyReader(limit)
  return async (req, res) => {
    // the guard has read it: the handler gets the same value
    if (res.locals['json'] !== undefined) return res.locals['json'] as unknown
    if (!isJson(req.headers['content-type'])) {
      const message = 'expected a body with Content-Type: application/json'
      throw serverError('SERVER_CONTENT_TYPE', 'input', message)
    }
    res.locals['json'] = await read(req, res)
    return res.locals['json'] as unknown
  }
}

const readGuarded = jsonBody(MAX_JSON_BYTES)

function hasJson({ headers }: Request): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers
  return (length !== '0' || encoding !== undefined) && isJson(headers['content-type'])
}

/** `application/json` or `application/...+json`, with or without parameters. */
function isJson(contentType: string | undefined): boolean {
  return (
    contentType !== undefined && /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(contentType)
  )
}

/** The context a path names with `:id`. @throws ID_INVALID (400) */
export function contextOf(req: Request): ContextId {
  return ContextId.parse(param(req, 'id'))
}

/** A parameter of the path. */
export function param(req: Request, name: string): string {
  const value: unknown = req.params[name]
  return typeof value === 'string' ? value : ''
}

/** A parameter of the query; the first when it is repeated. */
export function query(req: Request, name: string): string | undefined {
  const value: unknown = req.query[name]
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' ? first : undefined
}

/** A whole number of the query. @throws SERVER_BAD_REQUEST (400) when it is none or above `max` */
export function queryNumber(req: Request, name: string, max: number): number | undefined {
  const text = query(req, name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d{1,10}$/.test(text) && value <= max) return value
  const message = `expected ${name} to be a whole number from 0 to ${max}, got ${JSON.stringify(text.slice(0, 40))}`
  throw serverError('SERVER_BAD_REQUEST', 'input', message, { parameter: name, max })
}

/** How long `?wait=ms` asks to wait; undefined: not at all. */
export function waitOf(req: Request): number | undefined {
  return queryNumber(req, 'wait', MAX_WAIT_MS)
}

/**
 * One page of a list, when the client asked for one with `limit` (1 to {@link MAX_PAGE_ROWS}) and `cursor` or `offset`; otherwise the
 * whole list up to {@link MAX_LIST_ROWS}. `nextCursor` is there when there is more.
 */
export function pageOf<T>(
  req: Request,
  rows: readonly T[],
): { rows: readonly T[]; next: { nextCursor?: string } } {
  const limit = queryNumber(req, 'limit', MAX_PAGE_ROWS)
  const offset =
    queryNumber(req, 'cursor', Number.MAX_SAFE_INTEGER) ??
    queryNumber(req, 'offset', Number.MAX_SAFE_INTEGER) ??
    0
  const end = offset + Math.max(1, limit ?? MAX_LIST_ROWS)
  const next = end < rows.length ? { nextCursor: String(end) } : {}
  return { rows: rows.slice(offset, end), next }
}
