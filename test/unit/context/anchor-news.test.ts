import { expect } from 'chai'
import { anchorError } from '../../../src/node/anchor/errors.ts'
import { AnchorNews } from '../../../src/node/context/anchor-news.ts'
import { NEWS_RETRY_MAX_MS, NEWS_RETRY_MIN_MS } from '../../../src/node/context/limits.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { CONTEXT } from '../../support/craft-delta.ts'
import { handClock } from '../../support/hand-clock.ts'

/** News over an anchor that answers what it is told to. */
function kit() {
  const clock = handClock()
  const work: Promise<void>[] = []
  const answers: (bigint | undefined | Error)[] = []
  let reads = 0
  const news = new AnchorNews({
    clock,
    logger: silentLogger,
    background: (promise) => work.push(promise),
    async read() {
      reads++
      const answer = answers.shift()
      if (answer instanceof Error) throw answer
      return answer
    },
  })
  return {
    clock,
    news,
    answers,
    get reads() {
      return reads
    },
    async settled() {
      while (work.length > 0) await work.shift()
    },
  }
}

const away = anchorError('ANCHOR_UNREACHABLE', 'nobody answers')

describe('news of the anchor', () => {
  it('are read once when the answer is as new as the hint', async () => {
    const it = kit()
    it.answers.push(7n)
    it.news.heard(CONTEXT, 7n)
    await it.settled()
    expect([it.reads, it.news.size, it.clock.timers]).to.deep.equal([1, 0, 0])
  })

  it('are measured by another history when the anchor has another', async () => {
    const it = kit()
    it.answers.push(3n, 2n)
    it.news.heard(CONTEXT, 7n)
    await it.settled()
    it.news.heard(CONTEXT, 2n, true)
    await it.settled()
    expect([it.reads, it.news.size, it.clock.timers]).to.deep.equal([2, 0, 0])
  })

  it('are read again while an endpoint lags behind the hint', async () => {
    const it = kit()
    it.answers.push(6n, 6n, 7n)
    it.news.heard(CONTEXT, 7n)
    await it.settled()
    it.clock.advance(NEWS_RETRY_MIN_MS)
    await it.settled()
    expect([it.reads, it.news.size]).to.deep.equal([2, 1])
    it.clock.advance(2 * NEWS_RETRY_MIN_MS)
    await it.settled()
    expect([it.reads, it.news.size, it.clock.timers]).to.deep.equal([3, 0, 0])
  })

  it('are read again after the anchor was away, ever more slowly up to a bound', async () => {
    const it = kit()
    it.answers.push(...Array.from({ length: 20 }, () => away), 9n)
    it.news.heard(CONTEXT, 9n)
    await it.settled()
    for (let tries = 1; tries < 20; tries++) {
      it.clock.advance(NEWS_RETRY_MAX_MS)
      await it.settled()
    }
    expect([it.reads, it.news.size]).to.deep.equal([20, 1])
    it.clock.advance(NEWS_RETRY_MAX_MS)
    await it.settled()
    expect([it.reads, it.news.size]).to.deep.equal([21, 0])
  })

  it('that come during a reading are read for themselves', async () => {
    const it = kit()
    it.answers.push(5n, 6n)
    it.news.heard(CONTEXT, 5n)
    it.news.heard(CONTEXT, 6n)
    await it.settled()
    expect([it.reads, it.news.size, it.clock.timers]).to.deep.equal([2, 0, 0])
  })

  it('are forgotten with their context, and when the node stops', async () => {
    const it = kit()
    it.answers.push(undefined, away)
    it.news.heard(CONTEXT, 5n)
    await it.settled()
    expect([it.reads, it.news.size]).to.deep.equal([1, 0])
    it.news.heard(CONTEXT, 5n)
    await it.settled()
    it.news.stop()
    it.clock.advance(NEWS_RETRY_MAX_MS)
    expect([it.reads, it.news.size, it.clock.timers]).to.deep.equal([2, 0, 0])
  })
})
