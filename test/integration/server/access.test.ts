/** Every door of the server has a row in the table, and each row holds. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import express, { type Express } from 'express'
import type { Auth } from '../../../src/auth/index.ts'
import { noMetrics } from '../../../src/node/metrics.ts'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { EVERYTHING } from '../../../src/server/access/guard.ts'
import { ACCESS } from '../../../src/server/access/table.ts'
import { ALL_SERVICES, serverApp } from '../../../src/server/app.ts'
import { background } from '../../../src/server/background.ts'
import { promMetrics, type ChallengeRoutes, type Relayer } from '../../../src/server/index.ts'
import { bodyBudget } from '../../../src/server/bodies/budget.ts'
import { BodyPace } from '../../../src/server/bodies/pace.ts'
import { type JsonReader, jsonReader } from '../../../src/server/bodies/reader.ts'
import type { Sender } from '../../../src/server/bodies/turns.ts'
import { dispatcher } from '../../../src/server/json-rpc/dispatcher.ts'
import { Overruns } from '../../../src/server/json-rpc/overruns.ts'
import { NO_LOAD } from '../../support/no-load.ts'
import { authKit } from '../../support/auth-kit.ts'
import { type Guarded, guarded } from '../../support/guarded.ts'
import { type StubNode, stubNode } from '../../support/stub-node.ts'
import { openWs } from '../../support/ws-client.ts'

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'] as const

/** Middlewares of the application that answer no route of their own: id and log, doors, helmet, CORS, guard, room for bodies, and the two for what is left. */
const MIDDLEWARES = 8

const wallet: ChallengeRoutes = {
  ...{ name: 'paper', method: 'paper_wallet', clientName: 'Paper' },
  subjectOf: () => 'G',
  answerOf: () => ({}),
  proofOf: () => ({ publicKey: 'G', data: undefined }),
}

/** A relayer whose only API key is `relay-key`. */
const relayer: Relayer = {
  authorize: () => {
    throw new TypeError('with sign-in the guard asks')
  },
  apiKeyOf: (header) => (header === 'Bearer relay-key' ? 'key' : undefined),
  submit: async () => ({ id: '', state: 'pending' }),
  adopt: async () => ({ id: '', state: 'pending' }),
  find: (id) => ({ id, state: 'pending' }),
  stop: async () => {},
}

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> }
  readonly handle: { readonly stack?: readonly Layer[] }
  /** Truthy when the layer is meant. */
  match(path: string): unknown
}

/** An application with everything that can be served. */
async function fullApp(
  reader: JsonReader = jsonReader(),
): Promise<{ app: Express; rpcMethods: readonly string[]; auth: Auth; node: StubNode }> {
  const { auth } = await authKit()
  const node = stubNode()
  const base = { node, clock: systemClock, logger: silentLogger, metrics: noMetrics }
  const components = { ...base, load: NO_LOAD, overruns: new Overruns(systemClock) }
  const dispatch = dispatcher({ ...components, reader })
  const app = serverApp({
    ...components,
    bodies: { reader, budget: bodyBudget(), pace: new BodyPace(systemClock), clock: systemClock },
    dispatch,
    random: systemRandom,
    exposed: promMetrics({ process: false }),
    background: background(silentLogger),
    relayer,
    auth,
    wallets: [wallet],
    mockTokens: true,
    doors: { hosts: new Set(), origins: new Set() },
    trustedProxies: [],
    isSecure: false,
    services: ALL_SERVICES,
    isDraining: () => false,
  })
  return { app, rpcMethods: dispatch.methods, auth, node }
}

/** All routes of an application as the table names them, and how many layers are none. */
function walk(app: Express): { routes: readonly string[]; others: number } {
  // Express has no types for what it is made of
  const { stack } = app.router as unknown as { stack: readonly Layer[] }
  let others = 0
  const routesOf = (layers: readonly Layer[], prefix: string): string[] =>
    layers.flatMap((layer) => {
      const { route, handle } = layer
      if (route !== undefined) {
        return METHODS.filter((method) => route.methods[method] === true).map(
          (method) => `${method.toUpperCase()} ${prefix}${route.path}`,
        )
      }
      if (handle.stack === undefined) {
        others++
        return []
      }
      // the one router that is mounted somewhere
      const isOurs = Boolean(layer.match('/admin-api/x')) && !layer.match('/x')
      expect(isOurs, 'a router is mounted at another place').to.equal(true)
      return routesOf(handle.stack, '/admin-api')
    })
  return { routes: routesOf(stack, ''), others }
}

describe('the table of what everything needs', () => {
  it('has a row for every route, RPC method and command, and no row for nothing', async () => {
    const { app, rpcMethods } = await fullApp()
    const { routes, others } = walk(app)
    expect(others, 'a middleware may answer what no row names').to.equal(MIDDLEWARES)
    const served = [
      ...routes,
      ...rpcMethods.map((name) => `rpc ${name}`),
      ...['subscribe', 'unsubscribe', 'authenticate'].map((name) => `ws ${name}`),
    ]
    expect(served.length).to.be.above(70)
    expect([...new Set(served)].sort()).to.deep.equal(Object.keys(ACCESS).sort())
  })

  it('is found wanting when a route is added without a row', async () => {
    const { app } = await fullApp()
    app.get('/secret', (_req, res) => void res.end())
    app.use(
      '/admin-api',
      express.Router().post('/more', (_req, res) => void res.end()),
    )
    const missing = walk(app).routes.filter((name) => !Object.hasOwn(ACCESS, name))
    expect(missing).to.deep.equal(['GET /secret', 'POST /admin-api/more'])
  })

  it('tells who reads JSON whose key sent it, or made it', async () => {
    const senders: (Sender | undefined)[] = []
    const body = {
      ...{ jsonrpc: '2.0', id: 1, method: 'execute' },
      params: { contextId: '', method: 'get', argsJson: { key: 'a' } },
    }
    const { app, auth, node } = await fullApp({
      read: async (_bytes, from) => {
        senders.push(from)
        return body
      },
      isJson: async (_bytes, from) => {
        senders.push(from)
        return true
      },
      stop: async () => {},
    })
    body.params.contextId = toBase58(node.addContext())
    const { accessToken, keyId } = await auth.mint({ name: 'one', permissions: ['admin'] })
    const listener = app.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as AddressInfo // of TCP
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${accessToken}`,
    }
    const url = `http://127.0.0.1:${port}/jsonrpc`
    const answer = await fetch(url, { method: 'POST', body: '{}', headers })
    expect(await answer.json()).to.deep.include({ result: { output: null } })
    expect(senders).to.deep.equal([{ address: undefined, keyId }, { keyId }])
    listener.closeAllConnections()
    await new Promise((resolve) => listener.close(resolve))
  })

  describe('holds over HTTP', () => {
    let world: Guarded
    let context: string
    let enough: Record<string, string>
    let lacking: string
    let keysLacking: string

    before(async () => {
      world = await guarded({ mockTokens: true }, { relayer, wallets: [wallet] })
      context = toBase58(world.node.addContext())
      enough = {}
      lacking = await world.token('keys:clients:list')
      keysLacking = await world.token('package:list-packages')
    })
    after(() => world[Symbol.asyncDispose]())

    /** A path with something in each place. */
    const filled = (path: string): string =>
      path
        .replace(/:(?:id|appId|key_id|client_id)/g, context)
        .replace(':package', 'com.example.app')

    const tokenFor = async (path: string): Promise<string> => {
      const texts =
        path === 'context:capabilities'
          ? ['context:capabilities:grant', 'context:capabilities:revoke']
          : [path]
      return (enough[path] ??= await world.token(...texts))
    }

    for (const [row, rule] of Object.entries(ACCESS)) {
      const [method = '', path = ''] = row.split(' ')
      if (method === 'rpc' || method === 'ws') continue
      const body = ['POST', 'PUT'].includes(method) ? {} : undefined

      if (rule.kind === 'open') {
        it(`${row} asks nobody`, async () => {
          const answer = await world.send(method, filled(path), { body })
          const refusal = answer.headers.get('x-auth-error')
          // what looks at tokens itself says so, too
          if (!path.endsWith('/validate')) expect(refusal).not.to.equal('missing_token')
          expect(refusal).not.to.equal('permission_denied')
        })
        continue
      }
      it(`${row} takes nobody without a token`, async () => {
        for (const headers of [{}, { authorization: 'Basic YTpi' }]) {
          const answer = await world.send(method, filled(path), { body, headers })
          expect(answer.status).to.equal(401)
          const error = 'authorization' in headers ? 'invalid_token' : 'missing_token'
          expect(answer.headers.get('x-auth-error')).to.equal(error)
          expect(answer.body).to.deep.include({ code: error })
        }
      })
      if (rule.kind === 'token') {
        it(`${row} takes whoever has a token`, async () => {
          // one of them ends what it is used in
          const token = await world.token('keys:clients:list')
          const answer = await world.send(method, filled(path), { body, token })
          expect(answer.status).not.to.be.oneOf([401, 403])
        })
        continue
      }
      it(`${row} refuses a token without ${rule.path}`, async () => {
        const token = rule.path.startsWith('keys') ? keysLacking : lacking
        const answer = await world.send(method, filled(path), { body, token })
        expect(answer.status).to.equal(403)
        expect(answer.headers.get('x-auth-error')).to.equal('permission_denied')
        expect(answer.body).to.deep.include({ code: 'permission_denied' })
      })
      it(`${row} takes one with ${rule.path}`, async () => {
        const token = await tokenFor(rule.path)
        const answer = await world.send(method, filled(path), { body, token })
        expect(answer.status, answer.text).not.to.be.oneOf([401, 403])
      })
    }

    it('and over JSON-RPC, for single calls and for members of a batch', async () => {
      const contextId = toBase58(world.node.addContext())
      for (const row of Object.keys(ACCESS).filter((name) => name.startsWith('rpc '))) {
        const params = { contextId, method: 'get', argsJson: { key: 'a' } }
        const call = { jsonrpc: '2.0', id: 1, method: row.slice(4), params }
        const denied = await world.send('POST', '/jsonrpc', { body: call, token: lacking })
        expect(denied.status, row).to.equal(403)
        expect(denied.headers.get('x-auth-error')).to.equal('permission_denied')
        const needs = ACCESS[row]?.kind === 'needs' ? ACCESS[row].path : ''
        expect(denied.body, row).to.have.nested.property('details.needs', needs)
        const batch = await world.send('POST', '/jsonrpc', { body: [call], token: lacking })
        expect(batch.status).to.equal(200)
        const [member] = batch.body as [{ error: object }]
        expect(member.error).to.deep.include({ type: 'PermissionDenied', code: -32020 })
        const token = await tokenFor(needs)
        const taken = await world.send('POST', '/jsonrpc', { body: call, token })
        expect(taken.body, row).to.have.property('result')
      }
    })

    it('and on sockets', async () => {
      const watched = toBase58(world.node.addContext())
      for (const row of Object.keys(ACCESS).filter((name) => name.startsWith('ws '))) {
        const method = row.slice(3)
        const params = { contextIds: [watched], token: lacking }
        const ask = async (token: string) => {
          const headers = { authorization: `Bearer ${token}` }
          await using client = await openWs(world.url, { headers })
          return await client.ask({ id: 1, method, params })
        }
        const { result } = await ask(lacking)
        if (method === 'subscribe') {
          expect(result).to.deep.include({ contextIds: [], rejected: [watched] })
          const allowed = await ask(await tokenFor('context:list'))
          expect(allowed.result).to.deep.include({ contextIds: [watched] })
        } else expect(result, row).to.be.an('object')
      }
    })

    it('and where there is no row: to nobody, the administrator included', async () => {
      const access = await world.token('admin')
      const answer = await world.send('POST', '/jsonrpc', {
        token: access,
        body: [{ jsonrpc: '2.0', id: 1, method: 'nothing', params: {} }],
      })
      expect(JSON.stringify(answer.body)).to.contain('unknown variant')
      const { accessOf } = await import('../../../src/server/access/guard.ts')
      const caller = await world.kit.auth.verify(access)
      const outcome = await accessOf(caller, world.node)
        .enter('rpc nothing', {})
        .catch((error: { code: string }) => error.code)
      expect(outcome).to.equal('AUTH_PERMISSION_DENIED')
      expect(await EVERYTHING.enter('rpc nothing', {})).to.equal(undefined)
    })

    it('takes one of the relayer’s API keys there, and nowhere else', async () => {
      const headers = { authorization: 'Bearer relay-key' }
      const relayed = await world.send('GET', '/v1/operations/1', { headers })
      expect(relayed.status).to.equal(202)
      const other = await world.send('GET', '/admin-api/peers', { headers })
      expect([other.status, other.headers.get('x-auth-error')]).to.deep.equal([
        401,
        'invalid_token',
      ])
    })
  })
})
