import { expect } from 'chai'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { NodeClock } from '../../../src/node/primitives/node-clock.ts'
import { TimeQuestion } from '../../../src/node/sync/push/time-question.ts'
import { handClock, START_MS } from '../../support/hand-clock.ts'

const HOUR_MS = 3_600_000

describe('a question for the time', () => {
  it('hears the answer to the last ping, once', () => {
    const hand = handClock()
    const heard: number[] = []
    const clock = new (class extends NodeClock {
      override heard(_: string, theirsMs: number, askedMs: number): void {
        heard.push(theirsMs, askedMs)
      }
    })(hand, silentLogger)
    const question = new TimeQuestion('peer', clock)
    question.answered(0n, 1n) // nobody has asked
    const first = question.ask()
    hand.advance(7)
    const second = question.ask()
    question.answered(first, 2n)
    expect(heard).to.deep.equal([])
    question.answered(second, 3n)
    question.answered(second, 4n)
    expect(heard).to.deep.equal([3, 7])
  })

  it('takes the answer for the time half way', () => {
    const hand = handClock()
    const clock = new NodeClock(hand, silentLogger)
    const question = new TimeQuestion('peer', clock)
    const value = question.ask()
    hand.advance(400)
    question.answered(value, BigInt(START_MS - HOUR_MS + 200))
    expect(clock.trouble?.skewMs).to.equal(HOUR_MS)
  })
})
