import { createServer, connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { expect } from 'chai'
import {
  type Cluster,
  type ClusterNode,
  shareContext,
  startCluster,
} from '../../../scripts/support/cluster.ts'
import { merogateClient } from '../../../src/client/index.ts'
import { inParallel, takeMutations } from '../../support/cluster-calls.ts'

const CALLS = 300
/** Mutations between two breaks of the connection. */
const BREAK_EVERY = 50

interface Relay extends AsyncDisposable {
  readonly url: string
  /** Breaks every connection that runs through it. */
  cut(): number
}

/** Stands between a client and a server, and can cut what runs through it. */
async function relayTo(target: string): Promise<Relay> {
  const sockets = new Set<Socket>()
  const { hostname, port } = new URL(target)
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {}) // a close follows
      socket.on('close', () => sockets.delete(socket))
    }
    client.pipe(upstream).pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('expected a TCP address')
  const cut = (): number => {
    const count = sockets.size
    for (const socket of sockets) socket.destroy()
    return count
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut,
    async [Symbol.asyncDispose]() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('a subscriber whose connection breaks', () => {
  let cluster: Cluster
  let a: ClusterNode
  let b: ClusterNode

  before(async function () {
    this.timeout(60_000)
    cluster = await startCluster()
    ;[a, b] = await Promise.all([cluster.node('alice'), cluster.node('bob')])
  })
  after(function () {
    this.timeout(30_000)
    return cluster.stop()
  })

  it('goes on where it was, without a loss or a repeat', async () => {
    const { contextId } = await shareContext([a, b])
    await using relay = await relayTo(b.process.ready.api)
    const client = merogateClient({ url: relay.url })
    const writes = inParallel(
      Array.from({ length: CALLS }, (_, i) => `key-${i}`),
      4,
      (key) => a.client.rpc.execute({ contextId, method: 'set', args: { key, value: 'v' } }),
    )
    const seqs: number[] = []
    let breaks = 0
    let subscribed = 0
    const signal = AbortSignal.timeout(40_000)
    const changes = client.subscribe({
      contextIds: [contextId],
      since: 1,
      signal,
      onSubscribed: () => subscribed++,
    })
    let events = 0
    for await (const change of changes) {
      if (change.type === 'Lagged') return expect.fail('expected no loss')
      seqs.push(change.seq)
      events += change.events.length
      if (events === CALLS) break
      if (seqs.length % BREAK_EVERY === 0 && relay.cut() > 0) breaks++
    }
    await writes
    expect(seqs).to.deep.equal(seqs.map((_, i) => (seqs[0] ?? 0) + i))
    expect(breaks).to.be.greaterThan(2)
    expect(subscribed).to.be.greaterThan(2)
  }).timeout(60_000)

  it('gets from the log what happened while it was away', async () => {
    const { contextId } = await shareContext([a, b])
    const set = (key: string): Promise<unknown> =>
      a.client.rpc.execute({ contextId, method: 'set', args: { key, value: 'v' } })
    const first = takeMutations(b.client, contextId, { since: 1, until: 1 })
    await set('before')
    const last = (await first).at(-1)?.seq ?? 0
    for (let i = 0; i < 20; i++) await set(`away-${i}`)
    const missed = await takeMutations(b.client, contextId, { since: last + 1, until: 20 })
    expect(missed.map(({ seq }) => seq)).to.deep.equal(missed.map((_, i) => last + 1 + i))
    expect(
      missed.map(({ events }) => (events[0]?.json as { key: string } | undefined)?.key),
    ).to.deep.equal(
      Array.from({ length: 20 }, (_, i) => `away-${i}`), // our app's event
    )
  })
})
