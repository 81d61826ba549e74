/** Sign-in over real HTTP and real sockets: what clients and pages see. */
import { request as httpRequest } from 'node:http'
import { request } from 'node:https'
import { expect } from 'chai'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { ApplicationId, type ContextId } from '../../../src/node/primitives/ids.ts'
import { httpServer } from '../../../src/server/index.ts'
import { MAX_AUTH_BYTES, MAX_WS_PER_KEY } from '../../../src/server/limits.ts'
import { authKit } from '../../support/auth-kit.ts'
import { type Guarded, guarded } from '../../support/guarded.ts'
import { type Answer } from '../../support/serving.ts'
import { bytesOf, stubNode } from '../../support/stub-node.ts'
import { TEST_CERT, TEST_KEY } from '../../support/tls.ts'
import { openWs, type WsClient } from '../../support/ws-client.ts'

interface Tokens {
  access_token: string
  refresh_token: string
}

const HOUR_MS = 3_600_000

function tokensOf({ body, text }: Answer): Tokens {
  const { data } = body as { data: Tokens | null }
  if (data === null) return expect.fail(text)
  return data
}

function login(username = 'alice', password = 'secret', more: object = {}): object {
  return {
    ...{ auth_method: 'user_password', public_key: username, client_name: 'http://app.example' },
    ...{ permissions: [], timestamp: 1_763_900_000, provider_data: { username, password } },
    ...more,
  }
}

describe('sign-in over HTTP', () => {
  let world: Guarded

  beforeEach(async () => {
    world = await guarded()
  })
  afterEach(() => world[Symbol.asyncDispose]())

  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    world.send('POST', path, { body, headers })
  const signIn = async (): Promise<Tokens> => tokensOf(await post('/auth/token', login()))

  it('gives a pair of tokens for a password, in the envelope of the original', async () => {
    const answer = await post('/auth/token', login())
    expect(answer.status).to.equal(200)
    expect(answer.body).to.have.property('error', null)
    const { access_token: token } = tokensOf(answer)
    const checked = await world.send('GET', '/auth/validate', { token })
    expect([checked.status, checked.body]).to.deep.equal([200, { data: '', error: null }])
    expect(checked.headers.get('x-auth-permissions')).to.equal('admin')
    expect(checked.headers.get('x-auth-user')).to.match(/^[0-9a-f]{64}$/)
    const asked = { 'x-forwarded-uri': `/ws?a=1&token=${token}` }
    expect((await world.send('GET', '/auth/validate', { headers: asked })).status).to.equal(200)
  })

  it('says one thing of every refused sign-in, and nothing of why', async () => {
    await signIn()
    const attempts = [
      login('alice', 'wrong'),
      login('nobody', 'secret'),
      login('alice', 'secret', { auth_method: 'test_wallet', provider_data: { message: 'no' } }),
      login('alice', 'secret', { provider_data: null }),
    ]
    const answers = await Promise.all(attempts.map((body) => post('/auth/token', body)))
    const seen = answers.map(({ status, body }) => {
      const { requestId, ...rest } = body as Record<string, unknown>
      expect(requestId).to.be.a('string')
      return { status, ...rest }
    })
    const one = { status: 401, data: null, error: 'Authentication failed' }
    for (const each of seen) {
      expect(each).to.deep.equal({ ...one, code: 'authentication_failed' })
    }
    for (const { headers } of answers) expect(headers.get('x-auth-error')).to.equal(null)
  })

  it('locks who fails too often: 429, and when to come back', async () => {
    await signIn()
    const wrong = login('alice', 'wrong')
    for (let i = 0; i < 5; i++) expect((await post('/auth/token', wrong)).status).to.equal(401)
    const locked = await post('/auth/token', login())
    expect([locked.status, locked.headers.get('retry-after')]).to.deep.equal([429, '60'])
    expect(locked.body).to.deep.include({ code: 'rate_limited' })
  })

  it('tells requests that no client makes from sign-ins that fail', async () => {
    const field = await post('/auth/token', { auth_method: 'user_password' })
    expect(field.status).to.equal(422)
    expect(field.body).to.deep.include({ data: null, status: 422, code: 'invalid_request' })
    expect((await world.send('POST', '/auth/token', { body: '{' })).status).to.equal(415)
    const unknown = await post('/auth/token', login('a', 'b', { auth_method: 'fax' }))
    expect([unknown.status, (unknown.body as { code: string }).code]).to.deep.equal([
      400,
      'invalid_request',
    ])
    const large = login('a', 'b', { client_name: 'x'.repeat(MAX_AUTH_BYTES) })
    expect((await post('/auth/token', large)).status).to.equal(413)
  })

  it('makes the first administrator only from this machine, or with the secret', async () => {
    // what a proxy forwards is not from this machine
    const far = { 'x-forwarded-for': '203.0.113.7' }
    expect((await post('/auth/token', login(), far)).status).to.equal(401)
    expect((await post('/auth/token', login())).status).to.equal(200)
    const { bootstrapHash } = await import('../../../src/auth/index.ts')
    const secretHash = bootstrapHash('once')
    await using other = await guarded({
      auth: { bootstrap: { allowLoopback: false, secretHash } },
    })
    const attempt = async (secret?: string): Promise<number> => {
      const body = login('root', 'secret', { bootstrap_secret: secret })
      return (await other.send('POST', '/auth/token', { body })).status
    }
    expect([await attempt(), await attempt('no'), await attempt('once')]).to.deep.equal([
      401, 401, 200,
    ])
  })

  it('refreshes once with each token, and ends the session when one comes back', async () => {
    const first = await signIn()
    const early = await post('/auth/refresh', first)
    expect([early.status, (early.body as { error: string }).error]).to.deep.equal([
      401,
      'Access token still valid',
    ])
    const asked = { 'calimero-refresh': 'early' }
    const second = tokensOf(await post('/auth/refresh', first, asked))
    const again = await post('/auth/refresh', first, asked)
    expect(again.status).to.equal(401)
    expect(again.headers.get('x-auth-error')).to.equal('token_reuse')
    const { access_token: token } = second
    const after = await world.send('GET', '/admin-api/peers', { token })
    expect([after.status, after.headers.get('x-auth-error')]).to.deep.equal([403, 'token_revoked'])
  })

  it('says token_expired, and nothing else, when it is time to refresh', async () => {
    const { access_token: token, refresh_token: refresh } = await signIn()
    world.kit.clock.advance(HOUR_MS + 60_001)
    for (const path of ['/admin-api/contexts', '/admin/keys', '/auth/validate']) {
      const late = await world.send('GET', path, { token })
      expect(late.status, path).to.equal(401)
      expect(late.headers.get('x-auth-error')).to.equal('token_expired')
      expect(late.body).to.deep.include({ code: 'token_expired' })
    }
    const next = await post('/auth/refresh', { access_token: token, refresh_token: refresh })
    const fresh = tokensOf(next).access_token
    expect((await world.send('GET', '/admin-api/contexts', { token: fresh })).status).to.equal(200)
    const swapped = await world.send('GET', '/admin-api/contexts', { token: refresh })
    expect(swapped.headers.get('x-auth-error')).to.equal('invalid_token')
  })

  it('hands wallets a challenge by GET and POST, and takes the answer', async () => {
    const ask = { method: 'test_wallet', permissions: ['context:list'] }
    const challenge = await post('/auth/challenge', ask)
    const { data } = challenge.body as { data: { message: string; nonce: string } }
    expect(data.nonce).to.match(/^[0-9a-f]{64}$/)
    const { message } = data
    const body = {
      ...{ auth_method: 'test_wallet', public_key: 'bob', client_name: 'app' },
      provider_data: { message, account: 'bob' },
    }
    expect((await post('/auth/token', body)).status).to.equal(200)
    expect((await post('/auth/token', body)).status, 'a challenge is good once').to.equal(401)
    const got = await world.send('GET', '/auth/challenge?method=test_wallet&address=bob')
    expect(got.body).to.have.nested.property('data.message')
    const elsewhere = await post('/auth/challenge', { ...ask, origin: 'https://evil.example' })
    expect(elsewhere.status).to.equal(400)
  })

  it('publishes ways to sign in and the keys of tokens, to everybody', async () => {
    const { body } = await world.send('GET', '/auth/providers')
    expect(body).to.have.nested.property('data.count', 2)
    for (const path of ['/auth/jwks', '/.well-known/jwks.json']) {
      const { keys } = (await world.send('GET', path)).body as {
        keys: { kty: string; d?: string }[]
      }
      expect(keys[0]).to.include({ kty: 'EC' })
      expect(keys.every(({ d }) => d === undefined)).to.equal(true)
    }
    const health = await world.send('GET', '/auth/health')
    expect(health.body).to.have.nested.property('data.status', 'healthy')
    expect((await post('/auth/mock-token', { client_name: 'ci' })).status).to.equal(404)
    await using dev = await guarded({ mockTokens: true })
    const mock = await dev.send('POST', '/auth/mock-token', { body: { client_name: 'ci' } })
    expect(mock.headers.get('x-mock-token')).to.equal('true')
    const token = tokensOf(mock).access_token
    expect((await dev.send('GET', '/admin-api/contexts', { token })).status).to.equal(200)
  })

  it('ends a session when it is asked to', async () => {
    const { access_token: token } = await signIn()
    expect((await world.send('POST', '/auth/logout', { token })).status).to.equal(200)
    const after = await world.send('GET', '/admin-api/contexts', { token })
    expect(after.headers.get('x-auth-error')).to.equal('token_revoked')
  })

  describe('keys', () => {
    it('are listed, narrowed, changed and revoked', async () => {
      const { access_token: token } = await signIn()
      const list = await world.send('GET', '/admin/keys', { token })
      const [root] = (list.body as { data: { key_id: string; auth_method: string }[] }).data
      expect(root).to.include({ auth_method: 'user_password' })
      expect(list.headers.get('x-auth-user')).to.equal(root?.key_id)
      const made = await world.send('POST', '/admin/client-key', {
        token,
        body: { context_id: null, context_identity: null, permissions: ['context:list'] },
      })
      const client = tokensOf(made).access_token
      const clients = await world.send('GET', '/admin/keys/clients', { token })
      const [key] = (clients.body as { data: { client_id: string }[] }).data
      const path = `/admin/keys/${key?.client_id}/permissions`
      const changed = await world.send('PUT', path, { token, body: { add: ['blob'], remove: [] } })
      expect(changed.body).to.deep.equal({
        data: { permissions: ['context:list', 'blob'] },
        error: null,
      })
      expect((await world.send('GET', '/admin-api/blobs', { token: client })).status).to.equal(200)
      const body = { client_id: key?.client_id }
      expect((await world.send('POST', '/admin/revoke', { token, body })).status).to.equal(200)
      const after = await world.send('GET', '/admin-api/blobs', { token: client })
      expect([after.status, after.headers.get('x-auth-error')]).to.deep.equal([
        403,
        'token_revoked',
      ])
      const last = await world.send('DELETE', `/admin/keys/${root?.key_id}`, { token })
      expect([last.status, last.body]).to.have.nested.property('1.data.status', false)
      expect(last.status).to.equal(200)
    })

    it('give no client the power to make itself another', async () => {
      const { access_token: token } = await signIn()
      const made = await world.send('POST', '/admin/client-key', {
        token,
        body: { permissions: ['keys', 'context:execute'] },
      })
      const client = tokensOf(made).access_token
      const identity = await world.send('GET', '/admin/identity', { token: client })
      const { data } = identity.body as { data: { key_id: string; root_key_id: string } }
      const rise = { add: ['admin'] }
      const attempts = await Promise.all([
        world.send('PUT', `/admin/keys/${data.key_id}/permissions`, { token: client, body: rise }),
        world.send('POST', '/admin/client-key', { token: client, body: { permissions: ['blob'] } }),
        world.send('POST', '/admin/keys', {
          token: client,
          body: { auth_method: 'user_password', provider_data: { username: 'm', password: 'mmm' } },
        }),
        world.send('DELETE', `/admin/keys/${data.root_key_id}`, { token: client }),
      ])
      expect(attempts.map(({ status }) => status)).to.deep.equal([403, 403, 403, 403])
    })
  })

  describe('what a key may do', () => {
    let mine: ContextId
    let other: ContextId

    beforeEach(() => {
      mine = world.node.addContext()
      other = world.node.addContext()
    })

    const owner = async (context: ContextId): Promise<string> =>
      toBase58((await world.node.identities.owned(context))[0] ?? new Uint8Array())
    const call = (context: ContextId, method: string, executor?: string): object => ({
      ...{ jsonrpc: '2.0', id: 1, method: 'execute' },
      params: {
        ...{ contextId: toBase58(context), method, argsJson: { key: 'a', value: 'b' } },
        ...(executor === undefined ? {} : { executorPublicKey: executor }),
      },
    })
    /** `ok`, or why not, for each call of one batch and by itself. */
    const outcomes = async (token: string, calls: readonly object[]): Promise<string[]> => {
      const batch = await world.send('POST', '/jsonrpc', { token, body: calls })
      const members = batch.body as { result?: unknown; error?: { type: string } }[]
      const together = members.map(({ error }) => error?.type ?? 'ok')
      for (const [index, body] of calls.entries()) {
        const { status } = await world.send('POST', '/jsonrpc', { token, body })
        expect(status === 403, JSON.stringify(body)).to.equal(
          together[index] === 'PermissionDenied',
        )
      }
      return together
    }

    it('ends at its context, its identity and its method', async () => {
      const [me, stranger] = [await owner(mine), await owner(other)]
      const denied = 'PermissionDenied'
      const context = toBase58(mine)
      const calls = [
        call(mine, 'get', me),
        call(mine, 'set', me),
        call(mine, 'get', stranger),
        call(other, 'get', stranger),
      ]
      const table: readonly [string, readonly string[]][] = [
        ['admin', ['ok', 'ok', 'Unauthorized', 'ok']],
        ['context:execute', ['ok', 'ok', 'Unauthorized', 'ok']],
        [`context:execute[${context}]`, ['ok', 'ok', 'Unauthorized', denied]],
        [`context:execute[${context},${me}]`, ['ok', 'ok', denied, denied]],
        [`context:execute[${context},${me},get]`, ['ok', denied, denied, denied]],
        [`context:execute[,,get]`, ['ok', denied, 'Unauthorized', 'ok']],
        [`context[${context},${me}]`, ['ok', 'ok', denied, denied]],
        [`context:list`, [denied, denied, denied, denied]],
        [
          `context:execute[${toBase58(world.node.application)}]`,
          ['ok', 'ok', 'Unauthorized', 'ok'],
        ],
      ]
      for (const [permission, expected] of table) {
        expect(await outcomes(await world.token(permission), calls), permission).to.deep.equal(
          expected,
        )
      }
    })

    it('is not widened by leaving the identity out', async () => {
      const me = await owner(mine)
      const scoped = await world.token(`context:execute[${toBase58(mine)},${me}]`)
      expect(await outcomes(scoped, [call(mine, 'get')])).to.deep.equal(['ok'])
      // the call runs as the one it was checked for, though the node takes none without a name
      expect(world.node.executed.at(-1)?.executor).to.deep.equal(
        (await world.node.identities.owned(mine))[0],
      )
      const stranger = await world.token(`context:execute[${toBase58(mine)},${await owner(other)}]`)
      expect(await outcomes(stranger, [call(mine, 'get')])).to.deep.equal(['PermissionDenied'])
      const empty = { ...call(mine, 'get') } as { params: Record<string, unknown> }
      for (const value of [null, '', 5, {}]) {
        empty.params['executorPublicKey'] = value
        const answer = await world.send('POST', '/jsonrpc', { token: stranger, body: [empty] })
        expect(JSON.stringify(answer.body), JSON.stringify(value)).not.to.include('"result"')
      }
    })

    it('is shown in lists by what is left of them', async () => {
      const token = await world.token(`context:list[${toBase58(mine)}]`)
      const ids = async (path: string): Promise<unknown> => {
        const { body } = await world.send('GET', path, { token })
        const { contexts } = (body as { data: { contexts: { id: string }[] } }).data
        return contexts.map(({ id }) => id)
      }
      const application = toBase58(world.node.application)
      for (const path of [
        '/admin-api/contexts',
        `/admin-api/contexts?applicationId=${application}`,
        `/admin-api/contexts/for-application/${application}`,
        `/admin-api/contexts/with-executors/for-application/${application}`,
      ]) {
        expect(await ids(path), path).to.deep.equal([toBase58(mine)])
      }
      const identities = await world.send('GET', '/admin-api/identities', { token })
      expect(identities.text).to.include(await owner(mine))
      expect(identities.text).not.to.include(await owner(other))
      world.node.intentList.push(
        ...[mine, other].map((context, index) => ({
          ...{ id: `intent-${index}`, kind: 'join' as const, context },
          ...{ state: 'waiting' as const, tries: 0, sinceMs: 0 },
        })),
      )
      const intents = await world.send('GET', '/admin-api/intents', { token })
      expect(intents.text).to.include('intent-0').and.not.include('intent-1')
      const one = await world.token(`application:list[${application}]`)
      await world.node.applications.installBytes(new Uint8Array([1]), 'x')
      const apps = await world.send('GET', '/admin-api/applications', { token: one })
      expect((apps.body as { data: { apps: unknown[] } }).data.apps).to.have.length(1)
    })

    it('does not tell whether what it may not see exists', async () => {
      const token = await world.token(`context:list[${toBase58(mine)}]`)
      const nowhere = toBase58(new Uint8Array(32).fill(9))
      const ask = async (id: string): Promise<unknown> => {
        const { status, body } = await world.send('GET', `/admin-api/contexts/${id}`, { token })
        const { requestId, ...rest } = body as Record<string, unknown>
        return { status, rest, hasId: requestId !== undefined }
      }
      expect(await ask(toBase58(other))).to.deep.equal(await ask(nowhere))
      expect(await ask(toBase58(mine))).to.include({ status: 200 })
      const scoped = await world.token(`context:execute[,${await owner(mine)}]`)
      const denied = { token: scoped, body: call(other, 'get') }
      const known = await world.send('POST', '/jsonrpc', denied)
      const unknown = await world.send('POST', '/jsonrpc', {
        ...denied,
        body: { ...denied.body, params: { contextId: nowhere, method: 'get', argsJson: {} } },
      })
      expect([known.status, unknown.status]).to.deep.equal([403, 403])
      expect((known.body as { error: string }).error).to.equal(
        (unknown.body as { error: string }).error,
      )
    })

    it('looks at bodies that name contexts and identities, and leaves by every identity', async () => {
      const me = await owner(mine)
      const context = toBase58(mine)
      const token = await world.token(`context[${context},${me}]`)
      const invite = async (contextId: string, inviterId?: string): Promise<number> => {
        const body = { contextId, inviteeId: toBase58(new Uint8Array(32).fill(7)), inviterId }
        return (await world.send('POST', '/admin-api/contexts/invite', { token, body })).status
      }
      expect(await invite(context, me)).to.equal(200)
      expect(await invite(context)).to.equal(200)
      expect(await invite(context, await owner(other))).to.equal(403)
      expect(await invite(toBase58(other))).to.equal(403)
      const leave = async (id: ContextId): Promise<number> => {
        const path = `/admin-api/contexts/${toBase58(id)}/leave`
        return (await world.send('POST', path, { token })).status
      }
      expect(await leave(other)).to.equal(403)
      expect(await leave(mine)).to.equal(200)
    })
  })

  describe('a socket', () => {
    it('takes its token from the header or the query, and the log sees none', async () => {
      const { access_token: token } = await signIn()
      await using first = await openWs(world.url, { headers: { authorization: `Bearer ${token}` } })
      expect(
        await first.ask({ id: 1, method: 'subscribe', params: { contextIds: [] } }),
      ).to.have.property('result')
      const second = new WebSocket(`${world.url.replace('http', 'ws')}/ws?token=${token}`)
      await new Promise((resolve) => second.addEventListener('open', resolve))
      second.close()
      const blob = `/admin-api/blobs/${toBase58(new Uint8Array(32))}?token=${token}`
      expect((await world.send('GET', blob)).status).to.equal(404)
      // nowhere else: addresses end up in histories and logs of others
      const elsewhere = await world.send('GET', `/admin-api/contexts?token=${token}`)
      expect(elsewhere.headers.get('x-auth-error')).to.equal('missing_token')
      await world.send('GET', `/nothing?token=${token}`)
      const log = JSON.stringify(world.kit.logger.lines)
      expect(log).to.include('request answered')
      expect(log).not.to.include(token)
      expect(log).not.to.include(token.split('.')[2])
    })

    it('is refused before the upgrade without a good one', async () => {
      const refusal = async (headers: Record<string, string>): Promise<string> =>
        openWs(world.url, { headers }).then(
          () => 'open',
          (error: Error) => error.message,
        )
      expect(await refusal({})).to.include('401')
      expect(await refusal({ authorization: 'Bearer a.b.c' })).to.include('401')
    })

    it('shows only contexts that its key may see', async () => {
      const [mine, other] = [world.node.addContext(), world.node.addContext()]
      const token = await world.token(`context:execute[${toBase58(mine)}]`)
      await using client = await openWs(world.url, {
        headers: { authorization: `Bearer ${token}` },
      })
      const contextIds = [toBase58(mine), toBase58(other)]
      const { result } = await client.ask({ id: 1, method: 'subscribe', params: { contextIds } })
      expect(result).to.deep.include({
        contextIds: [toBase58(mine)],
        rejected: [toBase58(other)],
      })
      world.node.mutate(other)
      const { seq } = world.node.mutate(mine)
      expect((await client.next()).result).to.include({
        contextId: toBase58(mine),
        seq: Number(seq),
      })
      const params = { contextId: toBase58(other), method: 'get', argsJson: { key: 'a' } }
      const { error } = await client.ask({ id: 2, method: 'execute', params })
      expect(error).to.include({ type: 'PermissionDenied', code: -32020 })
    })

    it('shows no more of a context that moved to an application its key is not for', async () => {
      const [moved, stays] = [world.node.addContext(), world.node.addContext()]
      const contextIds = [toBase58(moved), toBase58(stays)]
      const open = async (permission: string): Promise<WsClient> => {
        const headers = { authorization: `Bearer ${await world.token(permission)}` }
        const client = await openWs(world.url, { headers })
        const { result } = await client.ask({ id: 1, method: 'subscribe', params: { contextIds } })
        expect(result).to.deep.include({ contextIds })
        return client
      }
      const ofApplication = `context:list[${toBase58(world.node.application)}]`
      await using scoped = await open(ofApplication)
      await using free = await open('context:list')
      world.node.mutate(moved)
      for (const client of [scoped, free]) expect((await client.next()).result?.['seq']).to.equal(1)
      await world.node.contexts.updateApplication(moved, ApplicationId.from(bytesOf(9)))
      // at once, as a delta that waited for the application would
      for (const context of [moved, stays, moved]) world.node.mutate(context)
      const told = [await scoped.next(), await scoped.next()]
      const [denied] = told.filter(({ error }) => error !== undefined)
      expect(denied?.error).to.deep.include({
        ...{ type: 'PermissionDenied', code: -32020 },
        details: { contextId: toBase58(moved) },
      })
      const [kept] = told.filter(({ result }) => result !== undefined)
      expect(kept?.result).to.include({ contextId: toBase58(stays), seq: 1 })
      const { seq } = world.node.mutate(stays)
      expect((await scoped.next()).result).to.include({ seq: Number(seq) })
      const seen = [await free.next(), await free.next(), await free.next(), await free.next()]
      const seqsOf = (id: ContextId): unknown[] =>
        seen.flatMap(({ result }) =>
          result?.['contextId'] === toBase58(id) ? [result['seq']] : [],
        )
      expect([seqsOf(moved), seqsOf(stays)]).to.deep.equal([
        [2, 3],
        [1, 2],
      ])
    })

    it('ends with 4403 when its key is revoked, and others stay', async () => {
      const { access_token: token } = await signIn()
      const made = await world.send('POST', '/admin/client-key', {
        token,
        body: { permissions: ['context:execute'] },
      })
      const client = tokensOf(made).access_token
      const keep = await openWs(world.url, { headers: { authorization: `Bearer ${token}` } })
      const gone = await openWs(world.url, { headers: { authorization: `Bearer ${client}` } })
      const clients = await world.send('GET', '/admin/keys/clients', { token })
      const [key] = (clients.body as { data: { client_id: string }[] }).data
      await world.send('POST', '/admin/revoke', { token, body: { client_id: key?.client_id } })
      expect(await gone.closed).to.deep.equal({ code: 4403, reason: 'token_revoked' })
      const params = { contextIds: [] }
      expect(await keep.ask({ id: 1, method: 'subscribe', params })).to.have.property('result')
      keep.socket.terminate()
    })

    it('ends with 4401 when its token does, unless it is given a newer one of the same key', async () => {
      // the hand that moves the clock leaves no time for pongs
      await using world = await guarded({ pingIntervalMs: 10 * HOUR_MS })
      const first = tokensOf(await world.send('POST', '/auth/token', { body: login() }))
      const open = () =>
        openWs(world.url, { headers: { authorization: `Bearer ${first.access_token}` } })
      const [ends, stays] = [await open(), await open()]
      const other = await world.token('admin')
      const wrong = await stays.ask({ id: 1, method: 'authenticate', params: { token: other } })
      expect(wrong.error).to.include({ type: 'PermissionDenied' })
      world.kit.clock.advance(HOUR_MS / 2)
      const headers = { 'calimero-refresh': 'early' }
      const next = await world.send('POST', '/auth/refresh', { body: first, headers })
      const params = { token: tokensOf(next).access_token }
      expect(await stays.ask({ id: 2, method: 'authenticate', params })).to.have.property('result')
      world.kit.clock.advance(HOUR_MS / 2)
      expect(await ends.closed).to.deep.equal({ code: 4401, reason: 'token_expired' })
      const still = { id: 3, method: 'subscribe', params: { contextIds: [] } }
      expect(await stays.ask(still)).to.have.property('result')
      stays.socket.terminate()
    })

    it('of one key are so many and no more', async () => {
      const headers = { authorization: `Bearer ${await world.token('admin')}` }
      const open = await Promise.all(
        Array.from({ length: MAX_WS_PER_KEY }, () => openWs(world.url, { headers })),
      )
      const more = await openWs(world.url, { headers }).catch((error: Error) => error.message)
      expect(more).to.include('429')
      const other = { authorization: `Bearer ${await world.token('admin')}` }
      await using client = await openWs(world.url, { headers: other })
      expect(client.socket.readyState).to.equal(client.socket.OPEN)
      for (const { socket } of open) socket.terminate()
    })
  })

  describe('pages', () => {
    it('may read what is wrong with a token', async () => {
      const headers = { origin: 'http://localhost:5173' }
      const answer = await world.send('GET', '/admin-api/contexts', { headers })
      expect(answer.headers.get('access-control-allow-origin')).to.equal(headers.origin)
      const exposed = answer.headers.get('access-control-expose-headers') ?? ''
      for (const name of ['x-auth-error', 'x-auth-user', 'x-auth-permissions', 'x-request-id']) {
        expect(exposed).to.include(name)
      }
      const preflight = await world.send('OPTIONS', '/jsonrpc', {
        headers: {
          ...headers,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
        },
      })
      expect(preflight.status).to.equal(204)
      expect(preflight.headers.get('access-control-allow-headers')).to.include('authorization')
    })

    it('of another origin may read that they are refused, and nothing is done for them', async () => {
      const token = await world.token('admin')
      const context = toBase58(world.node.addContext())
      const origin = 'https://evil.example'
      const preflight = await world.send('OPTIONS', `/admin-api/contexts/${context}`, {
        headers: {
          origin,
          'access-control-request-method': 'DELETE',
          'access-control-request-headers': 'authorization',
        },
      })
      expect(preflight.status).to.equal(204)
      expect(preflight.headers.get('access-control-allow-origin')).to.equal('*')
      expect(preflight.headers.get('access-control-allow-credentials')).to.equal(null)
      const path = `/admin-api/contexts/${context}`
      const refused = await world.send('DELETE', path, { token, headers: { origin } })
      expect(refused.status).to.equal(403)
      expect(refused.headers.get('access-control-allow-origin')).to.equal('*')
      expect(refused.body).to.deep.include({ code: 'origin_refused' })
      expect(await world.node.contexts.list()).to.have.length(1)
    })
  })
})

describe('a server with sign-in', () => {
  it('may listen beyond this machine, and answers to its public name alone', async () => {
    const kit = await authKit()
    const init = {
      listen: [{ host: '0.0.0.0', port: 0 }],
      publicOrigins: ['https://node.example'],
    }
    const server = httpServer(init)({ node: stubNode(), auth: kit.auth, logger: kit.logger })
    await server.start()
    const url = `http://127.0.0.1:${server.address().port}/health`
    const ask = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const sent = httpRequest(url, { headers: { host } }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
        sent.on('error', reject).end()
      })
    try {
      const hosts = ['node.example', 'localhost', 'evil.example']
      expect(await Promise.all(hosts.map(ask))).to.deep.equal([200, 200, 403])
      expect(JSON.stringify(kit.logger.lines)).to.include('unencrypted')
    } finally {
      await server.stop()
    }
  })

  it('speaks TLS, and tells browsers to stay with it', async () => {
    await using world = await guarded({ tls: { cert: TEST_CERT, key: TEST_KEY } })
    expect(world.url).to.match(/^https:/)
    const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
      const sent = request(`${world.url}/health`, { ca: TEST_CERT }, (response) => {
        response.resume()
        resolve({ ...response.headers, status: response.statusCode })
      })
      sent.on('error', reject).end()
    })
    expect(headers['status']).to.equal(200)
    expect(headers['strict-transport-security']).to.include('max-age=')
  })
})
