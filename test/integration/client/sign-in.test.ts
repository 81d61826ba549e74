/** Signing in with the client, and tokens over a session's life. */
import { expect } from 'chai'
import { WebSocketServer } from 'ws'
import { ClientError, memoryTokens, merogateClient } from '../../../src/client/index.ts'
import type { MerogateClient, TokenStore } from '../../../src/client/index.ts'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { ApplicationId } from '../../../src/node/primitives/ids.ts'
import { ADMIN, type AuthNode, authNode } from '../../support/auth-node.ts'
import { testWallet } from '../../support/auth-kit.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { guarded } from '../../support/guarded.ts'
import { bytesOf } from '../../support/stub-node.ts'

const HOUR_MS = 3_600_000

async function clientErrorOf(work: Promise<unknown>): Promise<ClientError> {
  const error: unknown = await work.then(
    () => expect.fail('nothing was thrown'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof ClientError) return error
  throw error
}

describe('signing in with the client', () => {
  let node: AuthNode
  let store: TokenStore
  let client: MerogateClient

  beforeEach(async () => {
    node = await authNode({ auth: () => ({ verifiers: [testWallet()] }) })
    store = memoryTokens()
    client = merogateClient({ url: node.url, tokens: store })
  })
  afterEach(() => node[Symbol.asyncDispose]())

  const refreshes = (): number => node.seen.filter(({ path }) => path === '/auth/refresh').length
  const expire = (): void => {
    node.clock.advance(HOUR_MS + 1_000)
  }

  it('takes a password, and sends the token from then on', async () => {
    expect(await rejectionCode(client.admin.peers())).to.equal('CLIENT_NOT_SIGNED_IN')
    await client.auth.signInWithPassword(ADMIN)
    await client.admin.peers()
    expect((await client.auth.whoami()).permissions).to.deep.equal(['admin'])
    await client.auth.signInWithPassword(ADMIN)
    const open = node.seen.filter(({ path }) => path === '/auth/token')
    expect(open.map(({ authorization }) => authorization)).to.deep.equal([undefined, undefined])
  })

  it('tells a refused sign-in from a session that is over', async () => {
    const wrong = client.auth.signInWithPassword({ ...ADMIN, password: 'wrong' })
    expect(await rejectionCode(wrong)).to.equal('CLIENT_SIGN_IN_REFUSED')
    expect(await store.load()).to.equal(undefined)
  })

  it('has a challenge signed by whoever can', async () => {
    const { keyId } = await node.admin()
    expect(keyId).to.be.a('string')
    await client.auth.signInWithPassword(ADMIN)
    await client.auth.createKey({
      method: 'test_wallet',
      subject: 'test:bob',
      permissions: ['blob'],
    })
    const bob = merogateClient({ url: node.url })
    await bob.auth.signInWithWallet({
      method: 'test_wallet',
      publicKey: 'bob',
      sign: async ({ message }) => ({ data: { message, account: 'bob' } }),
    })
    expect((await bob.auth.whoami()).permissions).to.deep.equal(['blob'])
  })

  it('says with a type of its own that a permission is missing', async () => {
    await client.auth.signInWithPassword(ADMIN)
    const { accessToken } = await client.auth.clientKey({ permissions: ['context:list'] })
    const narrow = merogateClient({ url: node.url, token: accessToken })
    const error = await clientErrorOf(narrow.admin.packages())
    expect([error.code, error.kind]).to.deep.equal(['CLIENT_PERMISSION_DENIED', 'denied'])
    expect(error.details).to.include({ status: 403, authError: 'permission_denied' })
  })

  it('refreshes once for many callers, and sends each request again', async () => {
    const before = await client.auth.signInWithPassword(ADMIN)
    expire()
    await Promise.all(Array.from({ length: 20 }, () => client.admin.peers()))
    expect(refreshes()).to.equal(1)
    const after = await store.load()
    expect(after?.accessToken).to.not.equal(before.accessToken)
    // the next session's tokens are refreshed as well
    expire()
    await client.admin.peers()
    expect(refreshes()).to.equal(2)
  })

  it('uses new tokens only once they are kept', async () => {
    await client.auth.signInWithPassword(ADMIN)
    const saved = await store.load()
    const order: string[] = []
    let kept = saved
    const slow: TokenStore = {
      load: () => kept,
      async save(tokens) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        order.push('saved')
        kept = tokens
      },
    }
    expire()
    const other = merogateClient({ url: node.url, tokens: slow })
    await other.admin.peers()
    const sent = node.seen.at(-1)?.authorization
    expect(order).to.deep.equal(['saved'])
    expect(sent).to.equal(`Bearer ${kept?.accessToken}`)
  })

  it('takes over tokens that somebody else who shares the store has refreshed', async () => {
    await client.auth.signInWithPassword(ADMIN)
    let turn: Promise<unknown> = Promise.resolve()
    const shared: TokenStore = {
      load: () => store.load(),
      save: (tokens) => store.save(tokens),
      exclusive(run) {
        const mine = turn.then(run)
        turn = mine.catch(() => {})
        return mine
      },
    }
    expire()
    const clients = Array.from({ length: 5 }, () =>
      merogateClient({ url: node.url, tokens: shared }),
    )
    await Promise.all(clients.map(({ admin }) => admin.peers()))
    expect(refreshes()).to.equal(1)
  })

  it('forgets tokens that are worth nothing any more, and keeps them when nobody answers', async () => {
    const { refreshToken, accessToken } = await client.auth.signInWithPassword(ADMIN)
    expire()
    node.before.set('/auth/refresh', () => Promise.reject(new TypeError('cut')))
    expect(await rejectionCode(client.admin.peers())).to.equal('CLIENT_UNREACHABLE')
    node.before.clear()
    expect(await store.load()).to.deep.equal({ refreshToken, accessToken })
    // somebody has used the token: the whole session is over
    await node.auth.refresh({ refreshToken, accessToken })
    expect(await rejectionCode(client.admin.peers())).to.equal('CLIENT_NOT_SIGNED_IN')
    expect(await store.load()).to.equal(undefined)
  })

  it('sends a stream once, with a token that is good', async () => {
    await client.auth.signInWithPassword(ADMIN)
    expire()
    const stream = new Blob(['x'.repeat(1000)]).stream()
    expect(await client.admin.putBlob(stream)).to.include({ size: 1000 })
    expect(refreshes()).to.equal(1)
    expect(node.seen.filter(({ method }) => method === 'PUT')).to.have.length(1)
  })

  it('lets one caller stop waiting for the refresh of all', async () => {
    await client.auth.signInWithPassword(ADMIN)
    expire()
    const abort = new AbortController()
    let go = (): void => {}
    const held = new Promise<void>((resolve) => (go = resolve))
    node.before.set('/auth/refresh', () => {
      abort.abort()
      return held
    })
    const aborted = client.admin.getBlob('b', { signal: abort.signal })
    const going = client.admin.peers()
    expect(
      await aborted.then(
        () => 'none',
        (error: Error) => error.name,
      ),
    ).to.equal('AbortError')
    go()
    await going
  })

  it('signs out at the node, and forgets the tokens though nobody answers', async () => {
    const { accessToken } = await client.auth.signInWithPassword(ADMIN)
    await client.auth.signOut()
    expect(await store.load()).to.equal(undefined)
    const still = merogateClient({ url: node.url, token: accessToken })
    expect(await rejectionCode(still.admin.peers())).to.equal('CLIENT_NOT_SIGNED_IN')
    await store.save({ accessToken, refreshToken: 'x' })
    const elsewhere = merogateClient({ url: 'http://127.0.0.1:9', tokens: store })
    expect(await rejectionCode(elsewhere.auth.signOut())).to.equal('CLIENT_UNREACHABLE')
    expect(await store.load()).to.equal(undefined)
  })

  it('gives sockets the token in the address, and the next one when it is over', async () => {
    await client.auth.signInWithPassword(ADMIN)
    const tokens: (string | null)[] = []
    const sockets = new WebSocketServer({ noServer: true })
    node.front.on('upgrade', (request, socket, head) => {
      const token = new URL(request.url ?? '', node.url).searchParams.get('token')
      tokens.push(token)
      sockets.handleUpgrade(request, socket, head, (accepted) => {
        accepted.on('message', () => accepted.send(JSON.stringify({ id: 1, result: { seq: {} } })))
        if (tokens.length === 1) setTimeout(() => accepted.close(4403), 20)
      })
    })
    const end = new AbortController()
    let times = 0
    const changes = client.subscribe({
      contextIds: ['c'],
      signal: end.signal,
      onSubscribed() {
        times++
        if (times === 1) expire()
        else end.abort()
      },
    })
    for await (const _ of changes) expect.fail('no change was sent')
    expect(times).to.equal(2)
    expect(tokens).to.have.length(2)
    expect(tokens.at(-1)).to.equal((await store.load())?.accessToken)
    expect(tokens[0]).to.not.equal(tokens.at(-1))
    sockets.close()
  })

  it('ends a subscription whose session is over', async () => {
    const changes = client.subscribe({ contextIds: ['c'] })
    expect(await rejectionCode(changes.next())).to.equal('CLIENT_NOT_SIGNED_IN')
  })

  it('ends a subscription of a context that moved to an application its key is not for', async () => {
    await using world = await guarded()
    const context = world.node.addContext()
    const token = await world.token(`context:list[${toBase58(world.node.application)}]`)
    let subscribed = (): void => {}
    const standing = new Promise<void>((resolve) => (subscribed = resolve))
    const changes = merogateClient({ url: world.url, token }).subscribe({
      contextIds: [toBase58(context)],
      onSubscribed: () => subscribed(),
    })
    const first = changes.next()
    await standing
    world.node.mutate(context)
    expect((await first).value).to.include({ type: 'StateMutation', seq: 1 })
    const end = rejectionCode(changes.next())
    await world.node.contexts.updateApplication(context, ApplicationId.from(bytesOf(9)))
    expect(await end).to.equal('CLIENT_PERMISSION_DENIED')
  })
})
