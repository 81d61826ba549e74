import { expect } from 'chai'
import { HLC_MAX_AHEAD_MS } from '../../../src/node/primitives/hlc.ts'
import { MAX_TIME_SAMPLES, TIME_SAMPLE_MS } from '../../../src/node/primitives/members-time.ts'
import {
  FIRST_WORD_MS,
  LOOK_MS,
  MAX_ROUND_TRIP_MS,
  NodeClock,
} from '../../../src/node/primitives/node-clock.ts'
import { STEP_LASTS_MS } from '../../../src/node/primitives/steady-time.ts'
import { type HandClock, handClock } from '../../support/hand-clock.ts'
import { recordLogger } from '../../support/record-logger.ts'

const HOUR_MS = 3_600_000

/** A node whose machine's clock may be wrong, and what is true. */
class Bench {
  readonly hand: HandClock = handClock()
  readonly log = recordLogger()
  readonly clock: NodeClock
  readonly told: string[] = []
  /** How far the machine's clock is ahead of the truth, ms. */
  #aheadMs: number

  constructor(aheadMs = 0) {
    this.#aheadMs = aheadMs
    this.clock = new NodeClock(this.hand, this.log)
    this.clock.events.on('questionable', () => this.told.push('questionable'))
    this.clock.events.on('moved', () => this.told.push('moved'))
    this.clock.start()
  }

  get #trueMs(): number {
    return this.hand.nowMs() - this.#aheadMs
  }

  /** How far stamps are ahead of the truth, ms. */
  get stampAheadMs(): number {
    return Number(this.clock.nowNs() / 1_000_000n) - this.#trueMs
  }

  /** How far ahead of the truth a stamp must lie to lie in the future, ms, tolerance apart. */
  get futureAheadMs(): number {
    return Number(this.clock.latestNs() / 1_000_000n) - this.#trueMs
  }

  /** The machine's clock is set. */
  step(ms: number): void {
    this.#aheadMs += ms
    this.hand.set(this.hand.nowNs() + BigInt(ms) * 1_000_000n)
  }

  /** The machine sleeps: the monotonic clock stands still, the wall clock does not. */
  sleep(ms: number): void {
    this.hand.set(this.hand.nowNs() + BigInt(ms) * 1_000_000n)
  }

  /** Members tell the time, each so much ahead of the truth, after a while on the way. */
  say(...aheadMs: readonly number[]): void {
    for (const [i, ms] of aheadMs.entries()) {
      const askedMs = this.hand.monotonicMs()
      this.hand.advance(20)
      const theirsMs = this.#trueMs + ms
      this.hand.advance(20)
      this.clock.heard(`member ${i}`, theirsMs, askedMs)
    }
  }
}

describe('the clock of a node', () => {
  it('is its machine’s while nothing speaks against it', () => {
    const b = new Bench()
    b.say(0, 300, -2_000)
    b.hand.advance(10 * LOOK_MS)
    expect([b.stampAheadMs, b.futureAheadMs, b.clock.trouble]).to.deep.equal([0, 0, undefined])
    expect(b.log.lines).to.deep.equal([])
  })

  it('stamps a call in a wrong hour right, and asks members for the time', () => {
    for (const stepMs of [HOUR_MS, -HOUR_MS]) {
      const b = new Bench()
      b.step(stepMs)
      expect([b.stampAheadMs, b.futureAheadMs]).to.deep.equal([0, 0])
      expect(b.told).to.deep.equal(['questionable'])
      // as long as it is wrong, with a member that says so
      for (let i = 0; i < 20; i++) {
        b.hand.advance(15_000)
        b.say(0)
        expect([b.stampAheadMs, b.futureAheadMs]).to.deep.equal([0, 0])
      }
      b.step(-stepMs)
      b.hand.advance(STEP_LASTS_MS)
      expect([b.stampAheadMs, b.futureAheadMs, b.clock.trouble]).to.deep.equal([0, 0, undefined])
      expect(b.told).to.deep.equal(['questionable'])
    }
  })

  it('wakes from a sleep: a member tells at once, a minute where nobody is online', () => {
    for (const isAlone of [true, false]) {
      const b = new Bench()
      b.say(0, 0)
      b.sleep(8 * HOUR_MS)
      expect(b.stampAheadMs).to.equal(-8 * HOUR_MS)
      if (isAlone) b.hand.advance(STEP_LASTS_MS + LOOK_MS)
      else b.say(0)
      expect([b.stampAheadMs, b.futureAheadMs, b.clock.trouble]).to.deep.equal([0, 0, undefined])
      expect(b.told).to.deep.equal(['questionable', 'moved'])
    }
  })

  it('wakes beside others that slept as long: they do not bear each other out', () => {
    const both = [new Bench(), new Bench()] as const
    for (const one of both) one.sleep(8 * HOUR_MS)
    for (let s = 0; s <= STEP_LASTS_MS; s += 15_000) {
      for (const [one, other] of [both, both.toReversed() as [Bench, Bench]]) {
        one.clock.heard('the other', other.clock.toldMs(), one.hand.monotonicMs())
      }
      for (const one of both) one.hand.advance(15_000)
    }
    for (const { stampAheadMs, futureAheadMs, clock } of both) {
      expect([stampAheadMs, futureAheadMs, clock.trouble]).to.deep.equal([0, 0, undefined])
    }
  })

  it('lets what stamps wait for the first word of a member after a start, for a moment', async () => {
    for (const isMet of [true, false]) {
      const b = new Bench(HOUR_MS)
      expect(b.clock.settled).to.equal(undefined) // nobody is expected
      b.clock.expectMembers()
      let isSettled = false
      const settled = b.clock.settled?.then(() => (isSettled = true))
      b.hand.advance(FIRST_WORD_MS - 100)
      await Promise.resolve()
      expect(isSettled).to.equal(false)
      if (isMet) b.say(0)
      else b.hand.advance(100)
      await settled
      expect(b.clock.settled).to.equal(undefined)
      expect(b.stampAheadMs).to.equal(isMet ? 0 : HOUR_MS)
      b.clock.stop()
      expect(b.hand.timers).to.equal(0)
    }
  })

  it('takes no word from before a sleep for one about the present', () => {
    const b = new Bench()
    const askedMs = b.hand.monotonicMs()
    const theirsMs = b.hand.nowMs()
    b.hand.advance(10)
    b.sleep(8 * HOUR_MS)
    b.clock.heard('member 0', theirsMs, askedMs)
    b.say(0)
    expect([b.stampAheadMs, b.clock.trouble]).to.deep.equal([0, undefined])
  })

  it('stamps by its members’ clocks where its own was ahead from the start, and is right again with it', () => {
    for (const members of [[0], [0, 0], [100, -100, 0]]) {
      const b = new Bench(HOUR_MS)
      expect(b.stampAheadMs).to.equal(HOUR_MS) // nobody has said anything
      b.say(...members)
      expect(Math.abs(b.stampAheadMs)).to.be.at.most(100)
      b.step(-HOUR_MS)
      // also before the members could say so
      expect(Math.abs(b.stampAheadMs)).to.be.at.most(100)
      b.say(...members)
      expect([b.stampAheadMs, b.futureAheadMs, b.clock.trouble]).to.deep.equal([0, 0, undefined])
      b.hand.advance(TIME_SAMPLE_MS + LOOK_MS)
      expect(b.stampAheadMs).to.equal(0)
    }
  })

  it('judges by its members’ clocks where its own is behind and two say so', () => {
    const b = new Bench(-HOUR_MS)
    b.say(0)
    expect(b.futureAheadMs).to.equal(-HOUR_MS)
    b.say(0, 50)
    expect(b.futureAheadMs).to.equal(0)
    expect(b.stampAheadMs).to.equal(-HOUR_MS) // late stamps do no harm
    expect(b.told).to.deep.equal(['moved'])
  })

  it('is moved forward by nobody who lies alone, and its stamps only back', () => {
    const b = new Bench()
    b.say(10 * HOUR_MS)
    expect([b.stampAheadMs, b.futureAheadMs]).to.deep.equal([0, 0])
    b.say(-10 * HOUR_MS)
    expect([b.stampAheadMs, b.futureAheadMs]).to.deep.equal([-10 * HOUR_MS, 0])
    // another member is enough to be rid of it
    b.say(-10 * HOUR_MS, 0)
    expect([b.stampAheadMs, b.futureAheadMs]).to.deep.equal([0, 0])
    b.say(10 * HOUR_MS, 9 * HOUR_MS)
    expect([b.stampAheadMs, b.futureAheadMs]).to.deep.equal([0, 0])
  })

  it('is moved by no two liars among five', () => {
    for (const lieMs of [HOUR_MS, -HOUR_MS]) {
      const b = new Bench()
      b.say(lieMs, 0, lieMs, 0, 0)
      expect([b.stampAheadMs, b.futureAheadMs, b.clock.trouble]).to.deep.equal([0, 0, undefined])
      // and they do not keep it from seeing that it is wrong itself
      const wrong = new Bench(2 * HOUR_MS)
      wrong.say(lieMs, 0, lieMs, 0, 0)
      expect(wrong.stampAheadMs).to.equal(0)
    }
  })

  it('hears each member once, the last ones only, and not for ever', () => {
    const b = new Bench()
    for (let i = 0; i < 5; i++) b.say(-HOUR_MS)
    expect(b.clock.trouble?.members).to.equal(1)
    b.say(...Array.from({ length: MAX_TIME_SAMPLES + 1 }, () => -HOUR_MS))
    expect(b.clock.trouble?.members).to.equal(MAX_TIME_SAMPLES)
    b.hand.advance(TIME_SAMPLE_MS + LOOK_MS)
    expect([b.stampAheadMs, b.clock.trouble]).to.deep.equal([0, undefined])
  })

  it('learns nothing from an answer that was long on its way', () => {
    const b = new Bench()
    const askedMs = b.hand.monotonicMs()
    const theirsMs = b.hand.nowMs()
    b.hand.advance(MAX_ROUND_TRIP_MS + 1)
    b.clock.heard('slow', theirsMs - HOUR_MS, askedMs)
    expect([b.stampAheadMs, b.clock.trouble]).to.deep.equal([0, undefined])
  })

  it('says once that it is off, and once that it is right again', () => {
    const b = new Bench()
    b.step(HOUR_MS)
    b.hand.advance(4 * LOOK_MS)
    expect(b.clock.trouble).to.include({ skewMs: HOUR_MS, members: 0 })
    b.say(0, 0)
    b.hand.advance(4 * LOOK_MS)
    expect(b.clock.trouble).to.include({ skewMs: HOUR_MS, members: 2 })
    expect(b.clock.trouble?.text).to.include('3600 s ahead of those of the 2 members')
    b.step(-HOUR_MS)
    b.hand.advance(4 * LOOK_MS)
    expect(b.log.lines.map(({ level }) => level)).to.deep.equal(['warn', 'info'])
    expect(b.clock.skewSeconds).to.equal(0)
  })

  it('says nothing of what is within the tolerance, or over at once', () => {
    const b = new Bench(HLC_MAX_AHEAD_MS)
    b.say(0, 0)
    b.hand.advance(LOOK_MS)
    b.sleep(HOUR_MS)
    b.hand.advance(LOOK_MS)
    b.say(0, 0)
    b.hand.advance(4 * LOOK_MS)
    expect(b.log.lines).to.deep.equal([])
  })

  it('tells members its own reckoning, not what they have told it', () => {
    const b = new Bench(HOUR_MS)
    b.say(0, 0, 0)
    expect(b.clock.toldMs()).to.equal(b.hand.nowMs())
    expect(b.stampAheadMs).to.equal(0)
  })
})
