import { expect } from 'chai'
import {
  merogateClient,
  type Lag,
  type MerogateClient,
  type Mutation,
} from '../../../src/client/index.ts'
import { isMerogateError, type MerogateError } from '../../../src/node/errors.ts'
import { toBase58, utf8 } from '../../../src/node/primitives/bytes.ts'
import type { ContextId } from '../../../src/node/primitives/ids.ts'
import { httpServer } from '../../../src/server/index.ts'
import { serving, type Serving } from '../../support/serving.ts'
import { bytesOf } from '../../support/stub-node.ts'

async function errorOf(work: Promise<unknown>): Promise<MerogateError> {
  try {
    await work
  } catch (error) {
    if (isMerogateError(error)) return error
    throw error
  }
  return expect.fail('nothing was thrown')
}

const STRANGER = toBase58(bytesOf(9))

describe('the client', () => {
  let world: Serving
  let client: MerogateClient
  let context: ContextId
  let contextId: string

  beforeEach(async () => {
    world = await serving()
    client = merogateClient({ url: `${world.url}/` })
    context = world.node.addContext()
    contextId = toBase58(context)
  })
  afterEach(() => world.server.stop())

  describe('calls', () => {
    it('resolve with what the method returned', async () => {
      await client.rpc.execute({ contextId, method: 'set', args: { key: 'a', value: 'b' } })
      const value: string = await client.rpc.execute({
        contextId,
        method: 'get',
        args: { key: 'a' },
      })
      expect(value).to.equal('b')
      expect(await client.rpc.syncStatus(contextId)).to.include({ isInitialized: true })
    })

    it('bring integers beyond 2^53 there and back unharmed', async () => {
      const args = { n: 9007199254740993n, of: [18446744073709551615n, -1] }
      expect(await client.rpc.execute({ contextId, method: 'echo', args })).to.deep.equal(args)
    })

    it('tell how far the clock of the node’s machine is off', async () => {
      const told: number[] = []
      const call = {
        contextId,
        method: 'echo',
        args: 1,
        onClockSkew: (ms: number) => told.push(ms),
      }
      for (const skewMs of [undefined, 3_600_000]) {
        world.node.clockSkewMs = skewMs
        expect(await client.rpc.execute(call)).to.equal(1)
      }
      expect(told).to.deep.equal([3_600_000])
    })

    it('change nothing when they only read', async () => {
      const args = { key: 'a', value: 'b' }
      await client.rpc.execute({ contextId, method: 'set', args, readOnly: true })
      expect(await client.rpc.execute({ contextId, method: 'get', args })).to.equal(null)
    })

    it('reject with the type of the error and what the application said', async () => {
      const error = await errorOf(
        client.rpc.execute({ contextId, method: 'fail', args: { why: 1 } }),
      )
      expect(error).to.include({ code: 'CLIENT_CALL_FAILED', kind: 'guest' })
      expect(error.details).to.include({ type: 'FunctionCallError' })
      expect(error.details['details']).to.deep.include({ json: { why: 1 } })
    })

    it('reject when nobody answers, and when somebody else does', async () => {
      await world.server.stop()
      const nobody = await errorOf(client.rpc.execute({ contextId, method: 'get' }))
      expect(nobody).to.include({ code: 'CLIENT_UNREACHABLE', kind: 'transport' })
    })

    it('reject as their signal says', async () => {
      const signal = AbortSignal.abort(new RangeError('enough'))
      let reason: unknown
      await client.rpc.execute({ contextId, method: 'get', signal }).catch((error: unknown) => {
        reason = error
      })
      expect(reason).to.be.instanceOf(RangeError)
    })
  })

  describe('administration', () => {
    it('covers the life of applications', async () => {
      const { admin } = client
      const { applicationId } = await admin.installFile('/tmp/a.wasm', utf8('note'))
      await admin.installUrl('https://example.com/a.wasm')
      expect((await admin.application(applicationId))?.source).to.equal('/tmp/a.wasm')
      expect(await admin.application(STRANGER)).to.equal(undefined)
      expect(await admin.applications()).to.have.length(3)
      expect(await admin.applications({ package: 'nope' })).to.deep.equal([])
      expect(await admin.packages()).to.deep.equal(['unknown'])
      expect(await admin.versions('unknown')).to.deep.equal(['0.0.0'])
      expect((await admin.latest('nope')).applicationId).to.equal(null)
      expect(await admin.uninstall(applicationId)).to.deep.equal({ applicationId })
    })

    it('covers the life of contexts', async () => {
      const { admin } = client
      const applicationId = toBase58(world.node.application)
      const made = await admin.createContext({ applicationId, params: { a: 1 } })
      expect((await admin.context(made.contextId, 10)).status).to.equal('ready')
      expect(await admin.contexts({ applicationId })).to.have.length(2)
      expect(await admin.sync(made.contextId)).to.equal(null)
      expect((await admin.sync(made.contextId, 10))?.peers).to.equal(0)
      expect(await admin.syncAll(10)).to.equal(null)
      expect(await admin.updateApplication(made.contextId, applicationId)).to.equal(null)
      expect((await admin.storage(made.contextId)).sizeInBytes).to.equal(0)
      expect((await admin.leaveContext(made.contextId)).isDeleted).to.equal(true)
      expect((await admin.deleteContext(made.contextId)).isDeleted).to.equal(false)
      expect(await errorOf(admin.context(made.contextId))).to.include({ kind: 'missing' })
    })

    it('covers members', async () => {
      const { admin } = client
      const { publicKey } = await admin.createIdentity()
      const invitation = await admin.invite({ contextId, invitee: publicKey, role: 'reader' })
      expect((await admin.join(invitation ?? '')).contextId).to.equal(contextId)
      const open = await admin.inviteOpen({ contextId, maxUses: 2, validForMs: 1000 })
      expect((await admin.joinOpen(open?.invitation ?? '')).contextId).to.equal(contextId)
      await admin.grant(contextId, publicKey, 'Proxy')
      await admin.revoke(contextId, publicKey, 'Proxy')
      await admin.setRole(contextId, [publicKey], 'writer')
      expect((await admin.members(contextId)).at(1)).to.deep.include({ publicKey, role: 'writer' })
      expect(await admin.identities(contextId)).to.include(publicKey)
      expect(await admin.identitiesOwned(contextId)).not.to.include(publicKey)
      await admin.removeMembers(contextId, [publicKey], { mayReturn: true })
      expect(await admin.voidInvitations(contextId)).to.equal(null)
      expect(await admin.members(contextId)).to.have.length(1)
      expect(await admin.migration(contextId)).to.equal(null)
      expect(await admin.migrate(contextId, '07'.repeat(20))).to.equal(null)
      expect(await admin.migration(contextId)).to.deep.equal({
        ...{ successor: '07'.repeat(20), movesAt: 1_900_000_000 },
      })
      await admin.migrate(contextId, null)
      expect(await admin.migration(contextId)).to.equal(null)
      expect(await admin.invite({ contextId: STRANGER, invitee: publicKey })).to.equal(null)
    })

    it('covers blobs', async () => {
      const { admin } = client
      const stored = await admin.putBlob(bytesOf(1))
      expect(await admin.blobs()).to.have.length(1)
      expect(await admin.blobInfo(stored.blobId)).to.include({ size: 32 })
      const bytes = await new Response(await admin.getBlob(stored.blobId)).bytes()
      expect(bytes).to.deep.equal(bytesOf(1))
      const stream = new Response('streamed').body ?? undefined
      if (stream !== undefined) expect((await admin.putBlob(stream)).size).to.equal(8)
      expect((await admin.deleteBlob(stored.blobId)).deleted).to.equal(true)
      for (const work of [admin.getBlob(STRANGER), admin.blobInfo(STRANGER)]) {
        expect(await errorOf(work)).to.include({ code: 'CLIENT_REFUSED', kind: 'missing' })
      }
    })

    it('covers peers and readiness', async () => {
      const { admin } = client
      await admin.dial(['/ip4/127.0.0.1/tcp/1/p2p/12D3KooWOther'])
      expect((await admin.peers()).count).to.equal(1)
      expect((await admin.ready()).status).to.equal('ready')
      world.node.checks = { store: false }
      expect((await admin.ready()).checks).to.include({ store: false })
    })

    it('tells the code, the status and the request id of a refusal', async () => {
      const { details } = await errorOf(client.admin.context(STRANGER))
      expect(details).to.include({ status: 404, apiCode: 'context_not_found' })
      expect(details['requestId']).to.be.a('string')
    })
  })

  describe('subscriptions', () => {
    const take = async (
      changes: AsyncGenerator<Mutation | Lag, void>,
      count: number,
    ): Promise<(Mutation | Lag)[]> => {
      const taken: (Mutation | Lag)[] = []
      for (let i = 0; i < count; i++) {
        const next = await changes.next()
        if (next.done !== true) taken.push(next.value)
      }
      return taken
    }
    const seqs = (changes: (Mutation | Lag)[]): unknown[] =>
      changes.map((change) => (change.type === 'Lagged' ? change : change.seq))

    it('iterate over changes with decoded events', async () => {
      const changes = client.subscribe({
        contextIds: [contextId],
        onSubscribed: () => world.node.mutate(context, [{ kind: 'Set', data: { key: 'a' } }]),
      })
      const [change] = await take(changes, 1)
      await changes.return()
      expect(change).to.include({ type: 'StateMutation', contextId, seq: 1 })
      expect(change?.type === 'StateMutation' && change.events[0]).to.deep.include({
        kind: 'Set',
        json: { key: 'a' },
      })
    })

    it('tell of failures when that is wanted', async () => {
      const failure = { what: 'handler', code: 'X', message: 'm', atMs: 5, tries: 3 } as const
      const told: unknown[] = []
      const changes = client.subscribe({
        contextIds: [contextId],
        onSubscribed: () => {
          world.node.fail(context, failure)
          world.node.mutate(context)
        },
        onFailure: (id, what) => told.push([id, what]),
      })
      await take(changes, 1)
      await changes.return()
      expect(told).to.deep.equal([[contextId, failure]])
      expect((await client.admin.context(contextId)).lastFailure).to.deep.equal(failure)
    })

    it('begin in the past', async () => {
      for (let i = 0; i < 3; i++) world.node.mutate(context)
      world.node.trimLog(context, 1n)
      const changes = client.subscribe({ contextIds: [contextId], since: 1 })
      const taken = await take(changes, 3)
      await changes.return()
      expect(seqs(taken)).to.deep.equal([{ type: 'Lagged', contextId, skipped: 1 }, 2, 3])
    })

    it('come of the contexts that are there, and tell of those that are not', async () => {
      const refused: unknown[] = []
      const onRefused = (id: string, reason: string): unknown => refused.push([id, reason])
      const changes = client.subscribe({
        contextIds: [STRANGER, contextId],
        onRefused,
        onSubscribed: () => world.node.mutate(context),
      })
      const [change] = await take(changes, 1)
      await changes.return()
      expect(change).to.include({ contextId, seq: 1 })
      expect(refused).to.deep.equal([[STRANGER, 'ContextNotFound']])
      const none = client.subscribe({ contextIds: [STRANGER], onRefused })
      expect((await errorOf(take(none, 1))).code).to.equal('CLIENT_SOCKET_CLOSED')
    })

    it('go on without gap or repeat when the server comes back', async () => {
      const { address } = world.server
      const { host, port } = address.call(world.server)
      let stood = 0
      const told: string[] = []
      const statuses: string[] = []
      const changes = client.subscribe({
        contextIds: [contextId],
        onSubscribed: () => {
          if (++stood === 1) world.node.mutate(context)
        },
        onDisconnected: () => told.push('disconnected'),
        onReconnected: () => told.push('reconnected'),
        onStatus: (status) => statuses.push(status),
      })
      expect(seqs(await take(changes, 1))).to.deep.equal([1])
      await world.server.stop()
      world.node.mutate(context)
      world.node.mutate(context)
      await using again = httpServer({ listen: [{ host, port }] })({ node: world.node })
      await again.start()
      expect(seqs(await take(changes, 2))).to.deep.equal([2, 3])
      expect(told).to.deep.equal(['disconnected', 'reconnected'])
      await changes.return()
      const between = ['connected', 'disconnected', 'connected']
      expect(statuses).to.deep.equal(['connecting', ...between, 'closed'])
    })

    it('lose nothing over a break even when no change came before it', async () => {
      const { host, port } = world.server.address()
      world.node.mutate(context)
      let subscribed = (): void => {}
      const first = new Promise<void>((resolve) => (subscribed = resolve))
      const changes = client.subscribe({
        contextIds: [contextId],
        onSubscribed: () => subscribed(),
      })
      const taken = take(changes, 1)
      await first
      await world.server.stop()
      world.node.mutate(context)
      await using again = httpServer({ listen: [{ host, port }] })({ node: world.node })
      await again.start()
      expect(seqs(await taken)).to.deep.equal([2])
      await changes.return()
    })

    it('end when their signal fires', async () => {
      const controller = new AbortController()
      const changes = client.subscribe({
        contextIds: [contextId],
        signal: controller.signal,
        onSubscribed: () => controller.abort(),
      })
      expect(await changes.next()).to.include({ done: true })
    })

    it('reject when the node refuses', async () => {
      const changes = client.subscribe({ contextIds: ['not an id'] })
      expect(await errorOf(changes.next())).to.include({ code: 'CLIENT_SOCKET_CLOSED' })
    })
  })
})
