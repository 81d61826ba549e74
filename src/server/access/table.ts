/**
 * What everything that the server offers needs, where sign-in is on: one row for each route, RPC method and command of a socket. What has no row is
 * refused, and a test finds it. Rows look at what was asked for, before anything of it is looked up: whether a thing exists is told to those alone who
 * may see it. Permissions are those of `src/auth/permissions/grammar.ts`.
 */
import { type Ask, type Check, contextCheck } from './checks.ts'

/** A permission: `path` names it for people, `check` says whether it is held. */
interface Needs {
  readonly kind: 'needs'
  readonly path: string
  readonly check: Check
  /** The check looks at the body, JSON. @default false */
  readonly readsBody?: boolean
  /** The token may come as `?token=`, where a page cannot set headers. @default false */
  readonly takesQueryToken?: boolean
  /** Whoever has one of the relayer's API keys needs no token. @default false */
  readonly takesApiKey?: boolean
}

/** What one row asks of whoever comes. */
export type Rule =
  /** Nothing. */
  | { readonly kind: 'open' }
  /** A good token, whatever it may do. What comes within (members of a batch, commands of a socket) has rows of its own. */
  | { readonly kind: 'token' }
  /** Anything of this permission: the answer is a list, and shows what the caller may see. */
  | { readonly kind: 'some'; readonly path: string }
  | Needs

const open: Rule = { kind: 'open' }
const token: Rule = { kind: 'token' }
const some = (path: string): Rule => ({ kind: 'some', path })
const needs = (path: string, check: Check = (ask) => ask.allows(path)): Needs => ({
  kind: 'needs',
  path,
  check,
})
const byBody = (path: string, check: Check): Rule => ({ ...needs(path, check), readsBody: true })
/** Of the context, application, package or key that the path names. */
const ofParam = (path: string, name = 'id'): Rule =>
  needs(path, (ask) => ask.allows(path, [ask.param(name)]))
const ofContext = (path: string): Rule => needs(path, contextCheck(path))

const admin = needs('admin')
const listContext = ofContext('context:list')
const executeContext = ofContext('context:execute')
const relay: Rule = { ...admin, takesApiKey: true }
const execute: Rule = byBody('context:execute', (ask) => {
  const context = ask.id('body', 'contextId')
  return ask.allowsAs('context:execute', context, 'executorPublicKey', [ask.text('method')])
})
const invite: Rule = byBody('context:invite', (ask) =>
  ask.allowsAs('context:invite', ask.id('body', 'contextId'), 'inviterId'),
)

/** Every identity of this node leaves. */
async function leaves(ask: Ask): Promise<boolean> {
  const context = ask.id('param', 'id')
  if (await ask.allows('context:leave', [context])) return true
  const owned = await ask.owned(context)
  const checks = owned.map((identity) => ask.allows('context:leave', [context, identity]))
  return checks.length > 0 && (await Promise.all(checks)).every(Boolean)
}

/** A role is given and taken at once. */
async function changesRoles(ask: Ask): Promise<boolean> {
  const slots = [ask.id('param', 'id')]
  if (!(await ask.allows('context:capabilities:grant', slots))) return false
  return ask.allows('context:capabilities:revoke', slots)
}

/** A context takes a blob from those who may read it. */
async function addsBlob(ask: Ask): Promise<boolean> {
  if (!(await ask.allows('blob:add:stream'))) return false
  return ask.query('context_id') === undefined || ask.mayRead(ask.id('query', 'context_id'))
}

/** All blobs, or as a member of the context that is named: the id of a blob is its content, so nobody names one that he was not told. */
async function readsBlob(ask: Ask): Promise<boolean> {
  if (await ask.allows('blob')) return true
  return ask.query('context_id') !== undefined && ask.mayRead(ask.id('query', 'context_id'))
}

/** Routes as `METHOD /template`, RPC methods as `rpc name`, commands of a socket as `ws name`. */
export const ACCESS: Readonly<Record<string, Rule>> = {
  'GET /health': open,
  'GET /ready': open,
  'GET /admin-api/health': open,
  'GET /admin-api/ready': open,
  'GET /admin-api/is-authed': token,
  'GET /metrics': admin,

  'POST /jsonrpc': token,
  'rpc execute': execute,
  'rpc mutate': execute,
  'rpc query': execute,
  'rpc sync_status': byBody('context:list', (ask) => ask.mayRead(ask.id('body', 'contextId'))),

  'GET /ws': token,
  'ws subscribe': byBody('context:list', (ask) => ask.mayRead(ask.id('body', 'contextId'))),
  'ws unsubscribe': token,
  'ws authenticate': token,

  'POST /v1/operations': relay,
  'POST /v1/adoptions': relay,
  'GET /v1/operations/:id': relay,

  'POST /admin-api/install-application': needs('application:install'),
  // a file of the node's machine
  'POST /admin-api/install-dev-application': admin,
  'POST /admin-api/uninstall-application': byBody('application:uninstall', (ask) =>
    ask.allows('application:uninstall', [ask.id('body', 'applicationId')]),
  ),
  'GET /admin-api/applications': some('application:list'),
  'GET /admin-api/applications/:id': ofParam('application:list'),
  'DELETE /admin-api/applications/:id': ofParam('application:uninstall'),
  'GET /admin-api/packages': needs('package:list-packages'),
  'GET /admin-api/packages/:package/versions': ofParam('package:list-versions', 'package'),
  'GET /admin-api/packages/:package/latest': ofParam('package:get-latest-version', 'package'),

  'GET /admin-api/contexts': some('context:list'),
  'POST /admin-api/contexts': byBody('context:create', (ask) =>
    ask.allows('context:create', [ask.id('body', 'applicationId')]),
  ),
  'GET /admin-api/contexts/for-application/:appId': some('context:list'),
  'GET /admin-api/contexts/with-executors/for-application/:appId': some('context:list'),
  'POST /admin-api/contexts/sync': some('context:execute'),
  'POST /admin-api/contexts/sync/:id': executeContext,
  'GET /admin-api/contexts/:id': listContext,
  'DELETE /admin-api/contexts/:id': ofContext('context:delete'),
  'POST /admin-api/contexts/:id/sync': executeContext,
  'POST /admin-api/contexts/:id/repair': executeContext,
  // what was read of the anchor before counts for nothing then
  'POST /admin-api/contexts/:id/refresh': admin,
  'POST /admin-api/contexts/:id/leave': needs('context:leave', leaves),
  'POST /admin-api/contexts/:id/application': ofContext('context:application:update'),
  'GET /admin-api/contexts/:id/storage': listContext,
  'GET /admin-api/contexts/:id/identities': listContext,
  'GET /admin-api/contexts/:id/identities-owned': listContext,
  'GET /admin-api/contexts/:id/members': listContext,
  'POST /admin-api/contexts/:id/members/remove': ofContext('context:capabilities:revoke'),
  'POST /admin-api/contexts/:id/invitations/void': byBody('context:invite', (ask) =>
    ask.allowsAs('context:invite', ask.id('param', 'id'), 'inviterId'),
  ),
  'GET /admin-api/contexts/:id/migration': listContext,
  // it takes all contexts of the group along, and there is no way back
  'POST /admin-api/contexts/:id/migration': admin,
  'POST /admin-api/contexts/:id/members/role': needs('context:capabilities', changesRoles),
  'POST /admin-api/contexts/:id/capabilities/grant': ofContext('context:capabilities:grant'),
  'POST /admin-api/contexts/:id/capabilities/revoke': ofContext('context:capabilities:revoke'),
  'POST /admin-api/contexts/invite': invite,
  'POST /admin-api/contexts/invite_by_open_invitation': invite,
  // of which application an invitation is shows only once it is taken
  'POST /admin-api/contexts/join': some('context:create'),
  'POST /admin-api/contexts/join_by_open_invitation': some('context:create'),
  'POST /admin-api/identity/context': some('context:create'),

  'GET /admin-api/contexts/:id/client-keys': needs('keys:clients:list'),

  'GET /admin-api/intents': some('context:list'),
  'DELETE /admin-api/intents/:id': needs('context:delete', (ask) =>
    ask.allows('context:delete', [ask.contextOfIntent(ask.param('id'))]),
  ),
  'GET /admin-api/identities': some('context:list'),
  // whoever began it may ask for it
  'GET /admin-api/operations/:id': token,

  'GET /admin-api/blobs': needs('blob'),
  'PUT /admin-api/blobs': needs('blob:add:stream', addsBlob),
  'GET /admin-api/blobs/:id': { ...needs('blob', readsBlob), takesQueryToken: true },
  'DELETE /admin-api/blobs/:id': ofParam('blob:remove'),

  'GET /admin-api/peers': token,
  'POST /admin-api/peers/dial': admin,

  'GET /auth/login': open,
  'GET /auth/assets/:name': open,
  'GET /auth/providers': open,
  'GET /auth/challenge': open,
  'POST /auth/challenge': open,
  'POST /auth/token': open,
  'POST /auth/refresh': open,
  'POST /admin-api/refresh-jwt-token': open,
  // these say themselves what they think of a token
  'GET /auth/validate': open,
  'POST /auth/validate': open,
  'GET /auth/health': open,
  'GET /auth/jwks': open,
  'GET /.well-known/jwks.json': open,
  'POST /auth/mock-token': open,
  // of wallets that know nothing of this node
  'GET /auth/:wallet': open,
  'POST /auth/:wallet': open,
  'POST /auth/logout': token,
  // of the caller's own user name
  'POST /auth/password': token,

  'GET /admin/keys': needs('keys:list'),
  'POST /admin/keys': admin,
  'DELETE /admin/keys/:key_id': needs('keys:delete'),
  'GET /admin/keys/clients': needs('keys:clients:list'),
  'DELETE /admin/keys/:key_id/clients/:client_id': needs('keys:clients:delete'),
  'GET /admin/keys/:key_id/permissions': ofParam('keys:permissions:get', 'key_id'),
  'PUT /admin/keys/:key_id/permissions': admin,
  'POST /admin/client-key': admin,
  'POST /admin/revoke': needs('keys:clients:delete'),
  'GET /admin/identity': token,
  'GET /admin/metrics': admin,
}
