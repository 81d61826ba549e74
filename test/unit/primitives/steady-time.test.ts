import { expect } from 'chai'
import { STEP_LASTS_MS, STEP_MS, SteadyTime } from '../../../src/node/primitives/steady-time.ts'
import { type HandClock, handClock, START_MS } from '../../support/hand-clock.ts'

const HOUR_MS = 3_600_000

interface Bench {
  readonly clock: HandClock
  readonly steady: SteadyTime
  readonly told: string[]
  /** What the node takes for the present, ms since the start. */
  now(): number
  /** Sets the wall clock by so much. */
  step(ms: number): void
}

function bench(): Bench {
  const clock = handClock()
  const told: string[] = []
  const steady = new SteadyTime(clock, {
    onStep: () => told.push('step'),
    onBelieved: () => told.push('believed'),
  })
  const now = (): number => Number(steady.at(steady.believed) / 1_000_000n) - START_MS
  const step = (ms: number): void => clock.set(clock.nowNs() + BigInt(ms) * 1_000_000n)
  return { clock, steady, told, now, step }
}

describe('the steady time', () => {
  for (const stepMs of [HOUR_MS, -HOUR_MS]) {
    it(`goes on when the wall clock is set by ${stepMs} ms, and forgets it when it is set back`, () => {
      const b = bench()
      b.clock.advance(1_000)
      b.step(stepMs)
      expect(b.now()).to.equal(1_000)
      b.clock.advance(STEP_LASTS_MS / 2)
      expect(b.now()).to.equal(1_000 + STEP_LASTS_MS / 2)
      b.step(-stepMs)
      b.clock.advance(2 * STEP_LASTS_MS)
      expect(b.now()).to.equal(1_000 + 2.5 * STEP_LASTS_MS)
      expect(b.steady.step).to.equal(undefined)
      expect(b.told).to.deep.equal(['step'])
    })

    it(`believes a step of ${stepMs} ms that has lasted, and its end at once`, () => {
      const b = bench()
      b.step(stepMs)
      b.now() // noticed
      b.clock.advance(STEP_LASTS_MS - 1)
      expect(b.now()).to.equal(STEP_LASTS_MS - 1)
      b.clock.advance(1)
      expect(b.now()).to.equal(STEP_LASTS_MS + stepMs)
      b.step(-stepMs)
      expect(b.now()).to.equal(STEP_LASTS_MS)
      expect(b.told).to.deep.equal(['step', 'believed', 'believed'])
    })
  }

  it('follows a clock that is slewed, however far it gets', () => {
    const b = bench()
    for (let i = 0; i < 10; i++) {
      b.step(STEP_MS)
      expect(b.now()).to.equal((i + 1) * STEP_MS)
    }
    b.step(STEP_MS + 1)
    expect(b.now()).to.equal(10 * STEP_MS)
  })

  it('believes a step that members bear out, at once', () => {
    const b = bench()
    b.step(HOUR_MS)
    b.now()
    b.steady.believe()
    expect(b.now()).to.equal(HOUR_MS)
    expect(b.steady.step).to.equal(undefined)
  })

  it('believes nothing as long as members contradict', () => {
    const b = bench()
    b.step(HOUR_MS)
    b.now()
    for (let i = 0; i < 10; i++) {
      b.clock.advance(STEP_LASTS_MS - 1)
      expect(b.now()).to.equal((i + 1) * (STEP_LASTS_MS - 1))
      b.steady.contradict()
    }
    b.clock.advance(STEP_LASTS_MS)
    expect(b.now()).to.equal(10 * (STEP_LASTS_MS - 1) + STEP_LASTS_MS + HOUR_MS)
  })

  it('counts anew when the clock is set once more', () => {
    const b = bench()
    b.step(HOUR_MS)
    b.now()
    b.clock.advance(STEP_LASTS_MS - 1)
    b.step(HOUR_MS)
    expect(b.now()).to.equal(STEP_LASTS_MS - 1)
    b.clock.advance(STEP_LASTS_MS - 1)
    expect(b.now()).to.equal(2 * (STEP_LASTS_MS - 1))
    expect(b.told).to.deep.equal(['step', 'step'])
  })

  it('takes two readings between which the process stood still for none', () => {
    const clock = handClock()
    let pauseMs = 0
    const steady = new SteadyTime(
      {
        ...clock,
        nowMs: () => clock.nowMs(),
        nowNs: () => {
          const now = clock.nowNs()
          clock.advance(pauseMs)
          pauseMs = 0
          return now
        },
      },
      { onStep: () => expect.fail('there was no step'), onBelieved: () => {} },
    )
    pauseMs = 20_000
    expect(steady.at(steady.believed)).to.equal(clock.nowNs())
  })
})
