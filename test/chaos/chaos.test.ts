import { expect } from 'chai'
import { run } from './run.ts'

describe('processes under faults', () => {
  it('come to rest with everything that was acknowledged', async () => {
    const one = await run({
      seed: 1,
      nodes: 3,
      operations: 300,
      faults: 5,
      kinds: ['kill', 'halt', 'cut', 'hold', 'disk'],
      contexts: 2,
      partMs: 1_500,
      onNote: (text) => console.log(`      ${text}`),
    })
    expect(one.findings).to.deep.equal([])
    expect(one.verdict).to.equal(undefined)
    expect(one.operations.acknowledged).to.be.greaterThan(100)
  }).timeout(60_000)
})
