import { expect } from 'chai'
import type { WebSocket } from 'ws'
import { fromUtf8, utf8 } from '../../../src/node/primitives/bytes.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { EVERYTHING } from '../../../src/server/access/guard.ts'
import type { Outcome } from '../../../src/server/json-rpc/dispatcher.ts'
import { parseJson } from '../../../src/server/json.ts'
import { Connection } from '../../../src/server/ws/connection.ts'

const FROM = { address: '127.0.0.1', openedMs: 0 }

describe('a socket that was told to go', () => {
  it('does nothing of what it is sent until the other side has gone', async () => {
    const calls: unknown[] = []
    const socket = { OPEN: 1, CLOSING: 2, readyState: 1, send: () => {}, bufferedAmount: 0 }
    const closing = { ...socket, close: () => void (closing.readyState = socket.CLOSING) }
    // as much of a socket as is used here
    const connection = new Connection(closing as unknown as WebSocket, FROM, EVERYTHING, {
      clock: systemClock,
      reader: { read: async (bytes) => parseJson(fromUtf8(bytes)) },
      authenticate: () => Promise.resolve(EVERYTHING),
      pay: () => 0,
      dispatch: {
        methods: [],
        deadline: () => ({ signal: new AbortController().signal, cancel: () => {} }),
        call: async (method): Promise<Outcome> => {
          calls.push(method)
          return { result: '{}' }
        },
      },
      events: {
        replay: () => Promise.resolve({ mutations: [], skipped: 0n }),
        last: () => Promise.resolve(0n),
      },
      requestId: () => 'id',
      watch: () => {},
      unwatch: () => {},
      onSkipped: () => {},
      onFailure: (error) => expect.fail(String(error)),
    })
    const frame = utf8(JSON.stringify({ id: 1, method: 'execute', params: {} }))
    await connection.receive(frame)
    connection.close(4403, 'token_revoked')
    await connection.receive(frame)
    expect(calls).to.deep.equal(['execute'])
  })
})
