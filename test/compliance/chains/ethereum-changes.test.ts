/** Word of changes over restarts and failures; and what is never told to anybody: the secrets of an endpoint's address. */
import { expect } from 'chai'
import { type WebSocket, WebSocketServer } from 'ws'
import { MAX_CATCH_UP_BLOCKS, MAX_LOG_BLOCKS } from '../../../src/chains/ethereum/limits.ts'
import type { Anchor, AnchorChange, CursorStore } from '../../../src/node/anchor/anchor.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { type Logger, silentLogger } from '../../../src/node/primitives/logger.ts'
import { FaultBench } from '../../support/ethereum-faults.ts'
import type { FaultyRpc, Rule } from '../../support/faulty-rpc.ts'
import { contextOf, creation, person } from '../anchor-support.ts'

/** A cursor store in memory, and how often it was written. */
function memoryCursors(): CursorStore & { readonly heights: Map<string, bigint> } {
  const heights = new Map<string, bigint>()
  return {
    heights,
    load: async (name) => heights.get(name),
    async save(name, height) {
      heights.set(name, height)
    },
  }
}

/** Changes that were told, and word of the next. */
class Told {
  readonly changes: AnchorChange[] = []
  #wake: (() => void) | undefined

  readonly note = (change: AnchorChange): void => {
    this.changes.push(change)
    this.#wake?.()
  }

  /** Resolves when so many were told. */
  async atLeast(count: number): Promise<void> {
    while (this.changes.length < count) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  get subjects(): string[] {
    return this.changes.map(({ subject }) => toHex(subject))
  }
}

describe('anchor: ethereum, faults', () => {
  const t = new FaultBench()
  t.hooks()

  describe('changes', () => {
    /** An anchor that watches, with what it tells. */
    async function watching(
      endpoints: readonly FaultyRpc[],
      cursors: CursorStore,
    ): Promise<{ anchor: Anchor; told: Told }> {
      const told = new Told()
      const anchor = t.unstarted(t.service(endpoints), { cursors })
      anchor.watch(told.note)
      await anchor.start()
      return { anchor, told }
    }

    /** A change that is told last. */
    async function makeContext(anchor: Anchor, n: number): Promise<string> {
      const id = contextOf(t.a, n)
      await anchor.submit(id, creation(n), t.a)
      return toHex(id)
    }

    it('tells once what happened while nobody listened', async () => {
      const honest = await t.withContext()
      const cursors = memoryCursors()
      const endpoint = await t.endpoint()
      const first = await watching([endpoint], cursors)
      const seen = [await makeContext(honest, 2)]
      await first.told.atLeast(1)
      await first.anchor.stop()
      expect(first.told.subjects).to.deep.equal(seen)
      const missed = [await makeContext(honest, 3)]
      await t.mine(2 * MAX_LOG_BLOCKS)
      missed.push(await makeContext(honest, 4))
      const second = await watching([endpoint], cursors)
      await second.told.atLeast(2)
      const last = await makeContext(honest, 5)
      await second.told.atLeast(3)
      expect(second.told.subjects).to.deep.equal([...missed, last])
      const widths = endpoint.asked
        .filter(({ method }) => method === 'eth_getLogs')
        .map(({ params: [filter] }) => {
          const { fromBlock, toBlock } = filter as { fromBlock: string; toBlock: string }
          return Number(toBlock) - Number(fromBlock) + 1
        })
      expect(Math.max(...widths)).to.equal(MAX_LOG_BLOCKS)
    })

    it('asks for fewer blocks where an endpoint finds that many too much', async () => {
      const honest = await t.withContext()
      const cursors = memoryCursors()
      const endpoint = await t.endpoint()
      await (await watching([endpoint], cursors)).anchor.stop()
      const missed = [await makeContext(honest, 2)]
      await t.mine(200)
      missed.push(await makeContext(honest, 3))
      endpoint.rules({
        method: 'eth_getLogs',
        when: ({ params: [filter] }) => {
          const { fromBlock, toBlock } = filter as { fromBlock: string; toBlock: string }
          return Number(toBlock) - Number(fromBlock) >= 50
        },
        fault: { kind: 'error', code: -32602, message: 'block range is too large' },
      })
      const { told } = await watching([endpoint], cursors)
      await told.atLeast(2)
      expect(told.subjects).to.deep.equal(missed)
    })

    it('loses and repeats nothing when an endpoint fails in the middle', async () => {
      const honest = await t.withContext()
      const cursors = memoryCursors()
      const [dying, other] = [await t.endpoint(), await t.endpoint()]
      await (await watching([dying, other], cursors)).anchor.stop()
      const missed: string[] = []
      for (let n = 2; n < 6; n++) {
        missed.push(await makeContext(honest, n))
        await t.mine(MAX_LOG_BLOCKS)
      }
      const before = dying.count('eth_getLogs')
      dying.rules({
        when: () => dying.count('eth_getLogs') - before >= 2,
        fault: { kind: 'refuse' },
      })
      const { told } = await watching([dying, other], cursors)
      await told.atLeast(4)
      missed.push(await makeContext(honest, 6))
      await told.atLeast(5)
      expect(told.subjects).to.deep.equal(missed)
      expect(other.count('eth_getLogs')).to.be.greaterThan(0)
    })

    it('says that all may have changed when the last time is too long ago', async () => {
      await t.withContext()
      const cursors = memoryCursors()
      const endpoint = await t.endpoint()
      await (await watching([endpoint], cursors)).anchor.stop()
      await t.mine(MAX_CATCH_UP_BLOCKS + 1)
      const { told } = await watching([endpoint], cursors)
      await told.atLeast(1)
      expect(told.subjects).to.deep.equal([''])
      expect(told.changes[0]?.height).to.equal(BigInt(String(await t.send('eth_blockNumber'))))
    })

    it('says so too on a chain that is not as high as it was', async () => {
      const honest = await t.withContext()
      const cursors = memoryCursors()
      const endpoint = await t.endpoint()
      await (await watching([endpoint], cursors)).anchor.stop()
      for (const [name, height] of cursors.heights) cursors.heights.set(name, height + 1000n)
      const { told } = await watching([endpoint], cursors)
      await told.atLeast(1)
      const last = await makeContext(honest, 2)
      await told.atLeast(2)
      expect(told.subjects).to.deep.equal(['', last])
    })
  })

  describe('word of new blocks', () => {
    const SLOW = 3_600_000

    it('comes from a WebSocket endpoint before the next look', async () => {
      const honest = await t.withContext()
      const { wsUrl } = t.chain.devnet
      const endpoint = await t.endpoint()
      const anchor = await t.anchor(t.service([endpoint], { wsUrl, pollMs: SLOW }))
      const told = new Told()
      anchor.watch(told.note)
      await honest.submit(t.group, t.add(t.b), t.a)
      await told.atLeast(1)
      expect(told.subjects).to.deep.equal([toHex(t.group)])
    })

    it('is missed by nobody when the socket dies', async () => {
      const honest = await t.withContext()
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      await new Promise((resolve) => server.once('listening', resolve))
      const connected = new Promise<WebSocket>((resolve) => server.once('connection', resolve))
      const { port } = server.address() as { port: number }
      const wsUrl = `ws://127.0.0.1:${port}`
      const anchor = await t.anchor(t.service([t.chain.devnet.url], { wsUrl }))
      const told = new Told()
      anchor.watch(told.note)
      const socket = await connected
      socket.terminate()
      await new Promise((resolve) => server.close(resolve))
      await honest.submit(t.group, t.add(t.b), t.a)
      await told.atLeast(1)
    })

    it('makes nobody ask without end when the socket never stops talking', async () => {
      await t.withContext()
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      await new Promise((resolve) => server.once('listening', resolve))
      const endpoint = await t.endpoint()
      let sent = 0
      const many = new Promise<void>((resolve) => {
        server.on('connection', (socket) => {
          const talk = (): void => {
            if (++sent === 20_000) resolve()
            else if (socket.readyState === socket.OPEN) socket.send('{}', () => setImmediate(talk))
          }
          talk()
        })
      })
      const { port } = server.address() as { port: number }
      const wsUrl = `ws://127.0.0.1:${port}`
      const anchor = await t.anchor(t.service([endpoint], { wsUrl, pollMs: SLOW }))
      await many
      await anchor.stop()
      await new Promise((resolve) => server.close(resolve))
      expect(endpoint.asked.length).to.be.lessThan(1000)
    })
  })

  describe('secrets', () => {
    const SECRETS = ['passw0rd-of-mine', 'project-4f1c9d', 'query-7e55b0', 'account-22']

    /** A logger that keeps everything. */
    function keeping(lines: unknown[]): Logger {
      const note = (fields: Record<string, unknown>, message: string): void => {
        lines.push({ ...fields, message })
      }
      const logger: Logger = {
        ...{ trace: note, debug: note, info: note, warn: note, error: note },
        child: () => logger,
      }
      return logger
    }

    /** Every text in a value, errors and their causes included. */
    function textOf(value: unknown, depth: number = 0): string {
      if (depth > 8 || value === null || value === undefined) return ''
      if (typeof value !== 'object') return JSON.stringify(value) ?? ''
      const own: unknown[] =
        value instanceof Error ? [value.name, value.message, value.stack, value.cause] : []
      const more: unknown[] = Object.values(value)
      return [...own, ...more].map((each) => textOf(each, depth + 1)).join('\n')
    }

    it('of an address are in no error and no line of the log', async () => {
      await t.withContext()
      const endpoint = await t.endpoint()
      const signed = await t.signed(t.service([endpoint]), t.add(person('nobody')))
      const [password, project, query, user] = SECRETS
      const { port } = new URL(endpoint.url)
      const address = (scheme: string, at: string): string =>
        `${scheme}://${user}:${password}@127.0.0.1:${at}/v3/${project}?apikey=${query}`
      const echo = `no access to ${address('http', port)} for ${project}`
      const faults: readonly Rule['fault'][] = [
        { kind: 'refuse' },
        { kind: 'http', status: 401, body: echo },
        { kind: 'http', status: 302, location: address('http', '1') },
        { kind: 'http', status: 200, body: echo },
        { kind: 'oversized' },
        { kind: 'error', code: -32000, message: echo, data: echo },
        { kind: 'error', code: 3, message: `execution reverted: ${echo}` },
        { kind: 'answer', make: () => echo },
      ]
      const lines: unknown[] = []
      const gathered: unknown[] = []
      for (const fault of faults) {
        for (const isChain of [true, false]) {
          const logger = keeping(lines)
          const wsUrl = address('ws', '1')
          const service = t.service([address('http', port)], { logger, wsUrl, stuckMs: 1 })
          const anchor = t.unstarted(service, { logger })
          endpoint.rules({ when: ({ method }) => isChain || method !== 'eth_chainId', fault })
          await anchor.start()
          for (const task of [
            () => service.readGroup(t.group),
            () => service.submit(signed),
            () => service.readEvents(0, 5),
          ]) {
            await task().catch((error: unknown) => gathered.push(error))
          }
          await anchor.stop()
        }
      }
      const down = t.service([address('http', '1')], { logger: keeping(lines) })
      await down.readTime().catch((error: unknown) => gathered.push(error))
      expect(gathered.length).to.be.greaterThan(3 * faults.length)
      const text = textOf(gathered) + textOf(lines)
      for (const secret of SECRETS) expect(text).not.to.include(secret)
      expect(text).to.include('127.0.0.1')
    })

    it('of an address still open the door', async () => {
      await t.withContext()
      const seen: (string | undefined)[] = []
      const { createServer } = await import('node:http')
      const server = createServer((request, response) => {
        seen.push(request.headers.authorization, request.url)
        response.statusCode = 503
        response.end()
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as { port: number }
      const service = t.service([`http://user:p%40ss@127.0.0.1:${port}/v3/key?x=1`], {
        logger: silentLogger,
      })
      await service.readTime().catch(() => {})
      server.close()
      expect(seen[0]).to.equal(`Basic ${Buffer.from('user:p@ss').toString('base64')}`)
      expect(seen[1]).to.equal('/v3/key?x=1')
    })
  })
})
