import { expect } from 'chai'
import fc from 'fast-check'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { serving } from '../../support/serving.ts'
import type { Serving } from '../../support/serving.ts'

describe('any body to /jsonrpc', () => {
  let world: Serving
  let contextId: string
  const headers = { 'content-type': 'application/json' }

  before(async () => {
    world = await serving()
    contextId = toBase58(world.node.addContext())
  })
  after(() => world.server.stop())

  const acceptable = async (body: string | Uint8Array): Promise<void> => {
    const { status, text } = await world.send('POST', '/jsonrpc', body, headers)
    expect(status).to.be.oneOf([200, 204, 400, 413, 422])
    if (status !== 200) return
    const parsed: unknown = JSON.parse(text)
    for (const answer of [parsed].flat()) {
      const { result, error } = answer as { result?: unknown; error?: { type?: unknown } }
      expect((result === undefined) !== (error === undefined)).to.equal(true)
      if (error === undefined) continue
      expect(error).to.include.keys('type', 'data', 'code', 'message')
      expect(error.type).not.to.equal('InternalError')
    }
  }

  it('of JSON is a 4xx or an answer, never a failure of ours', async () => {
    await fc.assert(fc.asyncProperty(fc.json(), acceptable), { numRuns: 100 })
  })

  it('of bytes is a 4xx or an answer', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ minLength: 1 }), acceptable), { numRuns: 100 })
  })

  it('close to a call is a 4xx or an answer', async () => {
    const near = <T>(value: T): fc.Arbitrary<unknown> =>
      fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, fc.jsonValue())
    const params = fc.record(
      {
        contextId: near(contextId),
        method: near('echo'),
        argsJson: fc.jsonValue(),
        executorPublicKey: near(null),
        substitute: near([]),
      },
      { requiredKeys: [] },
    )
    const request = fc.record(
      {
        jsonrpc: near('2.0'),
        id: near(1),
        method: fc.oneof(near('execute'), fc.constantFrom('query', 'mutate', 'sync_status')),
        params: fc.oneof({ weight: 4, arbitrary: params }, fc.jsonValue()),
      },
      { requiredKeys: [] },
    )
    const body = fc.oneof({ weight: 3, arbitrary: request }, fc.array(request, { maxLength: 4 }))
    await fc.assert(
      fc.asyncProperty(body, (value) => acceptable(JSON.stringify(value))),
      { numRuns: 200 },
    )
  })
})
