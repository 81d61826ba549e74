/** The one guard: who comes, and whether the row of the table lets them do what they ask for. */
import type { Request, Response } from 'express'
import { type Auth, authError, type Caller, required, type Scope } from '../../auth/index.ts'
import type { Node } from '../../node/interface.ts'
import { Ask, type Asked } from './checks.ts'
import { ACCESS, type Rule } from './table.ts'

/** What one caller may do. */
export interface Access {
  /** Undefined where sign-in is off, and on routes that are open to everybody. */
  readonly caller: Caller | undefined
  /** Rows of a list that may be shown, or acted on. */
  filter<Row>(path: string, rows: readonly Row[], scopeOf: (row: Row) => Scope): readonly Row[]
  /** Whether everything of this path is allowed. */
  allowsAll(path: string): boolean
  /**
   * Lets a member of a batch or a command of a socket through; `body` are its parameters, in which an identity is named that was left out.
   * @throws AUTH_PERMISSION_DENIED (denied)
   */
  enter(row: string, body: unknown): Promise<void>
}

/** Everything: where sign-in is off. */
export const EVERYTHING: Access = {
  caller: undefined,
  filter: (_path, rows) => rows,
  allowsAll: () => true,
  enter: () => Promise.resolve(),
}

/** Where an open route looks at lists by mistake, it shows nothing. */
const NOTHING: Access = {
  caller: undefined,
  filter: () => [],
  allowsAll: () => false,
  enter: (row) => Promise.reject(denied(row)),
}

/** Looks at one request on one route. @throws AUTH_TOKEN_*, AUTH_INVALID_NODE, AUTH_PERMISSION_DENIED */
export type Guard = (
  req: Request,
  res: Response,
  readBody: (req: Request, res: Response) => Promise<unknown>,
) => Promise<Access>

export interface GuardComponents {
  readonly auth: Auth
  readonly node: Node
  /** Whether a header holds one of the relayer's API keys. */
  readonly isApiKey: (authorization: string | undefined) => boolean
}

/** A server without sign-in: whoever reaches it may do everything. */
export const openGuard: Guard = () => Promise.resolve(EVERYTHING)

export function tokenGuard({ auth, node, isApiKey }: GuardComponents): Guard {
  return async (req, res, readBody) => {
    const row = rowOf(req)
    const rule = Object.hasOwn(ACCESS, row) ? ACCESS[row] : undefined
    if (rule === undefined) throw denied(row)
    if (rule.kind === 'open') return NOTHING
    if (rule.kind === 'needs' && rule.takesApiKey === true) {
      if (isApiKey(req.headers.authorization)) return NOTHING
    }
    const { query } = req
    const isFromQuery = rule.kind === 'needs' && rule.takesQueryToken === true
    const inQuery = isFromQuery && typeof query['token'] === 'string' ? query['token'] : undefined
    const caller = await auth.verify(tokenOf(req.headers.authorization, inQuery))
    res.setHeader('x-auth-user', caller.keyId)
    res.locals['keyId'] = caller.keyId
    const body = rule.kind === 'needs' && rule.readsBody === true ? await readBody(req, res) : {}
    await check(row, rule, { params: req.params, query, body }, caller, node)
    return accessOf(caller, node)
  }
}

/** What the caller of a good token may do. */
export function accessOf(caller: Caller, node: Node): Access {
  const { permissions } = caller
  return {
    caller,
    filter: (path, rows, scopeOf) => permissions.filter(path, rows, scopeOf),
    allowsAll: (path) => permissions.allows(required(path)),
    async enter(row, body) {
      const rule = Object.hasOwn(ACCESS, row) ? ACCESS[row] : undefined
      if (rule === undefined) throw denied(row)
      await check(row, rule, { params: {}, query: {}, body }, caller, node)
    },
  }
}

/** The token of a request: in its header, else in its query. @throws AUTH_TOKEN_MISSING, AUTH_TOKEN_INVALID (unauthenticated) */
export function tokenOf(authorization: string | undefined, inQuery: string | undefined): string {
  if (authorization === undefined) {
    if (inQuery !== undefined) return inQuery
    const message = 'expected a token: authorization: Bearer <access token>'
    throw authError('AUTH_TOKEN_MISSING', message)
  }
  const [, found] = /^Bearer +([\w.~+/=-]+) *$/i.exec(authorization) ?? []
  if (found !== undefined) return found
  throw authError('AUTH_TOKEN_INVALID', 'expected authorization: Bearer <access token>')
}

/** `METHOD /template`. Express answers HEAD through GET. */
function rowOf(req: Request): string {
  const route: unknown = req.route
  const path = typeof route === 'object' && route !== null && 'path' in route ? route.path : ''
  return `${req.method === 'HEAD' ? 'GET' : req.method} ${req.baseUrl}${String(path)}`
}

async function check(
  row: string,
  rule: Rule,
  asked: Asked,
  { permissions }: Caller,
  node: Node,
): Promise<void> {
  switch (rule.kind) {
    case 'open':
    case 'token':
      return
    case 'some':
      if (permissions.allowsSome(rule.path)) return
      throw denied(row, rule.path)
    case 'needs':
      if (await rule.check(new Ask(asked, permissions, node))) return
      throw denied(row, rule.path)
  }
}

/** Says which permission is meant, and nothing of what it is about: whether that exists is nobody's business. */
function denied(row: string, path?: string): Error {
  const message =
    path === undefined
      ? `${row} is open to nobody`
      : `the token does not allow this: it needs ${path} for what was asked`
  return authError('AUTH_PERMISSION_DENIED', message, path === undefined ? {} : { needs: path })
}
