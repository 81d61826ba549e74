import { expect } from 'chai'
import { GuestClock, HYBRID_TICK_NS } from '../../../src/node/runtime/wasm/guest-clock.ts'

describe('the clock of guests', () => {
  it('follows the wall, ends in the lane and never repeats', () => {
    const clock = new GuestClock(() => 1_000_000n)
    clock.begin(0n, 5)
    const readings = Array.from({ length: 1000 }, () => clock.now())
    expect(readings.every((reading) => (reading & 255n) === 5n)).to.equal(true)
    expect(readings.every((reading, i) => i === 0 || reading > (readings[i - 1] ?? 0n))).to.equal(
      true,
    )
    expect(clock.lastOfCall).to.equal(readings.at(-1))
  })

  it('stays above what was seen, by a tick at the start of each call', () => {
    const clock = new GuestClock(() => 1n)
    clock.begin(1_000_000_000n, 0)
    const first = clock.now()
    expect(first > 1_000_000_000n + HYBRID_TICK_NS).to.equal(true)
    clock.begin(0n, 0)
    expect(clock.lastOfCall).to.equal(0n)
    expect(clock.now() > first + HYBRID_TICK_NS).to.equal(true)
  })

  it('gives no two lanes the same time', () => {
    const readings = [1, 2, 3].flatMap((lane) => {
      const clock = new GuestClock(() => 1_000_000n)
      clock.begin(500n, lane)
      return [clock.now(), clock.now(), clock.now()]
    })
    expect(new Set(readings).size).to.equal(readings.length)
  })
})
