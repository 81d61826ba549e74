import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect } from 'chai'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { PublicKey } from '../../../src/node/primitives/ids.ts'
import {
  BODY_TIMEOUT_MS,
  MAX_BODY_BYTES,
  MAX_INLINE_JSON_BYTES,
  MAX_JSON_ELEMENTS,
  MAX_RPC_BYTES,
} from '../../../src/server/limits.ts'
import { type Serving, serving } from '../../support/serving.ts'
import { ManualClock } from '../../support/stepped-clock.ts'
import { bytesOf } from '../../support/stub-node.ts'
import { openWs } from '../../support/ws-client.ts'

/** A connection that says only what it is told to. */
class Raw {
  readonly socket: Socket
  readonly closed: Promise<unknown>
  text = ''

  constructor(url: string) {
    const { hostname, port } = new URL(url)
    this.socket = connect({ host: hostname, port: Number(port) })
    this.socket.on('data', (data) => {
      this.text += data.toString('latin1')
    })
    this.socket.on('error', () => {}) // a connection that is cut is what these tests are about
    this.closed = new Promise((resolve) => this.socket.once('close', resolve))
  }

  static async open(url: string): Promise<Raw> {
    const raw = new Raw(url)
    await once(raw.socket, 'connect')
    return raw
  }

  /** Begins a call whose body has this length; sends none of it. */
  begin(length: number): void {
    this.socket.write(
      `POST /jsonrpc HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`,
    )
  }

  /** Waits for an answer and gives its head. */
  async head(): Promise<string> {
    while (!this.text.includes('\r\n\r\n')) await once(this.socket, 'data')
    return this.text.split('\r\n\r\n')[0] ?? ''
  }
}

const health = async ({ url }: Serving): Promise<number> => (await fetch(`${url}/health`)).status

/** Waits until a condition holds; the test's own limit ends a wait in vain. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10))
}

describe('a hostile client', () => {
  const call = (world: Serving, method: string, argsJson: unknown, more: object = {}): object => ({
    jsonrpc: '2.0',
    id: 1,
    method: 'execute',
    params: { contextId: toBase58(world.node.addContext()), method, argsJson, ...more },
  })

  describe('with large JSON', () => {
    let world: Serving
    before(async () => {
      world = await serving()
    })
    after(() => world.server.stop())

    it('gets what a client with small JSON gets', async () => {
      const key = toBase58(PublicKey.from(bytesOf(7)))
      const args = { text: 'x'.repeat(MAX_INLINE_JSON_BYTES), list: [1, { key: `{${key}}` }] }
      const answer = await world.rpc(call(world, 'echo', args, { substitute: [key] }))
      const output = { ...args, list: [1, { key }] }
      expect(answer.body).to.deep.equal({ jsonrpc: '2.0', id: 1, result: { output } })
      const text = JSON.stringify(call(world, 'echo', { ...args, list: ['N'] }))
      const long = await world.send('POST', '/jsonrpc', text.replace('"N"', '1.0'), {
        'content-type': 'application/json',
      })
      expect(long.text).to.include('"list":[1.0]')
      const three = await world.rpc([1, 2, 3].map(() => call(world, 'echo', args)))
      expect(three.body).to.have.length(3)
    })

    it('is refused beyond the bound on elements', async () => {
      const answer = await world.rpc(call(world, 'echo', Array(MAX_JSON_ELEMENTS + 1).fill(0)))
      expect(answer.status).to.equal(413)
      const list = await world.send('POST', '/admin-api/contexts', [
        'x'.repeat(2 * MAX_INLINE_JSON_BYTES),
      ])
      expect(list.status).to.equal(413)
      expect(list.body).to.include({ code: 'too_large' })
    })

    it('gets its commands of a socket begun in their order, large or not', async () => {
      await using client = await openWs(world.url)
      const contextId = toBase58(world.node.addContext())
      const set = (id: number, value: string): object => ({
        id,
        method: 'execute',
        params: { contextId, method: 'set', argsJson: { key: 'a', value } },
      })
      client.send(set(1, 'x'.repeat(2 * MAX_INLINE_JSON_BYTES)))
      client.send(set(2, 'small'))
      expect((await client.next()).id).to.equal(1)
      expect((await client.next()).id).to.equal(2)
      const get = { contextId, method: 'get', argsJson: { key: 'a' } }
      const last = await client.ask({ id: 3, method: 'query', params: get })
      expect(last.result).to.deep.equal({ output: 'small' })
    })
  })

  describe('with many large bodies', () => {
    it('is refused before any of it is read, while others with small ones are served', async () => {
      await using world = await serving()
      const count = Math.floor(MAX_BODY_BYTES / MAX_RPC_BYTES)
      const holders: Raw[] = []
      for (let i = 0; i < count; i++) {
        const holder = await Raw.open(world.url)
        holder.begin(MAX_RPC_BYTES)
        holders.push(holder)
      }
      let refused = ''
      await until(async () => {
        const one = await Raw.open(world.url)
        one.begin(MAX_RPC_BYTES)
        const isHeld = await Promise.race([
          one.head().then((head) => (refused = head) === undefined),
          // those before it may not have been looked at yet
          health(world).then(() => true),
        ])
        if (isHeld) one.socket.destroy()
        else await one.closed
        return !isHeld
      })
      // one sender is slowed down long before there is no room left
      expect(refused).to.match(/^HTTP\/1.1 429 /)
      expect(refused.toLowerCase()).to.include('retry-after: 2').and.include('connection: close')
      expect(await health(world)).to.equal(200)
      const small = await world.rpc(call(world, 'echo', 1))
      expect(small.status).to.equal(200)
      for (const { socket } of holders) socket.destroy()
      const large = call(world, 'echo', 'x'.repeat(2 * MAX_INLINE_JSON_BYTES))
      await until(async () => (await world.rpc(large)).status === 200)
    })
  })

  describe('that is slow', () => {
    it('with its body is sent away, and gives back the room it took', async () => {
      const clock = new ManualClock()
      await using world = await serving({}, clock)
      const raw = await Raw.open(world.url)
      raw.begin(100)
      raw.socket.write('{"jsonrpc"')
      await until(async () => (await health(world)) === 200 && clock.pending > 1)
      clock.tick(BODY_TIMEOUT_MS)
      expect(await raw.head()).to.match(/^HTTP\/1.1 408 /)
      await raw.closed
    })

    const short = { headersTimeoutMs: 200, keepAliveMs: 200 }
    for (const [name, said] of [
      ['with its first word', ''],
      ['with its headers', 'POST /jsonrpc HTTP/1.1\r\nhost: 127.0.0.1\r\n'],
      ['with its next request', 'GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'],
    ] as const) {
      it(`${name} is cut off`, async () => {
        await using world = await serving({ connections: short })
        const many = await Promise.all(Array.from({ length: 50 }, () => Raw.open(world.url)))
        for (const { socket } of many) socket.write(said)
        await Promise.all(many.map(({ closed }) => closed))
        expect(await health(world)).to.equal(200)
      })
    }

    it('with reading its answer is cut off', async () => {
      await using world = await serving({ connections: { unreadMs: 200, keepAliveMs: 60_000 } })
      const raw = await Raw.open(world.url)
      raw.socket.pause()
      // more than what the machine's own buffers take
      const body = JSON.stringify(call(world, 'echo', 'x'.repeat(10_000_000)))
      raw.begin(body.length)
      raw.socket.write(body)
      await until(async () => world.node.executed.length === 1)
      await until(async () => {
        const { text } = await world.send('GET', '/metrics')
        return /^merogate_http_connections 1$/m.test(text) // the one that asks
      })
      raw.socket.destroy()
      expect(await health(world)).to.equal(200)
    })
  })

  it('is told from one that waits for its answer', async () => {
    await using world = await serving({ connections: { unreadMs: 50 }, callTimeoutMs: 500 })
    const answer = await world.rpc(call(world, 'hang', {}))
    expect(answer.body).to.have.nested.property('error.type', 'Timeout')
  })

  it('with as many connections as there may be keeps nobody out: those that were idle for longest make room', async () => {
    await using world = await serving({ connections: { max: 3 } })
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => Raw.open(world.url)))
    expect(await health(world)).to.equal(200)
    await first?.closed
    for (const { socket } of others) socket.destroy()
  })

  it('with as many connections as there may be, all of which are answered, keeps out who comes later', async () => {
    await using world = await serving({ connections: { max: 2 }, callTimeoutMs: 500 })
    const hang = JSON.stringify(call(world, 'hang', {}))
    const held = await Promise.all([1, 2].map(() => Raw.open(world.url)))
    for (const raw of held) {
      raw.begin(hang.length)
      raw.socket.write(hang)
    }
    await until(async () => world.node.executed.length === 2)
    const late = await Raw.open(world.url)
    await late.closed
    expect(late.text).to.equal('')
    await Promise.all(held.map((raw) => raw.head()))
    for (const { socket } of held) socket.destroy()
    await until(async () => (await health(world).catch(() => 0)) === 200)
  })

  it('that leaves too much unread is cut off, and others are served', async () => {
    await using world = await serving()
    const body = JSON.stringify(call(world, 'echo', 'x'.repeat(8_000_000)))
    const raws = await Promise.all(Array.from({ length: 6 }, () => Raw.open(world.url)))
    for (const raw of raws) {
      raw.socket.pause()
      raw.begin(body.length)
      raw.socket.write(body)
    }
    await until(async () => world.node.executed.length === raws.length)
    await until(async () => {
      const { text } = await world.send('GET', '/metrics')
      return /connections_refused_total\{reason="unread"\} [1-9]/.test(text)
    })
    expect(await health(world)).to.equal(200)
    for (const { socket } of raws) socket.destroy()
  })
})
