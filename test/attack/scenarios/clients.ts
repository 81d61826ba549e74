/** Clients of the API that send what is dear to read, to do, to keep or to answer. */
import { systemRandom } from '../../../src/node/primitives/clock.ts'
import { toBase58, toHex } from '../../../src/node/primitives/bytes.ts'
import { everyMs, overAndOver, type ClientScenario } from '../scenario.ts'

const BODY_BYTES = 9_000_000
const BATCH = 50

/** A legal call of 9 MB that is nothing but empty arrays. */
function arraysScenario(lanes: number): ClientScenario {
  return {
    name: `json-of-arrays-${lanes}`,
    standing: 'client',
    does: `sends calls of 9 MB of [],[],… over and over, ${lanes} at once`,
    takesCore: true,
    async prepare(hostile) {
      const arrays = `[${Array(BODY_BYTES / 3)
        .fill('[]')
        .join(',')}]`
      const body = Buffer.from(hostile.call(hostile.order.context, 'get', arrays))
      return (signal) =>
        overAndOver(lanes, signal, () => hostile.send('POST', '/jsonrpc', { body, signal }))
    },
  }
}

export const CLIENT_SCENARIOS: readonly ClientScenario[] = [
  ...[1, 4, 8].map(arraysScenario),
  {
    name: 'loops-in-one-batch',
    standing: 'client',
    does: `calls ${BATCH} endless loops in one batch, in a context of its own, again and again`,
    takesCore: true,
    async prepare(hostile) {
      const contextId = await hostile.context()
      const body = `[${Array(BATCH).fill(hostile.call(contextId, 'fail_loop')).join(',')}]`
      return (signal) =>
        overAndOver(1, signal, () => hostile.send('POST', '/jsonrpc', { body, signal }))
    },
  },
  {
    name: 'calls-without-end',
    standing: 'client',
    does: 'calls a context of its own as fast as it is answered, 64 at once',
    takesCore: true,
    async prepare(hostile) {
      const body = hostile.call(await hostile.context(), 'get', '{"key":"a"}')
      return (signal) =>
        overAndOver(64, signal, () => hostile.send('POST', '/jsonrpc', { body, signal }))
    },
  },
  {
    name: 'answers-unread',
    standing: 'client',
    does: 'asks on 200 connections for half a megabyte 20 times each, and reads nothing',
    takesCore: true,
    async prepare(hostile) {
      const contextId = await hostile.context()
      for (let i = 0; i < 64; i++) {
        const args = { key: `key ${i}`, value: 'x'.repeat(8_000) }
        await hostile.client.rpc.execute({ contextId, method: 'set', args })
      }
      const body = hostile.call(contextId, 'summary')
      const request = `${hostile.head('POST', '/jsonrpc', {
        'content-type': 'application/json',
        'content-length': body.length,
      })}\r\n${body}`
      return (signal) =>
        hostile.holding(200, signal, async (socket) => {
          socket.pause()
          socket.write(request.repeat(20))
        })
    },
  },
  {
    name: 'subscribers-that-do-not-read',
    standing: 'client',
    does: 'subscribes on 64 sockets to all that ever happened where others write, calls there as well, and reads nothing',
    takesCore: true,
    async prepare(hostile) {
      const { context } = hostile.order
      const ask = `{"id":1,"method":"subscribe","params":{"contextIds":["${context}"],"fromSeq":1}}`
      const more = `{"id":2,"method":"query","params":{"contextId":"${context}","method":"summary","argsJson":{}}}`
      return (signal) =>
        hostile.holding(64, signal, async (socket, isOver) => {
          socket.pause()
          socket.write(`${hostile.upgrade()}\r\n`)
          socket.write(frameOf(ask))
          await everyMs(50, signal, (turn) => {
            if (!isOver() && turn < 500) socket.write(frameOf(more))
          })
        })
    },
  },
  {
    name: 'subscriptions-to-what-is-gone',
    standing: 'client',
    does: 'subscribes to ten contexts of which one was deleted, and must be told of the nine',
    mustReach: ['told', 9],
    async prepare(hostile) {
      const contexts = await Promise.all(Array.from({ length: 10 }, () => hostile.context()))
      const [gone = '', ...rest] = contexts
      await hostile.client.admin.deleteContext(gone)
      return async (signal) => {
        const told = new Set<string>()
        let refused = 0
        const changes = hostile.client.subscribe({
          ...{ contextIds: contexts, signal },
          onRefused: () => refused++,
        })
        const reading = (async () => {
          for await (const change of changes) told.add(change.contextId)
        })()
        await overAndOver(1, signal, async (_, turn) => {
          const contextId = rest[turn % rest.length] ?? ''
          const args = { key: 'a', value: String(turn) }
          await hostile.client.rpc.execute({ contextId, method: 'set', args, signal })
          return 'set'
        })
        await reading
        return { told: told.size, refused }
      }
    },
  },
  {
    name: 'subscriptions-churned',
    standing: 'client',
    does: 'subscribes on 16 sockets to 256 contexts that are not here, and to one that is, as fast as it is answered',
    async prepare(hostile) {
      const ids = Array.from({ length: 255 }, () => toBase58(systemRandom.bytes(32)))
      const contextIds = JSON.stringify([hostile.order.context, ...ids])
      const frames = ['subscribe', 'unsubscribe'].map((method) =>
        frameOf(`{"id":1,"method":"${method}","params":{"contextIds":${contextIds}}}`),
      )
      return (signal) =>
        hostile.holding(16, signal, async (socket, isOver) => {
          socket.resume()
          socket.write(`${hostile.upgrade()}\r\n`)
          await everyMs(10, signal, (turn) => {
            const frame = frames[turn % 2]
            if (!isOver() && frame !== undefined) socket.write(frame)
          })
        })
    },
  },
  {
    name: 'creations-repeated',
    standing: 'client',
    does: 'creates the same over and over, by keys that were used and by new ones, and joins what it cannot',
    async prepare(hostile) {
      const applicationId = hostile.order.application
      const path = '/admin-api/contexts'
      return (signal) =>
        overAndOver(8, signal, async (lane, turn) => {
          const contextSeed = toBase58(systemRandom.bytes(32))
          const key = turn % 3 === 0 ? toHex(systemRandom.bytes(8)) : `same ${lane % 2}`
          const headers = {
            'idempotency-key': key.replace(' ', '-'),
            prefer: 'respond-async, wait=1',
          }
          if (turn % 2 === 0) {
            const body = JSON.stringify({ applicationId, contextSeed, initializationParams: [] })
            return hostile.send('POST', path, { body, headers, signal })
          }
          const body = JSON.stringify({ invitationPayload: toBase58(systemRandom.bytes(300)) })
          return hostile.send('POST', '/admin-api/contexts/join', { body, signal })
        })
    },
  },
  {
    name: 'tokens-made-up',
    standing: 'nobody',
    does: 'calls with tokens of 8 KiB that nobody signed, 32 at once',
    takesCore: true,
    async prepare(hostile) {
      const part = (value: object): string =>
        Buffer.from(JSON.stringify(value)).toString('base64url')
      const head = part({ alg: 'EdDSA', typ: 'JWT', kid: 'made-up' })
      const body = hostile.call(hostile.order.context, 'get', '{"key":"a"}')
      return (signal) =>
        overAndOver(32, signal, async (_, turn) => {
          const claims = part({ sub: 'x'.repeat(5_000), exp: 2 ** 32, turn })
          const token = `${head}.${claims}.${toHex(systemRandom.bytes(43))}`
          const headers = { authorization: `Bearer ${token}` }
          return hostile.send('POST', '/jsonrpc', { body, headers, signal })
        })
    },
  },
  {
    name: 'passwords-guessed',
    standing: 'nobody',
    does: 'signs in with passwords it guesses, and asks for challenges, 32 at once',
    takesCore: true,
    async prepare(hostile) {
      return (signal) =>
        overAndOver(32, signal, (lane, turn) => {
          const username = `user${turn % 7}`
          const body = JSON.stringify({
            ...{ auth_method: 'user_password', public_key: username, client_name: 'x' },
            ...{ timestamp: 0, provider_data: { username, password: `guess ${lane} ${turn}` } },
          })
          return turn % 2 === 0
            ? hostile.send('POST', '/auth/token', { body, signal })
            : hostile.send('POST', '/auth/challenge', { body: '{}', signal })
        })
    },
  },
]

/** A text frame of a client (RFC 6455), masked by zeros. */
function frameOf(text: string): Buffer {
  const payload = Buffer.from(text)
  const length =
    payload.length < 126
      ? Buffer.of(0x80 | payload.length)
      : Buffer.of(0x80 | 126, payload.length >> 8, payload.length & 255)
  return Buffer.concat([Buffer.of(0x81), length, Buffer.alloc(4), payload])
}
