import { expect } from 'chai'
import { merogateClient, type LongOperation } from '../../../src/client/index.ts'
import { waitingText } from '../../../src/cli/waiting-text.ts'
import { MerogateError } from '../../../src/node/errors.ts'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import {
  MAX_OPERATIONS_PER_CALLER,
  MAX_OVERRUNS,
  OPERATION_KEPT_MS,
} from '../../../src/server/limits.ts'
import { failure } from '../../support/error-code.ts'
import { guarded } from '../../support/guarded.ts'
import { handClock } from '../../support/hand-clock.ts'
import { sender, serving, type Serving } from '../../support/serving.ts'
import { bytesOf } from '../../support/stub-node.ts'

const WAIT_NOT = { prefer: 'respond-async, wait=0' }

/** Lets creations of a node wait until they are let go; returns how many were begun. */
function gated({ node }: Pick<Serving, 'node'>): { begun(): number; open(): void } {
  const gate = Promise.withResolvers<void>()
  const create = node.contexts.create.bind(node.contexts)
  let begun = 0
  Object.assign(node.contexts, {
    create: async (options: Parameters<typeof create>[0]) => {
      begun++
      await gate.promise
      return create(options)
    },
  })
  return { begun: () => begun, open: gate.resolve }
}

function operationOf(body: unknown): LongOperation {
  return (body as { data: LongOperation }).data // the API's documented shape
}

describe('an operation that takes long', () => {
  const creation = ({ node }: Pick<Serving, 'node'>): object => ({
    applicationId: toBase58(node.application),
    initializationParams: [],
  })

  it('is answered with 202 and where to look, goes on, and is asked for again', async () => {
    await using world = await serving()
    const creations = gated(world)
    const first = await world.send('POST', '/admin-api/contexts', creation(world), WAIT_NOT)
    expect(first.status).to.equal(202)
    const { operation, what, usuallyMs } = operationOf(first.body)
    expect({ what, usuallyMs }).to.deep.equal({ what: 'POST /contexts', usuallyMs: null })
    const where = first.headers.get('location') ?? ''
    expect(where).to.equal(`/admin-api/operations/${operation}`)
    expect((await world.send('GET', where)).status).to.equal(202)
    const answer = world.send('GET', `${where}?wait=20000`)
    creations.open()
    const done = await answer
    expect(done.status).to.equal(200)
    expect(done.body).to.have.nested.property('data.contextId')
    expect((await world.send('GET', where)).body, 'it is kept').to.deep.equal(done.body)
    expect(creations.begun()).to.equal(1)
  })

  it('ends as it would have ended', async () => {
    await using world = await serving()
    const contextId = toBase58(world.node.addContext())
    const gate = Promise.withResolvers<boolean>()
    Object.assign(world.node.contexts, { delete: () => gate.promise })
    const path = `/admin-api/contexts/${contextId}`
    const { headers } = await world.send('DELETE', path, undefined, WAIT_NOT)
    gate.reject(new MerogateError('ANCHOR_UNREACHABLE', 'transport', 'nobody answers'))
    const failed = await world.send('GET', `${headers.get('location')}?wait=20000`)
    expect(failed.status).to.equal(502)
    expect(failed.body).to.include({ code: 'chain_unavailable' })
  })

  it('is joined by the same idempotency key, and begun anew by another', async () => {
    await using world = await serving()
    const creations = gated(world)
    const create = (key: string): ReturnType<Serving['send']> =>
      world.send('POST', '/admin-api/contexts', creation(world), { 'idempotency-key': key })
    const same = [create('one'), create('one'), create('two')]
    while (creations.begun() < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    creations.open()
    const [first, second, other] = await Promise.all(same)
    expect(second?.body).to.deep.equal(first?.body)
    expect(other?.body).to.not.deep.equal(first?.body)
    expect((await create('one')).body, 'also when it is over').to.deep.equal(first?.body)
    expect(creations.begun()).to.equal(2)
    const wrong = await create('a b')
    expect(wrong.status).to.equal(400)
  })

  it('is not joined by another body that comes with the same idempotency key, while it runs and afterwards', async () => {
    await using world = await serving()
    const creations = gated(world)
    const create = (seed: number): ReturnType<Serving['send']> => {
      const body = { ...creation(world), contextSeed: toBase58(bytesOf(seed)) }
      return world.send('POST', '/admin-api/contexts', body, { 'idempotency-key': 'one' })
    }
    const first = create(1)
    while (creations.begun() < 1) await new Promise((resolve) => setTimeout(resolve, 5))
    const other = await create(2)
    expect(other.status).to.equal(422)
    expect(other.body).to.include({ code: 'idempotency_key_reused' })
    creations.open()
    expect((await first).status).to.equal(200)
    expect((await create(2)).status).to.equal(422)
    expect((await create(1)).body).to.deep.equal((await first).body)
    expect(creations.begun()).to.equal(1)
  })

  it('is one of so many that its caller may have, and takes no place of another caller’s', async () => {
    await using world = await guarded()
    const [token, other] = [await world.token('admin'), await world.token('admin')]
    const creations = gated(world)
    const ask = (by: string): ReturnType<typeof world.send> =>
      world.send('POST', '/admin-api/contexts', {
        ...{ body: creation(world), token: by, headers: WAIT_NOT },
      })
    for (let i = 0; i < MAX_OPERATIONS_PER_CALLER; i++) await ask(token)
    const refused = await ask(token)
    expect(refused.status).to.equal(429)
    expect(refused.headers.get('retry-after')).to.equal('10')
    expect((await ask(other)).status).to.equal(202)
    creations.open()
  })

  it('is begun anew by the same idempotency key once it has failed', async () => {
    await using world = await serving()
    const create = world.node.contexts.create.bind(world.node.contexts)
    let tries = 0
    Object.assign(world.node.contexts, {
      create: async (options: Parameters<typeof create>[0]) => {
        if (++tries === 1)
          throw new MerogateError('ANCHOR_UNREACHABLE', 'transport', 'nobody answers')
        return create(options)
      },
    })
    const key = { 'idempotency-key': 'one' }
    const ask = (): ReturnType<Serving['send']> =>
      world.send('POST', '/admin-api/contexts', creation(world), key)
    expect((await ask()).status).to.equal(502)
    const made = await ask()
    expect(made.status).to.equal(200)
    expect((await ask()).body).to.deep.equal(made.body)
    expect(tries).to.equal(2)
  })

  it('is refused for a while to whoever makes contexts of an application whose init uses up its fuel', async () => {
    await using world = await serving()
    Object.assign(world.node.contexts, {
      create: async () => {
        throw new MerogateError('RUNTIME_FUEL', 'guest', 'out of fuel')
      },
    })
    const ask = (): ReturnType<Serving['send']> =>
      world.send('POST', '/admin-api/contexts', creation(world))
    for (let i = 0; i < MAX_OVERRUNS; i++) expect((await ask()).status).to.equal(422)
    const refused = await ask()
    expect(refused.status).to.equal(429)
    expect(refused.headers.get('retry-after')).to.equal('10')
  })

  it('is its caller’s alone, and forgotten some time after its end', async () => {
    await using world = await guarded()
    const [token, other] = [await world.token('admin'), await world.token('admin')]
    const body = creation(world)
    const options = { body, token, headers: { ...WAIT_NOT, 'idempotency-key': 'k' } }
    const creations = gated(world)
    const { headers } = await world.send('POST', '/admin-api/contexts', options)
    const where = `${headers.get('location')}?wait=1000`
    expect((await world.send('GET', where, { token: other })).status).to.equal(404)
    creations.open()
    expect((await world.send('GET', where, { token })).status).to.equal(200)
    world.kit.clock.advance(OPERATION_KEPT_MS)
    const gone = await world.send('GET', where, { token })
    expect(gone.status).to.be.oneOf([401, 404])
  })

  it('is waited for by the typed client without a connection that is held open, which tells of it', async () => {
    const clock = handClock()
    await using world = await serving({}, clock)
    const creations = gated(world)
    const told: LongOperation[] = []
    const client = merogateClient({
      url: world.url,
      onWaiting: (running) => {
        told.push(running)
        if (told.length === 3) creations.open()
        else setTimeout(() => clock.advance(20_000), 20)
      },
    })
    const made = client.admin.createContext({ applicationId: toBase58(world.node.application) })
    while (creations.begun() === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    clock.advance(20_000)
    expect((await made).contextId).to.be.a('string')
    expect(told.length).to.equal(3)
    const [first] = told
    if (first === undefined) return expect.fail('expected to be told')
    expect(waitingText({ ...first, usuallyMs: 780_000 }, first.sinceMs + 25_000)).to.equal(
      'waiting for POST /contexts, 25 s by now, usually 13 min',
    )
  })

  it('is unknown to a node that was started anew, which says what goes on', async () => {
    await using world = await serving()
    const { status, body } = await sender(world.url)('GET', '/admin-api/operations/x')
    expect(status).to.equal(404)
    expect(body).to.include({ code: 'operation_unknown' })
    const client = merogateClient({ url: world.url })
    expect((await failure(client.admin.context('x'))).code).to.equal('CLIENT_REFUSED')
  })
})
