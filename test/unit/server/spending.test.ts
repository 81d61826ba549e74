import { expect } from 'chai'
import {
  MAX_INLINE_JSON_BYTES,
  WS_BYTES_PER_UNIT,
  WS_UNITS_PER_SECOND,
} from '../../../src/server/limits.ts'
import { Purses } from '../../../src/server/ws/spending.ts'
import { handClock } from '../../support/hand-clock.ts'

describe('frames of a socket', () => {
  const FULL = MAX_INLINE_JSON_BYTES
  const perFull = 2 + FULL / WS_BYTES_PER_UNIT

  it('are read more slowly once they cost too much, all those of a key, and as fast as ever after a while', () => {
    const clock = handClock()
    const purses = new Purses(clock)
    const [one, same, other] = [purses.of('a'), purses.of('a'), purses.of('b')]
    let paid = 0
    while (one.pay(FULL) === 0) paid++
    expect(paid).to.equal(Math.floor((2 * WS_UNITS_PER_SECOND) / perFull))
    expect(same.pay(100)).to.be.greaterThan(0)
    expect(other.pay(100)).to.equal(0)
    clock.advance(1_000)
    expect(one.pay(100)).to.equal(0)
  })

  it('cost no more for what is read in another thread', () => {
    const purses = new Purses(handClock())
    const [large, full] = [purses.of(undefined), purses.of(undefined)]
    for (let i = 0; i < 100; i++) expect(large.pay(1_000_000)).to.equal(full.pay(FULL))
  })

  it('are paid for by a key as long as it has a socket', () => {
    const purses = new Purses(handClock())
    const first = purses.of('a')
    purses.of('a')
    purses.left('a')
    expect(purses.of('a')).to.equal(first)
    purses.left('a')
    purses.left('a')
    expect(purses.of('a')).not.to.equal(first)
  })
})
