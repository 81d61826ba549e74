/**
 * What Calimero's own clients send when they sign in, and what they read of the answer: mero-js 1.2, calimero-client-js 1.24 and
 * `@calimero-network/calimero-client` 1.1 of npm. The requests are theirs in path, headers and body; the clients themselves are not part of the tests.
 */
import { expect } from 'chai'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { testWallet } from '../../support/auth-kit.ts'
import { type Guarded, guarded } from '../../support/guarded.ts'
import type { Answer } from '../../support/serving.ts'
import { openWs } from '../../support/ws-client.ts'

interface Tokens {
  access_token: string
  refresh_token: string
}

const HOUR_MS = 3_600_000
const MONTH_MS = 2_592_000_000
/** Clocks may lie so far apart, and a little. */
const LEEWAY_MS = 61_000

/** What axios sends in a browser. */
const AXIOS = { accept: 'application/json, text/plain, */*', origin: 'http://localhost:5173' }

function dataOf<T = Tokens>({ body, text }: Answer): T {
  const { data } = body as { data?: T | null }
  if (data === undefined || data === null) return expect.fail(text)
  return data
}

/** As clients read a token: the middle part by itself, nothing is verified. */
function claimsOf(token: string): { sub: string; exp: number; permissions: string[] } {
  // `atob` knows nothing of base64url, and one of the clients uses it as it is
  return JSON.parse(atob(token.split('.')[1] ?? '')) as ReturnType<typeof claimsOf>
}

describe('clients of the original', () => {
  let world: Guarded
  let context: string
  let identity: string

  beforeEach(async () => {
    world = await guarded({ mockTokens: true })
    const id = world.node.addContext()
    context = toBase58(id)
    identity = toBase58((await world.node.identities.owned(id))[0] ?? new Uint8Array())
  })
  afterEach(() => world[Symbol.asyncDispose]())

  const login = async (more: object): Promise<Tokens> => {
    const body = {
      ...{ auth_method: 'user_password', public_key: 'dev' },
      provider_data: { username: 'dev', password: 'dev' },
      ...more,
    }
    return dataOf(await world.send('POST', '/auth/token', { body }))
  }
  const execute = (token: string | undefined, id: number, method = 'get'): Promise<Answer> =>
    world.send('POST', '/jsonrpc', {
      ...(token === undefined ? {} : { token }),
      body: {
        ...{ jsonrpc: '2.0', id, method: 'execute' },
        params: {
          ...{ contextId: context, method, argsJson: { key: 'a' } },
          executorPublicKey: identity,
        },
      },
    })

  describe('mero-js 1.2', () => {
    const signIn = (): Promise<Tokens> =>
      login({ client_name: 'mero-js-sdk', permissions: ['admin'], timestamp: 1_763_900_000 })

    it('becomes administrator by the first sign-in, and reads from the token when it ends', async () => {
      const { access_token: token } = await signIn()
      const { exp, permissions } = claimsOf(token)
      expect(exp * 1000).to.equal(world.kit.clock.nowMs() + HOUR_MS)
      expect(permissions).to.deep.equal(['admin'])
      const again = await signIn()
      expect(claimsOf(again.access_token).sub).to.equal(claimsOf(token).sub)
      const health = await world.send('GET', '/auth/health')
      expect(dataOf<{ status: string }>(health).status).to.equal('healthy')
    })

    it('asks by HEAD whether a token is good', async () => {
      const { access_token: token } = await signIn()
      const good = await world.send('HEAD', '/auth/validate', { token })
      expect([good.status, good.headers.get('x-auth-permissions')]).to.deep.equal([200, 'admin'])
      const bad = await world.send('HEAD', '/auth/validate', { token: 'a.b.c' })
      expect(bad.status).to.equal(401)
    })

    it('refreshes with the token that has expired in the header as well', async () => {
      const first = await signIn()
      world.kit.clock.advance(HOUR_MS + LEEWAY_MS)
      const { access_token: token } = first
      const late = await world.send('GET', '/admin-api/contexts', { token })
      expect([late.status, late.headers.get('x-auth-error')]).to.deep.equal([401, 'token_expired'])
      const next = await world.send('POST', '/auth/refresh', { token, body: first })
      expect(next.status, next.text).to.equal(200)
      const fresh = dataOf(next).access_token
      expect((await world.send('GET', '/admin-api/contexts', { token: fresh })).status).to.equal(
        200,
      )
      // it says so with the words of the original
      const early = await world.send('POST', '/auth/refresh', {
        token: fresh,
        body: dataOf(next),
      })
      expect(early.status).to.equal(401)
      expect(early.text).to.include('Access token still valid')
      expect(early.headers.get('x-auth-error')).to.equal(null)
    })

    it('is not told to refresh by the refresh itself: it would wait for itself for ever', async () => {
      const body = await signIn()
      world.kit.clock.advance(MONTH_MS + LEEWAY_MS)
      const { access_token: token } = body
      const over = await world.send('POST', '/auth/refresh', { token, body })
      expect(over.status).to.equal(401)
      expect(over.headers.get('x-auth-error')).to.equal('invalid_token')
    })

    it('sees to keys: lists stand in `data`, and who answers has a version', async () => {
      const { access_token: token } = await signIn()
      const who = await world.send('GET', '/admin/identity', { token })
      const { service, version } = dataOf<{ service: string; version: string }>(who)
      expect(service).to.equal('merogate-auth')
      expect(version).to.match(/^\d+\.\d+\.\d+/)
      const roots = await world.send('GET', '/admin/keys', { token })
      const [root] = dataOf<{ key_id: string; permissions: string[] }[]>(roots)
      const body = { keyId: root?.key_id, clientName: 'app', permissions: ['context:execute'] }
      expect((await world.send('POST', '/admin/client-key', { token, body })).status).to.equal(200)
      const keys = await world.send('GET', '/admin/keys/clients', { token })
      const [key] = dataOf<{ client_id: string }[]>(keys)
      const path = `/admin/keys/${key?.client_id}/permissions`
      // the whole list: what is not in it is taken away
      const set = { permissions: ['context:list', 'blob'] }
      const changed = await world.send('PUT', path, { token, body: set })
      expect(dataOf(changed)).to.deep.equal(set)
      expect(dataOf(await world.send('GET', path, { token }))).to.deep.equal(set)
      const gone = `/admin/keys/${root?.key_id}/clients/${key?.client_id}`
      expect((await world.send('DELETE', gone, { token })).status).to.equal(200)
    })

    it('calls with a client key that names context and application, and nothing beyond', async () => {
      const { access_token: token } = await signIn()
      const application = toBase58(world.node.application)
      const body = {
        ...{ context_id: context, context_identity: identity },
        permissions: [`context[${context},${identity}]`, `context:execute[${application}]`],
      }
      const made = await world.send('POST', '/admin/client-key', { token, body })
      const client = dataOf(made).access_token
      const called = await execute(client, 1)
      expect(called.status, called.text).to.equal(200)
      expect(called.body).to.have.nested.property('result.output')
      const beyond = await world.send('GET', '/admin-api/applications', { token: client })
      expect(beyond.status).to.equal(403)
    })

    it('opens a socket with its token in the address, and subscribes without an id', async () => {
      const { access_token: token } = await signIn()
      await using client = await openWs(world.url, {}, `?token=${encodeURIComponent(token)}`)
      const params = { contextIds: [context] }
      const answer = await client.ask({ id: null, method: 'subscribe', params })
      expect(answer.result).to.deep.include({ contextIds: [context] })
      const [id] = await world.node.contexts.list()
      if (id === undefined) return expect.fail()
      world.node.mutate(id.id)
      expect((await client.next()).result).to.include({ contextId: context })
    })
  })

  describe('calimero-client-js 1.24', () => {
    const signIn = (): Promise<Tokens> =>
      login({
        ...{ client_name: 'http://localhost:5173/app?x=1', permissions: [] },
        ...{ timestamp: 1_763_900_000_123, target_node_url: world.url },
      })

    it('asks first whether it is signed in, and reads why it is not', async () => {
      const out = await world.send('GET', '/admin-api/is-authed', { headers: AXIOS })
      expect([out.status, out.headers.get('x-auth-error')]).to.deep.equal([401, 'missing_token'])
      const { access_token: token } = await signIn()
      const is = await world.send('GET', '/admin-api/is-authed', { token, headers: AXIOS })
      expect(is.body).to.deep.equal({ data: { status: 'alive' } })
      const wrong = { username: 'x', password: 'x' }
      const body = {
        ...{ auth_method: 'user_password', public_key: 'x', client_name: 'x', timestamp: 1 },
        ...{ permissions: [], provider_data: wrong },
      }
      const refused = await world.send('POST', '/auth/token', { body, headers: AXIOS })
      expect(refused.status).to.equal(401)
      expect(refused.body).to.deep.include({ error: 'Authentication failed' })
    })

    it('takes a challenge without a question, and answers as NEAR wallets do', async () => {
      await using near = await guarded({
        auth: { verifiers: [testWallet({ method: 'near_wallet' })] },
      })
      const got = await near.send('GET', '/auth/challenge', { headers: AXIOS })
      const { challenge, nonce } = dataOf<{ challenge: string; nonce: string }>(got)
      expect(Buffer.from(nonce, 'base64')).to.have.length(32)
      const body = {
        ...{ auth_method: 'near_wallet', public_key: 'ed25519:abc', permissions: [] },
        ...{ client_name: 'http://localhost:5173/app', timestamp: 1_763_900_000_123 },
        provider_data: { wallet_address: 'bob', account: 'bob', message: challenge },
      }
      const answer = await near.send('POST', '/auth/token', { body, headers: AXIOS })
      expect(claimsOf(dataOf(answer).access_token).permissions).to.deep.equal(['admin'])
      const again = await near.send('POST', '/auth/token', { body, headers: AXIOS })
      expect(again.status).to.equal(401)
    })

    it('reads context and identity out of the token of a client key', async () => {
      const { access_token: token } = await signIn()
      const make = async (body: object): Promise<string[]> => {
        const made = await world.send('POST', '/admin/client-key', { token, body })
        return claimsOf(dataOf(made).access_token).permissions
      }
      const asked = { permissions: ['context:execute'], target_node_url: world.url }
      const one = { context_id: context, context_identity: identity, ...asked }
      expect(await make(one)).to.deep.equal([`context[${context},${identity}]`, 'context:execute'])
      // applications with many contexts name none
      const many = { context_id: '', context_identity: '', ...asked }
      expect(await make(many)).to.deep.equal(['context:execute'])
      const path = `/admin-api/contexts/${context}/client-keys`
      const { clientKeys } = dataOf<{ clientKeys: Record<string, unknown>[] }>(
        await world.send('GET', path, { token }),
      )
      expect(clientKeys).to.have.length(1)
      expect(clientKeys[0]).to.include.keys('client_id', 'root_key_id', 'name', 'created_at')
      expect(clientKeys[0]).to.deep.include({
        ...{ revoked_at: null, is_valid: true },
        permissions: [`context[${context},${identity}]`, 'context:execute'],
      })
    })

    it('adds root keys, changes permissions and revokes, and is told whether it was done', async () => {
      const { access_token: token } = await signIn()
      const eve = {
        ...{ public_key: 'eve', auth_method: 'user_password' },
        provider_data: { username: 'eve', password: 'eve' },
      }
      const added = await world.send('POST', '/admin/keys', { token, body: eve })
      expect(dataOf(added)).to.deep.include({ status: true })
      const roots = await world.send('GET', '/admin/keys', { token })
      const all = dataOf<{ key_id: string; public_key: string; auth_method: string }[]>(roots)
      expect(all.map((key) => key.public_key)).to.have.members(['dev', 'eve'])
      const id = all.find((key) => key.public_key === 'eve')?.key_id
      const change = { add: ['blob'], remove: ['admin'] }
      const changed = await world.send('PUT', `/admin/keys/${id}/permissions`, {
        token,
        body: change,
      })
      expect(dataOf(changed)).to.deep.equal({ permissions: ['blob'] })
      const revoked = await world.send('DELETE', `/admin/keys/${id}`, { token })
      expect(dataOf(revoked)).to.deep.include({ status: true })
    })

    it('may read from its page what is wrong, on every route that it calls', async () => {
      const first = await signIn()
      world.kit.clock.advance(MONTH_MS + LEEWAY_MS)
      const calls: [string, string, object | undefined, string][] = [
        ['GET', '/admin-api/contexts', undefined, 'token_expired'],
        ['POST', '/jsonrpc', {}, 'token_expired'],
        ['GET', '/admin/keys', undefined, 'token_expired'],
        ['POST', '/auth/refresh', first, 'invalid_token'],
      ]
      for (const [method, path, body, error] of calls) {
        const preflight = await world.send('OPTIONS', path, {
          headers: {
            origin: AXIOS.origin,
            'access-control-request-method': method,
            'access-control-request-headers': 'authorization,content-type',
          },
        })
        expect(preflight.status, path).to.equal(204)
        expect(preflight.headers.get('access-control-allow-origin')).to.equal(AXIOS.origin)
        expect(preflight.headers.get('access-control-allow-methods')).to.include(method)
        const { access_token: token } = first
        const answer = await world.send(method, path, { token, body, headers: AXIOS })
        expect([answer.status, answer.headers.get('x-auth-error')], path).to.deep.equal([
          401,
          error,
        ])
        expect(answer.headers.get('access-control-allow-origin')).to.equal(AXIOS.origin)
        expect(answer.headers.get('access-control-expose-headers')).to.include('x-auth-error')
      }
    })
  })

  describe('@calimero-network/calimero-client 1.1', () => {
    const signIn = (): Promise<Tokens> => login({ client_name: 'a page', timestamp: 1 })
    const refresh = (refreshToken: string): Promise<Answer> => {
      const path = '/admin-api/refresh-jwt-token'
      return world.send('POST', path, { body: { refreshToken }, headers: AXIOS })
    }

    it('refreshes minutes before its token ends, without showing it', async () => {
      const first = await signIn()
      world.kit.clock.advance(HOUR_MS - 5 * 60_000)
      const next = await refresh(first.refresh_token)
      expect(next.status, next.text).to.equal(200)
      const second = dataOf(next)
      expect((await execute(second.access_token, 3_000_000_000)).status).to.equal(200)
      world.kit.clock.advance(HOUR_MS + LEEWAY_MS)
      const third = dataOf(await refresh(second.refresh_token))
      const called = await execute(third.access_token, 4_294_967_295)
      // it compares the number with its own
      expect(called.body).to.include({ id: 4_294_967_295 })
    })

    it('is refused with a refresh token that was used, and its session ends', async () => {
      const first = await signIn()
      const { access_token: token } = dataOf(await refresh(first.refresh_token))
      const again = await refresh(first.refresh_token)
      expect([again.status, again.headers.get('x-auth-error')]).to.deep.equal([401, 'token_reuse'])
      const after = await execute(token, 1)
      expect([after.status, after.headers.get('x-auth-error')]).to.deep.equal([
        403,
        'token_revoked',
      ])
    })

    it('is refused without a token: call and socket', async () => {
      expect((await execute(undefined, 1)).headers.get('x-auth-error')).to.equal('missing_token')
      const refusal = await openWs(world.url).catch((error: Error) => error.message)
      expect(refusal).to.include('401')
      // an application gives it the address with a token as its path
      const { access_token: token } = await signIn()
      await using client = await openWs(world.url, {}, `?token=${token}`)
      const params = { contextIds: [context] }
      const answer = await client.ask({ id: 1_234_567_890, method: 'subscribe', params })
      expect(answer).to.deep.include({ id: 1_234_567_890 })
    })
  })
})
