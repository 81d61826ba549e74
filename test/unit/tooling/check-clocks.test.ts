import { expect } from 'chai'
import { findWallClocks } from '../../../scripts/check-clocks.ts'

describe('readings of the wall clock', () => {
  it('are found where the list has none', () => {
    const text = 'const a = 1\nconst until = clock.nowMs() + 1000\nconst b = this.#clock.nowNs()\n'
    expect(findWallClocks('src/node/sync/quotas.ts', text)).to.deep.equal([
      'src/node/sync/quotas.ts:2,3: reads the wall clock 2 times, the list says none',
    ])
  })

  it('are found beside those that the list names', () => {
    const listed = 'const now = clock.nowMs()\n'
    expect(findWallClocks('src/server/request.ts', listed)).to.deep.equal([])
    expect(findWallClocks('src/server/request.ts', listed + listed)).to.have.length(1)
    expect(findWallClocks('src/server/request.ts', '')).to.have.length(1)
  })

  it('are neither readings of the monotonic clock nor declarations', () => {
    const text = 'const startedMs = clock.monotonicMs()\ninterface View {\n  nowNs(): bigint\n}\n'
    expect(findWallClocks('src/node/sync/quotas.ts', text)).to.deep.equal([])
  })
})
