import { expect } from 'chai'
import {
  readBlock,
  readFinal,
  readHead,
  readTime,
} from '../../../../src/chains/ethereum/rpc/head.ts'
import { MAX_CLOCK_SKEW_SECONDS } from '../../../../src/node/anchor/limits.ts'
import { codeOf } from '../../../compliance/anchor-support.ts'
import { noMethod, stubEndpoint } from '../../../support/stub-endpoint.ts'

function block(number: number | null, timestamp: number): object {
  const at = number === null ? null : `0x${number.toString(16)}`
  return { number: at, hash: `0x${'ab'.repeat(32)}`, timestamp: `0x${timestamp.toString(16)}` }
}

/** An endpoint with blocks by tag. */
function blocks(byTag: Readonly<Record<string, unknown>>) {
  return stubEndpoint({
    eth_blockNumber: '0x64',
    eth_getBlockByNumber: ([tag]: readonly unknown[]) => {
      const found = byTag[String(tag)]
      if (found === undefined) throw noMethod('eth_getBlockByNumber')
      return found
    },
  })
}

describe('ethereum head', () => {
  it('finds the final block by tag, or by how many lie above it', async () => {
    const endpoint = blocks({ finalized: block(40, 1), safe: block(70, 1) })
    expect(await readFinal(endpoint, 'finalized')).to.equal(40)
    expect(await readFinal(endpoint, 'safe')).to.equal(70)
    expect(await readFinal(endpoint, 12)).to.equal(88)
    expect(await readFinal(endpoint, 0)).to.equal(100)
    expect(await readFinal(endpoint, 1000)).to.equal(0)
    expect(await readFinal(blocks({ finalized: null }), 'finalized')).to.equal(0)
  })

  for (const answer of ['0x', 'a', 5, {}, { number: '0x1' }, block(null, 1)]) {
    it(`does not take ${JSON.stringify(answer)} for a block`, async () => {
      expect(await codeOf(readBlock(blocks({ latest: answer }), 'latest'))).to.equal(
        'ANCHOR_BAD_ANSWER',
      )
    })
  }

  for (const answer of [null, 7, '7', '0x', '0xzz', `0x${'f'.repeat(20)}`]) {
    it(`does not take ${JSON.stringify(answer)} for a number`, async () => {
      const endpoint = stubEndpoint({ eth_blockNumber: answer })
      expect(await codeOf(readHead(endpoint))).to.equal('ANCHOR_BAD_ANSWER')
    })
  }

  it('goes by the pending block’s time', async () => {
    const endpoint = blocks({ latest: block(9, 1000), pending: block(null, 1012) })
    expect(await readTime(endpoint, 1200n)).to.equal(1012n)
    expect(await readTime(endpoint), 'held to nothing').to.equal(1012n)
  })

  for (const [name, pending] of [
    ['nothing', null],
    ['an error', undefined],
    ['the newest block again', block(9, 1000)],
  ] as const) {
    it(`takes this machine's word where ${name} is shown for pending`, async () => {
      const endpoint = blocks({ latest: block(9, 1000), pending })
      expect(await readTime(endpoint, 400_000n), 'an idle chain').to.equal(400_000n)
      expect(await readTime(endpoint, 990n), 'a clock that is behind').to.equal(1000n)
    })
  }

  it('takes no endpoint’s word for a time that is far from this machine’s', async () => {
    const limit = Number(MAX_CLOCK_SKEW_SECONDS)
    const now = 1_000_000
    const at = (seconds: number) => blocks({ latest: block(9, 1000), pending: block(10, seconds) })
    expect(await readTime(at(now + limit), BigInt(now))).to.equal(BigInt(now + limit))
    expect(await readTime(at(now - limit), BigInt(now))).to.equal(BigInt(now - limit))
    for (const seconds of [now + limit + 1, now - limit - 1, now * 1000]) {
      expect(await codeOf(readTime(at(seconds), BigInt(now)))).to.equal('ANCHOR_CLOCK')
    }
    const ahead = blocks({ latest: block(9, now + limit + 1), pending: null })
    expect(await codeOf(readTime(ahead, BigInt(now)))).to.equal('ANCHOR_CLOCK')
  })
})
