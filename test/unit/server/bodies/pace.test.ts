import { expect } from 'chai'
import { BodyPace } from '../../../../src/server/bodies/pace.ts'
import {
  LARGE_BODY_BURST_MS,
  LARGE_BODY_BYTES_PER_SECOND,
  MAX_LARGE_BODY_WAIT_MS,
} from '../../../../src/server/limits.ts'
import { thrownCode } from '../../../support/error-code.ts'
import { handClock } from '../../../support/hand-clock.ts'

const BURST = (LARGE_BODY_BYTES_PER_SECOND * LARGE_BODY_BURST_MS) / 1000

describe('large bodies of one sender', () => {
  it('are read at once up to a burst, then as fast as the rate, and those of others are not held back', () => {
    const clock = handClock(0)
    const pace = new BodyPace(clock)
    const one = { keyId: 'one' }
    expect(pace.pay(one, BURST)).to.equal(0)
    expect(pace.pay(one, LARGE_BODY_BYTES_PER_SECOND)).to.equal(1_000)
    expect(pace.pay({ keyId: 'another' }, BURST)).to.equal(0)
    clock.advance(1_000 + LARGE_BODY_BURST_MS)
    expect(pace.pay(one, BURST)).to.equal(0)
  })

  it('are refused when they would wait too long, and that is not counted', () => {
    const pace = new BodyPace(handClock(0))
    const one = { address: '192.0.2.1' }
    const most = (LARGE_BODY_BYTES_PER_SECOND * MAX_LARGE_BODY_WAIT_MS) / 1000
    expect(pace.pay(one, BURST + most)).to.equal(MAX_LARGE_BODY_WAIT_MS)
    for (let i = 0; i < 3; i++) {
      expect(thrownCode(() => pace.pay(one, 1_000))).to.equal('SERVER_TOO_MANY')
    }
    expect(pace.pay(one, 0)).to.equal(MAX_LARGE_BODY_WAIT_MS)
  })

  it('that do not say how long they are hold back what comes next, however long they were', () => {
    const clock = handClock(0)
    const pace = new BodyPace(clock)
    const one = { keyId: 'one' }
    for (let i = 0; i < 5; i++) pace.owe(one, BURST)
    expect(thrownCode(() => pace.pay(one, 0))).to.equal('SERVER_TOO_MANY')
    clock.advance(4 * LARGE_BODY_BURST_MS)
    expect(pace.pay(one, 0)).to.equal(0)
  })
})
