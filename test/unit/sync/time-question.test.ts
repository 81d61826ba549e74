import { expect } from 'chai'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { NodeClock } from '../../../src/node/primitives/node-clock.ts'
import { TimeQuestion } from '../../../src/node/sync/push/time-question.ts'
import { keyOf } from '../../support/craft-delta.ts'
import { handClock, START_MS } from '../../support/hand-clock.ts'

const HOUR_MS = 3_600_000
const ALICE = keyOf('alice').publicKey
const BOB = keyOf('bob').publicKey

describe('a question for the time', () => {
  it('hears the answer to the last ping, once', () => {
    const hand = handClock()
    const heard: number[] = []
    const clock = new (class extends NodeClock {
      override heard(_: string, theirsMs: number, askedMs: number): void {
        heard.push(theirsMs, askedMs)
      }
    })(hand, silentLogger)
    const question = new TimeQuestion(clock)
    question.answered(ALICE, 0n, 1n) // nobody has asked
    const first = question.ask()
    hand.advance(7)
    const second = question.ask()
    question.answered(ALICE, first, 2n)
    expect(heard).to.deep.equal([])
    question.answered(ALICE, second, 3n)
    question.answered(ALICE, second, 4n)
    expect(heard).to.deep.equal([3, 7])
  })

  it('takes the answer for the time half way', () => {
    const hand = handClock()
    const clock = new NodeClock(hand, silentLogger)
    const question = new TimeQuestion(clock)
    const value = question.ask()
    hand.advance(400)
    question.answered(ALICE, value, BigInt(START_MS - HOUR_MS + 200))
    expect(clock.trouble?.skewMs).to.equal(HOUR_MS)
  })
  it('hears a member once, at however many peers it proves itself', () => {
    const hand = handClock()
    const clock = new NodeClock(hand, silentLogger)
    const say = (member: typeof ALICE, timeMs: number): void => {
      const question = new TimeQuestion(clock)
      question.answered(member, question.ask(), BigInt(timeMs))
    }
    // two that agree could move what is taken for the future
    for (let peers = 0; peers < 3; peers++) say(ALICE, START_MS + HOUR_MS)
    expect(clock.latestNs()).to.equal(BigInt(START_MS) * 1_000_000n)
    say(BOB, START_MS + HOUR_MS)
    expect(clock.latestNs()).to.equal(BigInt(START_MS + HOUR_MS) * 1_000_000n)
  })
})
