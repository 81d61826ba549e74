import { expect } from 'chai'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { httpServer } from '../../../src/server/index.ts'
import { MAX_BATCH } from '../../../src/server/limits.ts'
import { newContext, nodeWorld } from '../../support/real-node.ts'

/** Guests here never end by themselves: neither their fuel nor their own time is ever spent. */
const runtime = { workers: 1, fuel: 10n ** 15n, deadlineMs: 3_600_000 }

interface Reply {
  readonly result?: { readonly output: unknown }
  readonly error?: { readonly type: string; readonly details: { readonly mayTakeEffect: boolean } }
}

describe('endless loops', () => {
  it('in one batch are answered when its time is over, and the guest is ended', async () => {
    await using world = await nodeWorld()
    const node = await world.node('a', { runtime })
    const { context } = await newContext(node)
    const listen = [{ host: '127.0.0.1', port: 0 }]
    await using server = httpServer({ listen, callTimeoutMs: 2000 })({ node })
    await server.start()
    const { url } = server.address()
    const call = (method: string, argsJson: object = {}): object => ({
      jsonrpc: '2.0',
      id: 1,
      method: 'execute',
      params: { contextId: toBase58(context), method, argsJson },
    })
    const post = async <T>(body: unknown): Promise<T> => {
      const headers = { 'content-type': 'application/json' }
      const sent = { method: 'POST', headers, body: JSON.stringify(body) }
      const answer = await fetch(`${url}/jsonrpc`, sent)
      return (await answer.json()) as T
    }
    let isAnswered = false
    const batch = post<Reply[]>(Array(MAX_BATCH).fill(call('fail_loop'))).finally(
      () => (isAnswered = true),
    )
    let healthy = 0
    while (!isAnswered) {
      expect((await fetch(`${url}/health`)).status).to.equal(200)
      healthy++
    }
    expect(healthy, 'the server answers others meanwhile').to.be.greaterThan(5)
    const replies = await batch
    expect(replies).to.have.length(MAX_BATCH)
    for (const { error } of replies) {
      expect(error).to.include({ type: 'Timeout' })
      expect(error?.details.mayTakeEffect).to.equal(false)
    }
    // the context has one thread: it answers only when the loop is off it
    expect((await post<Reply>(call('set', { key: 'a', value: 'b' }))).result).to.deep.equal({
      output: null,
    })
  })
})
