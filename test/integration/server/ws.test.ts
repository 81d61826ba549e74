import { once } from 'node:events'
import { expect } from 'chai'
import fc from 'fast-check'
import { MerogateError } from '../../../src/node/errors.ts'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { type ContextId, DeltaId } from '../../../src/node/primitives/ids.ts'
import {
  MAX_WS_CONNECTIONS,
  MAX_WS_FRAME_BYTES,
  MAX_WS_IDS_PER_COMMAND,
  MAX_WS_IN_FLIGHT,
  MAX_WS_SUBSCRIPTIONS,
  WS_PING_INTERVAL_MS,
  WS_SOFT_BUFFER_BYTES,
} from '../../../src/server/limits.ts'
import { handClock } from '../../support/hand-clock.ts'
import { serving, type Serving } from '../../support/serving.ts'
import { bytesOf } from '../../support/stub-node.ts'
import { openWs, type WsClient } from '../../support/ws-client.ts'

describe('/ws', () => {
  let world: Serving
  let context: ContextId
  let contextId: string

  before(async () => {
    world = await serving()
  })
  after(() => world.server.stop())
  beforeEach(() => {
    context = world.node.addContext()
    contextId = toBase58(context)
  })

  const open = (): Promise<WsClient> => openWs(world.url)
  const subscribe = (params: object = {}): object => ({
    id: 1,
    method: 'subscribe',
    params: { contextIds: [contextId], ...params },
  })
  const call = (method: string, argsJson: unknown = {}, id: unknown = 2): object => ({
    id,
    method: 'execute',
    params: { contextId, method, argsJson },
  })

  it('subscribes and notifies in the shape of the original, with a sequence number', async () => {
    await using client = await open()
    expect(await client.ask(subscribe())).to.deep.equal({
      id: 1,
      result: { contextIds: [contextId], seq: { [contextId]: 0 } },
    })
    const mutation = world.node.mutate(context, [{ kind: 'Inserted', data: {} }])
    expect(await client.next()).to.deep.equal({
      id: null,
      result: {
        contextId,
        type: 'StateMutation',
        data: {
          newRoot: toBase58(mutation.newRoot),
          events: [{ kind: 'Inserted', data: [123, 125], handler: null }],
        },
        seq: 1,
        author: toBase58(mutation.author),
        delta: toBase58(mutation.delta),
      },
    })
  })

  it('notifies every subscriber, and none of them twice', async () => {
    await using first = await open()
    await using second = await open()
    for (const client of [first, second]) {
      await client.ask(subscribe())
      await client.ask(subscribe())
    }
    world.node.mutate(context)
    world.node.mutate(context)
    for (const client of [first, second]) {
      expect((await client.next()).result?.['seq']).to.equal(1)
      expect((await client.next()).result?.['seq']).to.equal(2)
    }
  })

  it('says what fails to those who asked for it', async () => {
    await using asks = await open()
    await using others = await open()
    await asks.ask(subscribe({ failures: true }))
    await others.ask(subscribe())
    const delta = DeltaId.from(bytesOf(7))
    const failure = {
      what: 'delta',
      code: 'RUNTIME_PANIC',
      message: 'no',
      atMs: 5,
      tries: 1,
    } as const
    world.node.fail(context, { ...failure, delta })
    world.node.mutate(context)
    expect(await asks.next()).to.deep.equal({
      id: null,
      result: { contextId, type: 'Failure', data: { ...failure, delta: toBase58(delta) } },
    })
    for (const client of [asks, others]) {
      expect((await client.next()).result?.['type']).to.equal('StateMutation')
    }
    const status = await asks.ask({ id: 3, method: 'sync_status', params: { contextId } })
    expect(status.result?.['lastFailure']).to.include({ code: 'RUNTIME_PANIC' })
  })

  it('notifies no more after unsubscribe', async () => {
    await using client = await open()
    await client.ask(subscribe())
    const answer = await client.ask({
      id: 5,
      method: 'unsubscribe',
      params: { contextIds: [contextId] },
    })
    expect(answer).to.deep.equal({ id: 5, result: { contextIds: [contextId] } })
    world.node.mutate(context)
    expect((await client.ask(call('echo', 1))).id).to.equal(2)
  })

  for (const [name, since] of [
    ['since', (): object => ({ since: 2 })],
    ['since by context', (): object => ({ since: { [contextId]: 2 } })],
    ['since as text', (): object => ({ since: '2' })],
    ['fromSeq', (): object => ({ fromSeq: 2 })],
  ] as const) {
    it(`replays with ${name}, then goes on live`, async () => {
      for (let i = 0; i < 3; i++) world.node.mutate(context)
      await using client = await open()
      client.send(subscribe(since()))
      const frames = [await client.next(), await client.next(), await client.next()]
      world.node.mutate(context)
      frames.push(await client.next())
      const seqs = frames.flatMap(({ id, result }) => (id === null ? [result?.['seq']] : []))
      expect(seqs).to.deep.equal([2, 3, 4])
    })
  }

  it('says how many changes are no longer kept', async () => {
    for (let i = 0; i < 3; i++) world.node.mutate(context)
    world.node.trimLog(context, 2n)
    await using client = await open()
    client.send(subscribe({ since: 1 }))
    const frames = [await client.next(), await client.next(), await client.next()]
    const lagged = frames.find(({ result }) => result?.['type'] === 'Lagged')
    expect(lagged).to.deep.equal({
      id: null,
      result: { contextId, type: 'Lagged', data: { skipped: 2 } },
    })
  })

  it('executes, queries and tells the status', async () => {
    await using client = await open()
    expect(await client.ask(call('echo', { a: 1 }, 7))).to.deep.equal({
      id: 7,
      result: { output: { a: 1 } },
    })
    const query = { ...call('set', { key: 'a', value: 'b' }), method: 'query' }
    expect((await client.ask(query)).result).to.deep.equal({ output: null })
    const status = await client.ask({ id: 3, method: 'sync_status', params: { contextId } })
    expect(status.result).to.include({ isInitialized: true })
  })

  it('answers the error of a call as JSON-RPC does', async () => {
    await using client = await open()
    const { error } = await client.ask(call('panic'))
    expect(error).to.include({ type: 'FunctionCallError', code: -32000 })
    expect(error).to.have.property('data')
  })

  it('ignores binary frames and text that is no JSON', async () => {
    await using client = await open()
    client.socket.send(new Uint8Array([123, 125]))
    client.send('nonsense')
    client.send('')
    expect((await client.ask(call('echo', 1))).id).to.equal(2)
  })

  const BAD: readonly [string, unknown, number, unknown][] = [
    ['an array', [], -32600, null],
    ['a number', 5, -32600, null],
    ['an id that is text', { id: 'x', method: 'subscribe' }, -32600, null],
    ['a negative id', { id: -1, method: 'subscribe' }, -32600, null],
    ['no method', { id: 1 }, -32600, 1],
    ['an unknown method', { id: 1, method: 'nope', params: {} }, -32601, 1],
    ['subscribe without params', { id: 1, method: 'subscribe' }, -32602, 1],
    [
      'subscribe to no list',
      { id: 1, method: 'subscribe', params: { contextIds: 'x' } },
      -32602,
      1,
    ],
    [
      'subscribe to no id',
      { id: 1, method: 'subscribe', params: { contextIds: ['x'] } },
      -32602,
      1,
    ],
    [
      'subscribe since a negative number',
      { id: 1, method: 'subscribe', params: { contextIds: [], since: -1 } },
      -32602,
      1,
    ],
    ['unsubscribe without params', { method: 'unsubscribe' }, -32602, null],
    [
      'too many ids at once',
      {
        id: 1,
        method: 'subscribe',
        params: { contextIds: Array(MAX_WS_IDS_PER_COMMAND + 1).fill(toBase58(bytesOf(1))) },
      },
      -32602,
      1,
    ],
  ]
  for (const [name, frame, code, id] of BAD) {
    it(`answers a parse error to ${name}`, async () => {
      await using client = await open()
      const answer = await client.ask(frame)
      expect(answer.id).to.equal(id)
      expect(answer.error).to.include({ type: 'ParseError', code })
    })
  }

  it('lives through any frame', async () => {
    await using client = await open()
    const frame = fc.oneof(
      fc.json(),
      fc.string(),
      fc.record(
        {
          id: fc.oneof(fc.nat(), fc.jsonValue()),
          method: fc.oneof(
            fc.constantFrom('subscribe', 'unsubscribe', 'execute', 'sync_status'),
            fc.jsonValue(),
          ),
          params: fc.oneof(
            fc.record({ contextIds: fc.array(fc.jsonValue()), since: fc.jsonValue() }),
            fc.jsonValue(),
          ),
        },
        { requiredKeys: [] },
      ),
    )
    await fc.assert(
      fc.asyncProperty(frame, async (value) => {
        client.send(value)
        client.send(call('echo', 1, 4_000_000_000))
        for (;;) {
          const { id, error } = await client.next()
          expect(error?.type).not.to.equal('InternalError')
          if (id === 4_000_000_000) return
        }
      }),
      { numRuns: 100 },
    )
  })

  it('closes a socket that sends too large a frame', async () => {
    await using client = await open()
    client.send('x'.repeat(MAX_WS_FRAME_BYTES + 1))
    expect((await client.closed).code).to.equal(1009)
  })

  it('answers more than so many commands at once with RateLimited', async () => {
    await using client = await open()
    const { node } = world
    const original = node.contexts.execute
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    node.contexts.execute = async (one) => {
      await gate
      return await original(one)
    }
    for (let i = 0; i < MAX_WS_IN_FLIGHT; i++) client.send(call('echo', i, i))
    const { error, id } = await client.ask(call('echo', 0, 1000))
    expect(id).to.equal(1000)
    expect(error).to.include({ type: 'RateLimited', code: -32029 })
    release()
    for (let i = 0; i < MAX_WS_IN_FLIGHT; i++) await client.next()
    node.contexts.execute = original
    expect((await client.ask(call('echo', 1))).error).to.equal(undefined)
  })

  it('rejects contexts beyond what one socket may hold', async () => {
    await using client = await open()
    const fresh = (): string => toBase58(world.node.addContext())
    for (let sent = 0; sent < MAX_WS_SUBSCRIPTIONS; sent += MAX_WS_IDS_PER_COMMAND) {
      const contextIds = Array.from({ length: MAX_WS_IDS_PER_COMMAND }, fresh)
      const { result } = await client.ask(subscribe({ contextIds }))
      expect(result).not.to.have.property('rejected')
    }
    const { result } = await client.ask(subscribe())
    expect(result).to.deep.include({ contextIds: [], rejected: [contextId] })
    expect(result?.['reasons']).to.deep.equal({ [contextId]: 'RateLimited' })
  })

  it('refuses contexts that are not here, one by one, and goes on with the others', async () => {
    await using client = await open()
    const gone = world.node.addContext()
    const missing = toBase58(bytesOf(9))
    const contextIds = [missing, contextId, toBase58(gone)]
    await world.node.contexts.delete(gone)
    for (const since of [undefined, 1]) {
      const { result } = await client.ask(subscribe({ contextIds, ...(since && { since }) }))
      expect(result).to.deep.equal({
        contextIds: [contextId],
        seq: { [contextId]: 0 },
        rejected: [missing, toBase58(gone)],
        reasons: { [missing]: 'ContextNotFound', [toBase58(gone)]: 'ContextNotFound' },
      })
    }
    world.node.mutate(context)
    expect((await client.next()).result).to.include({ contextId, seq: 1 })
  })

  it('ends one subscription whose context went while it was read from the log', async () => {
    await using client = await open()
    const other = world.node.addContext()
    const otherId = toBase58(other)
    world.node.mutate(other)
    world.node.failNext('events.replay', new MerogateError('CONTEXT_NOT_FOUND', 'missing', 'gone'))
    const { result } = await client.ask(subscribe({ contextIds: [otherId], since: 1 }))
    expect(result).not.to.have.property('rejected')
    expect((await client.next()).error).to.deep.include({
      ...{ type: 'ContextNotFound', details: { contextId: otherId } },
    })
    await client.ask(subscribe())
    world.node.mutate(context)
    expect((await client.next()).result).to.include({ contextId, seq: 1 })
  })

  it('loses nothing for a slow reader, and queues little for it', async () => {
    await using client = await open()
    await client.ask(subscribe())
    let replays = 0
    world.node.onReplay = () => replays++
    client.socket.pause()
    // the kernel takes some megabytes before the socket counts as full
    const data = 'x'.repeat(200_000)
    const count = 60
    for (let i = 0; i < count; i++) {
      world.node.mutate(context, [{ kind: 'Big', data }])
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(data.length * count).to.be.above(WS_SOFT_BUFFER_BYTES * 4)
    client.socket.resume()
    for (let seq = 1; seq <= count; seq++) {
      expect((await client.next()).result?.['seq']).to.equal(seq)
    }
    world.node.onReplay = undefined
    expect(replays).to.be.above(0)
  })

  it('answers 400 to what is no upgrade, and refuses strangers before it', async () => {
    const plain = await world.send('GET', '/ws')
    expect(plain.status).to.equal(400)
    expect(plain.text).to.match(/^Invalid WebSocket upgrade request:/)
    const refused = async (options: object, path = ''): Promise<string> => {
      try {
        await openWs(`${world.url}${path}`, options)
      } catch (error) {
        return String(error)
      }
      return 'accepted'
    }
    expect(await refused({ origin: 'https://evil.example' })).to.include('403')
    expect(await refused({ headers: { host: 'evil.example' } })).to.include('403')
    expect(await refused({}, '/elsewhere')).to.include('404')
  })

  it('takes so many sockets and no more', async () => {
    await using crowded = await serving()
    const clients = await Promise.all(
      Array.from({ length: MAX_WS_CONNECTIONS }, () => openWs(crowded.url)),
    )
    let refusal = ''
    await openWs(crowded.url).catch((error: unknown) => (refusal = String(error)))
    expect(refusal).to.include('429')
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()))
  })

  it('closes a socket that answers no pings, and keeps one that does', async () => {
    await using lively = await serving({ pingIntervalMs: 20, pongTimeoutMs: 20 })
    await using good = await openWs(lively.url)
    await using bad = await openWs(lively.url, { autoPong: false })
    expect(await bad.closed).to.deep.equal({ code: 1002, reason: 'Ping timeout' })
    await once(good.socket, 'ping')
    expect(good.socket.readyState).to.equal(good.socket.OPEN)
  })

  it('keeps a socket that answers when the wall clock is set forward or back', async () => {
    const clock = handClock()
    await using lively = await serving({}, clock)
    await using client = await openWs(lively.url)
    for (const stepMs of [86_400_000, -2 * 86_400_000]) {
      const pinged = once(client.socket, 'ping')
      clock.set(clock.nowNs() + BigInt(stepMs) * 1_000_000n)
      clock.advance(WS_PING_INTERVAL_MS)
      const ended = client.closed.then(({ reason }) => reason)
      expect(await Promise.race([pinged.then(() => 'pinged'), ended])).to.equal('pinged')
      await client.ask(subscribe()) // the pong came before this
    }
  })

  it('is closed with 1001 when the server stops', async () => {
    await using ending = await serving()
    await using client = await openWs(ending.url)
    await ending.server.stop()
    expect((await client.closed).code).to.equal(1001)
  })

  it('is closed with 1011 when the event log cannot be read', async () => {
    await using client = await open()
    world.node.failNext('events.replay', new Error('disk'))
    client.send(subscribe({ since: 1 }))
    expect((await client.closed).code).to.equal(1011)
  })
})
