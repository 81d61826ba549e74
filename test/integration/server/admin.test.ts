import { expect } from 'chai'
import { MerogateError } from '../../../src/node/errors.ts'
import type { IntentInfo } from '../../../src/node/interface.ts'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { ContextId } from '../../../src/node/primitives/ids.ts'
import {
  MAX_DIAL_ADDRESSES,
  MAX_INVITATION_CHARS,
  MAX_JSON_BYTES,
  MAX_MEMBERS_PER_REQUEST,
  MAX_METADATA_BYTES,
  MAX_PAGE_ROWS,
  MAX_SOURCE_CHARS,
  MAX_WAIT_MS,
} from '../../../src/server/limits.ts'
import { serving } from '../../support/serving.ts'
import type { Answer, Serving } from '../../support/serving.ts'
import { bytesOf } from '../../support/stub-node.ts'

const STRANGER = toBase58(bytesOf(9))
const KEY = toBase58(bytesOf(7))

describe('/admin-api', () => {
  let world: Serving
  let contextId: string
  let applicationId: string

  beforeEach(async () => {
    world = await serving()
    contextId = toBase58(world.node.addContext())
    applicationId = toBase58(world.node.application)
  })
  afterEach(() => world.server.stop())

  const get = (path: string): Promise<Answer> => world.send('GET', `/admin-api${path}`)
  const post = (path: string, body?: unknown): Promise<Answer> =>
    world.send('POST', `/admin-api${path}`, body)
  const data = async (answer: Promise<Answer>): Promise<unknown> => {
    const { status, body, text } = await answer
    expect(status, text).to.equal(200)
    return (body as { data: unknown }).data
  }

  describe('applications', () => {
    it('are installed from a URL and from a file', async () => {
      const url = 'https://example.com/app.wasm'
      const first = await data(post('/install-application', { url, metadata: [1, 2] }))
      expect(first).to.have.all.keys('applicationId')
      const hashed = { url, hash: KEY, metadata: [], package: null, version: null }
      expect(await data(post('/install-application', hashed))).to.have.all.keys('applicationId')
      const path = { path: '/tmp/app.wasm', metadata: [] }
      expect(await data(post('/install-dev-application', path))).to.have.all.keys('applicationId')
    })

    it('are listed in the shape of the original, and more', async () => {
      const { apps } = (await data(get('/applications'))) as { apps: Record<string, unknown>[] }
      expect(apps).to.have.length(1)
      expect(apps[0]).to.include.keys('id', 'blob', 'size', 'source', 'metadata')
      expect(apps[0]).to.include({ package: 'unknown', version: '0.0.0', signer_id: '' })
      expect(apps[0]?.['blob']).to.have.all.keys('bytecode', 'compiled')
      const none = await data(get('/applications?package=com.x'))
      expect(none).to.deep.equal({ apps: [] })
    })

    it('are found, or null', async () => {
      const found = (await data(get(`/applications/${applicationId}`))) as { application: object }
      expect(found.application).to.include({ id: applicationId })
      expect(await data(get(`/applications/${STRANGER}`))).to.deep.equal({ application: null })
    })

    it('are removed, again and again', async () => {
      for (let i = 0; i < 2; i++) {
        const answer = world.send('DELETE', `/admin-api/applications/${applicationId}`)
        expect(await data(answer)).to.deep.equal({ applicationId })
      }
      expect(await data(post('/uninstall-application', { applicationId }))).to.deep.equal({
        applicationId,
      })
    })

    it('in use are not removed', async () => {
      world.node.failNext(
        'applications.uninstall',
        new MerogateError('APPLICATION_IN_USE', 'conflict', 'a context runs it'),
      )
      const answer = await world.send('DELETE', `/admin-api/applications/${applicationId}`)
      expect(answer.status).to.equal(409)
      expect(answer.body).to.include({ code: 'application_in_use' })
    })

    it('of packages are sorted by version, in both envelopes', async () => {
      for (const version of ['1.10.0', '1.9.0']) {
        await world.node.applications.installBytes(bytesOf(1), `bundle:com.x:${version}`)
      }
      const packages = await get('/packages')
      expect(packages.body).to.deep.equal({
        packages: ['com.x', 'unknown'],
        data: { packages: ['com.x', 'unknown'] },
      })
      const { body } = await get('/packages/com.x/versions')
      expect(body).to.deep.include({ versions: ['1.9.0', '1.10.0'] })
      expect((await get('/packages/com.x/latest')).body).to.include({ version: '1.10.0' })
      expect((await get('/packages/nope/latest')).body).to.include({ applicationId: null })
    })

    const BAD: readonly [string, string, unknown][] = [
      ['no metadata', '/install-application', { url: 'https://x.example/a' }],
      ['a URL that is none', '/install-application', { url: 'nope', metadata: [] }],
      [
        'a hash that is none',
        '/install-application',
        { url: 'https://x.y', hash: 'x', metadata: [] },
      ],
      ['metadata that is text', '/install-dev-application', { path: '/a', metadata: 'x' }],
      ['metadata with a 256', '/install-dev-application', { path: '/a', metadata: [256] }],
      [
        'too much metadata',
        '/install-dev-application',
        { path: '/a', metadata: Array(MAX_METADATA_BYTES + 1).fill(0) },
      ],
      [
        'too long a path',
        '/install-dev-application',
        { path: 'x'.repeat(MAX_SOURCE_CHARS + 1), metadata: [] },
      ],
      ['an array', '/install-dev-application', []],
    ]
    for (const [name, path, body] of BAD) {
      it(`cannot be installed with ${name}`, async () => {
        const answer = await post(path, body)
        expect(answer.status).to.equal(422)
        expect(answer.body).to.include({ code: 'invalid_request' })
        const { details } = answer.body as { details: { path: string; message: string }[] }
        expect(details[0]).to.have.all.keys('path', 'message')
      })
    }
  })

  describe('contexts', () => {
    it('are listed in the shape of the original, and more', async () => {
      const { contexts } = (await data(get('/contexts'))) as { contexts: object[] }
      expect(contexts[0]).to.include({ id: contextId, applicationId, status: 'ready' })
      expect(contexts[0]).not.to.have.property('dagHeads')
      const [context] = await world.node.contexts.list()
      if (context !== undefined) world.node.mutate(context.id)
      const { dagHeads } = (await data(get(`/contexts/${contextId}`))) as { dagHeads: number[][] }
      expect(dagHeads[0]).to.have.length(32)
    })

    it('are listed by application, and in pages', async () => {
      world.node.addContext()
      for (const path of [
        `/contexts?applicationId=${applicationId}`,
        `/contexts/for-application/${applicationId}`,
      ]) {
        expect(((await data(get(path))) as { contexts: [] }).contexts).to.have.length(2)
      }
      expect(await data(get(`/contexts/for-application/${STRANGER}`))).to.deep.equal({
        contexts: [],
      })
      const first = (await data(get('/contexts?limit=1'))) as { contexts: []; nextCursor: string }
      expect(first.contexts).to.have.length(1)
      const second = await data(get(`/contexts?limit=1&cursor=${first.nextCursor}`))
      expect(second).to.have.property('contexts').with.length(1)
      expect(second).not.to.have.property('nextCursor')
    })

    it('are listed with their executors, in both envelopes', async () => {
      const { body } = await get(`/contexts/with-executors/for-application/${applicationId}`)
      const { contexts } = body as { contexts: Record<string, unknown>[] }
      expect(contexts[0]).to.have.all.keys('id', 'application_id', 'root_hash', 'executors')
      expect(contexts[0]?.['executors']).to.have.length(1)
    })

    it('are created with and without the optional fields', async () => {
      const small = await data(post('/contexts', { applicationId, initializationParams: [] }))
      expect(small).to.include.keys('contextId', 'memberPublicKey')
      const full = await data(
        post('/contexts', {
          protocol: 'local',
          applicationId,
          contextSeed: KEY,
          initializationParams: [123, 125],
        }),
      )
      expect(full).to.include({ contextId: KEY })
    })

    it('are created for the service that is named, by the word of the original too', async () => {
      const { contexts } = world.node
      const create = contexts.create.bind(contexts)
      const asked: (string | undefined)[] = []
      contexts.create = (options) => {
        asked.push(options.service)
        return create(options)
      }
      const body = { applicationId, initializationParams: [] }
      for (const named of [{ service: 'web' }, { serviceName: 'web' }, {}]) {
        await data(post('/contexts', { ...body, ...named }))
      }
      contexts.create = create
      expect(asked).to.deep.equal(['web', 'web', undefined])
      expect((await post('/contexts', { ...body, service: '' })).status).to.equal(422)
    })

    it('are not created for an application that is not here', async () => {
      const body = { applicationId: STRANGER, initializationParams: [] }
      const answer = await post('/contexts', body)
      expect(answer.status).to.equal(404)
      expect(answer.body).to.include({ code: 'application_not_found' })
    })

    it('are deleted once', async () => {
      const remove = (): Promise<unknown> =>
        data(world.send('DELETE', `/admin-api/contexts/${contextId}`))
      expect(await remove()).to.deep.equal({ isDeleted: true })
      expect(await remove()).to.deep.equal({ isDeleted: false })
    })

    it('are left, moved to another application, measured', async () => {
      const path = `/contexts/${contextId}`
      expect(await data(post(`${path}/application`, { applicationId }))).to.equal(null)
      const named = { applicationId, executorPublicKey: KEY }
      expect(await data(post(`${path}/application`, named))).to.equal(null)
      expect(await data(get(`${path}/storage`))).to.deep.equal({ sizeInBytes: 0 })
      expect(await data(post(`${path}/leave`))).to.deep.equal({ isDeleted: true })
      expect((await get(path)).status).to.equal(404)
    })

    it('are synchronised at once, or waited for', async () => {
      for (const path of [
        '/contexts/sync',
        `/contexts/sync/${contextId}`,
        `/contexts/${contextId}/sync`,
      ]) {
        expect(await data(post(path))).to.equal(null)
      }
      expect(await data(post('/contexts/sync?wait=50'))).to.equal(null)
      const waited = await data(post(`/contexts/sync/${contextId}?wait=50`))
      expect(waited).to.include({ peers: 0 }).and.have.property('rootHash')
    })

    it('are repaired at once, or waited for, but no longer than asked', async () => {
      const path = `/contexts/${contextId}/repair`
      expect(await data(post(path))).to.equal(null)
      expect(await data(post(`${path}?wait=50`))).to.include({ changed: false })
      world.node.contexts.repair = (_id, options) =>
        new Promise((_, reject) => {
          options?.signal?.addEventListener('abort', () => reject(options.signal?.reason))
        })
      expect(await data(post(`${path}?wait=10`))).to.equal(null)
    })

    it('are read at the anchor again, and by an operator’s word whatever was read before', async () => {
      const path = `/contexts/${contextId}/refresh`
      const asked: (boolean | undefined)[] = []
      world.node.contexts.refresh = async (_id, options) => void asked.push(options?.isReset)
      expect(await data(post(path, {}))).to.include({ id: contextId })
      expect(await data(post(path, { fromAnchor: true }))).to.have.property('membersView')
      expect((await post(path, { fromAnchor: 'yes' })).status).to.equal(422)
      expect(asked).to.deep.equal([false, true])
    })

    it('that nobody answers for are not waited for longer than asked', async () => {
      world.node.contexts.sync = (_id, options) =>
        new Promise((_, reject) => {
          options?.signal?.addEventListener('abort', () => reject(options.signal?.reason))
        })
      const waited = await data(post(`/contexts/sync/${contextId}?wait=10`))
      expect(waited).to.include({ peers: 0 })
    })

    it('can be waited for', async () => {
      expect(await data(get(`/contexts/${contextId}?wait=50`))).to.include({ status: 'ready' })
    })

    for (const wait of ['-1', 'x', '1.5', String(MAX_WAIT_MS + 1)]) {
      it(`are not waited for ${wait} ms`, async () => {
        const answer = await post(`/contexts/sync/${contextId}?wait=${wait}`)
        expect(answer.status).to.equal(400)
      })
    }

    it('come in pages that are not too large', async () => {
      expect((await get(`/contexts?limit=${MAX_PAGE_ROWS + 1}`)).status).to.equal(400)
    })

    const PATHS = ['', '/storage', '/identities', '/identities-owned', '/members']
    for (const path of PATHS) {
      it(`that are not here are 404 at ${path === '' ? 'their own path' : path}`, async () => {
        const answer = await get(`/contexts/${STRANGER}${path}`)
        expect(answer.status).to.equal(404)
        expect(answer.body).to.include({ error: 'Context not found', code: 'context_not_found' })
      })
      it(`with an id that is none are 400 at ${path === '' ? 'their own path' : path}`, async () => {
        const answer = await get(`/contexts/not-an-id${path}`)
        expect(answer.status).to.equal(400)
        expect(answer.body).to.include({ code: 'invalid_id' })
      })
    }

    const BAD: readonly [string, unknown][] = [
      ['no application', { initializationParams: [] }],
      ['no parameters', { applicationId: KEY }],
      ['parameters that are an object', { applicationId: KEY, initializationParams: {} }],
      [
        'a seed of another length',
        { applicationId: KEY, initializationParams: [], contextSeed: 'ab' },
      ],
    ]
    for (const [name, body] of BAD) {
      it(`are not created with ${name}`, async () => {
        expect((await post('/contexts', body)).status).to.equal(422)
      })
    }
  })

  describe('members', () => {
    it('are invited and join', async () => {
      const body = { contextId, inviterId: KEY, inviteeId: STRANGER, role: 'reader' }
      const invitationPayload = await data(post('/contexts/invite', body))
      expect(invitationPayload).to.be.a('string')
      const joined = await data(post('/contexts/join', { invitationPayload }))
      expect(joined).to.include({ contextId }).and.have.property('memberPublicKey')
    })

    it('are invited to what this node does not know with null', async () => {
      const body = { contextId: STRANGER, inviteeId: KEY }
      expect(await data(post('/contexts/invite', body))).to.equal(null)
      expect(await data(post('/contexts/invite_by_open_invitation', body))).to.equal(null)
    })

    it('join by what an open invitation gave, whole or as text', async () => {
      const body = { contextId, inviterId: KEY, validForBlocks: 1000, maxUses: 3 }
      const open = await data(post('/contexts/invite_by_open_invitation', body))
      expect(open).to.deep.equal({ invitation: 'open:3:1000000' })
      for (const invitation of [open, (open as { invitation: string }).invitation]) {
        const join = { invitation, newMemberPublicKey: KEY }
        const joined = await data(post('/contexts/join_by_open_invitation', join))
        expect(joined).to.include({ contextId })
      }
    })

    it('do not join with an invitation that is none, or too long', async () => {
      const short = await post('/contexts/join', { invitationPayload: 'x' })
      expect(short.status).to.equal(400)
      expect(short.body).to.include({ code: 'invitation_invalid' })
      const invitationPayload = 'x'.repeat(MAX_INVITATION_CHARS + 1)
      expect((await post('/contexts/join', { invitationPayload })).status).to.equal(422)
    })

    it('are listed, change roles and are removed', async () => {
      await post('/contexts/invite', { contextId, inviteeId: STRANGER })
      const path = `/contexts/${contextId}/members`
      expect(await data(post(`${path}/role`, { members: [STRANGER], role: 'relay' }))).to.equal(
        null,
      )
      const { members } = (await data(get(path))) as { members: Record<string, unknown>[] }
      expect(members[1]).to.deep.include({ publicKey: STRANGER, role: 'relay', capabilities: [] })
      expect(members[0]?.['capabilities']).to.deep.equal(['ManageMembers'])
      expect(await data(post(`${path}/remove`, { members: [STRANGER] }))).to.equal(null)
      const { identities } = (await data(get(`/contexts/${contextId}/identities`))) as {
        identities: string[]
      }
      expect(identities).not.to.include(STRANGER)
      expect(await data(get(`/contexts/${contextId}/identities-owned`)))
        .to.have.property('identities')
        .with.length(1)
    })

    it('get and lose capabilities, in either shape of the body', async () => {
      await post('/contexts/invite', { contextId, inviteeId: STRANGER })
      const path = `/contexts/${contextId}/capabilities`
      const held = async (): Promise<unknown> => {
        const { members } = (await data(get(`/contexts/${contextId}/members`))) as {
          members: { capabilities: string[] }[]
        }
        return members[1]?.capabilities
      }
      const grant = { capabilities: [[STRANGER, 'ManageApplication']], signer_id: KEY }
      expect((await post(`${path}/grant`, grant)).body).to.deep.equal({ data: null })
      await post(`${path}/grant`, [[STRANGER, 'Proxy']])
      expect(await held()).to.deep.equal(['ManageApplication', 'Proxy'])
      await post(`${path}/revoke`, [[STRANGER, 'Proxy']])
      expect(await held()).to.deep.equal(['ManageApplication'])
    })

    const BAD: readonly [string, string, unknown][] = [
      ['an unknown capability', '/capabilities/grant', [[KEY, 'Nope']]],
      ['no capability', '/capabilities/grant', []],
      ['an unknown role', '/members/role', { members: [KEY], role: 'king' }],
      ['nobody', '/members/remove', { members: [] }],
      ['too many', '/members/remove', { members: Array(MAX_MEMBERS_PER_REQUEST + 1).fill(KEY) }],
    ]
    for (const [name, path, body] of BAD) {
      it(`cannot be changed with ${name}`, async () => {
        expect((await post(`/contexts/${contextId}${path}`, body)).status).to.equal(422)
      })
    }

    it('that are strangers cannot be given anything', async () => {
      const path = `/contexts/${contextId}/capabilities/grant`
      const answer = await post(path, [[STRANGER, 'Proxy']])
      expect(answer.status).to.equal(403)
      expect(answer.body).to.include({ code: 'not_member' })
    })

    it('begin as an identity, with or without a body', async () => {
      for (const body of [undefined, {}]) {
        expect(await data(post('/identity/context', body))).to.have.property('publicKey')
      }
    })
  })

  describe('intents', () => {
    const reason = { code: 'SYNC_NO_PEER', message: 'nobody is there' }

    it('are listed with their context, their identity and by themselves, and withdrawn', async () => {
      const context = ContextId.parse(contextId)
      const [identity] = await world.node.identities.owned(context)
      const intent = { id: 'abc', kind: 'join', state: 'waiting', tries: 3, sinceMs: 1, nextMs: 2 }
      world.node.intentList.push({ ...intent, context, identity, reason } as IntentInfo)
      const publicKey = toBase58(identity ?? bytesOf(0))
      const shown = { ...intent, contextId, publicKey, reason }
      expect(await data(get('/intents'))).to.deep.equal({ intents: [shown] })
      expect(await data(get(`/contexts/${contextId}`))).to.deep.include({ intents: [shown] })
      expect(await data(get('/contexts'))).to.deep.include({ pending: [] })
      expect(await data(get('/identities'))).to.deep.equal({
        identities: [{ publicKey, contextIds: [contextId], intents: [shown] }],
      })
      for (const isWithdrawn of [true, false]) {
        const answer = await data(world.send('DELETE', '/admin-api/intents/abc'))
        expect(answer).to.deep.equal({ isWithdrawn })
      }
    })

    it('of a context that is not here yet are listed with the contexts, and in what is not found', async () => {
      const context = ContextId.from(bytesOf(5))
      const intent = { id: 'abc', kind: 'create', state: 'waiting', tries: 1, sinceMs: 1 } as const
      world.node.intentList.push({ ...intent, context })
      const shown = { ...intent, contextId: toBase58(context) }
      expect(await data(get('/contexts'))).to.deep.include({ pending: [shown] })
      const { status, body } = await get(`/contexts/${toBase58(context)}`)
      expect(status).to.equal(404)
      expect(body).to.deep.include({ details: { context: toBase58(context), pending: [shown] } })
    })

    it('that cannot be withdrawn say why', async () => {
      const error = new MerogateError('CONTEXT_EXISTS', 'conflict', 'the anchor has made it')
      world.node.failNext('contexts.withdraw', error)
      const { status } = await world.send('DELETE', '/admin-api/intents/abc')
      expect(status).to.equal(409)
    })
  })

  describe('peers', () => {
    const address = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWOther'

    it('are counted, listed and dialed', async () => {
      expect((await get('/peers')).body).to.deep.include({ count: 0, peers: [] })
      const dialed = await data(post('/peers/dial', { addresses: [address] }))
      expect(dialed).to.deep.equal({ peerId: '12D3KooWOther' })
      expect(await data(get('/peers'))).to.include({ count: 1 })
    })

    it('are not dialed at addresses that are none, or too many', async () => {
      const bad = await post('/peers/dial', { addresses: ['x'] })
      expect(bad.status).to.equal(400)
      const addresses = Array(MAX_DIAL_ADDRESSES + 1).fill(address)
      expect((await post('/peers/dial', { addresses })).status).to.equal(422)
    })
  })

  describe('bodies', () => {
    const headers = { 'content-type': 'application/json' }
    const send = (body: string, type = headers): Promise<Answer> =>
      world.send('POST', '/admin-api/contexts', body, type)

    it('that are no JSON are 400, of another type 415, too large 413', async () => {
      expect((await send('{')).body).to.include({ code: 'bad_json' })
      expect((await send('{')).status).to.equal(400)
      const text = await send('{}', { 'content-type': 'text/plain' })
      expect(text.status).to.equal(415)
      const large = await send(`"${'x'.repeat(MAX_JSON_BYTES)}"`)
      expect(large.status).to.equal(413)
      expect(large.body).to.include({ code: 'too_large' })
    })

    it('to the wrong method are 405 with what is allowed', async () => {
      const answer = await world.send('PUT', '/admin-api/contexts', {})
      expect(answer.status).to.equal(405)
      expect(answer.headers.get('allow')).to.equal('GET, HEAD, POST')
    })

    it('to words after /contexts are not taken for ids', async () => {
      for (const word of ['sync', 'invite', 'join', 'invite_by_open_invitation']) {
        expect((await get(`/contexts/${word}`)).status, word).to.equal(405)
      }
    })
  })
})
