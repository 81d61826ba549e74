import { expect } from 'chai'
import {
  compareHlc,
  HLC_BYTES,
  HLC_ZERO,
  hlcTime,
  HybridClock,
  ntp64,
  ntp64ToNs,
} from '../../../src/node/primitives/hlc.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { bytesOf } from '../../support/craft-delta.ts'
import { handClock } from '../../support/hand-clock.ts'

const author = bytesOf('author')

describe('hybrid clock', () => {
  it('writes u64 LE time and the first half of the author as id', () => {
    const clock = handClock()
    const hlc = new HybridClock(clock).next(author)
    expect(hlc).to.have.length(HLC_BYTES)
    expect(toHex(hlc.subarray(8))).to.equal(toHex(author.subarray(0, 16)))
    expect(hlcTime(hlc) >> 32n).to.equal(BigInt(Math.floor(clock.nowMs() / 1000)))
    expect(hlcTime(hlc) & 0xffffn).to.equal(0n)
  })

  it('never writes the id zero', () => {
    const hlc = new HybridClock(handClock()).next(new Uint8Array(32))
    expect(toHex(hlc.subarray(8))).to.equal('01000000000000000000000000000000')
  })

  it('carries a full counter into the time', () => {
    const clock = handClock()
    const hybrid = new HybridClock(clock, ntp64(clock.nowNs()) | 0xffffn)
    const before = hybrid.last
    expect(hlcTime(hybrid.next(author))).to.equal(before + 1n)
    expect((before + 1n) & 0xffffn).to.equal(0n)
  })

  it('gives out nothing at or below its floor, and begins above it after a clock that went back', () => {
    const clock = handClock()
    const floor = ntp64(clock.nowNs() + 10_000_000_000n)
    const hybrid = new HybridClock(clock, floor)
    expect(hlcTime(hybrid.next(author)) > floor).to.equal(true)
  })

  it('gives out the physical time again once it has passed', () => {
    const clock = handClock()
    const hybrid = new HybridClock(clock)
    hybrid.observe(ntp64(clock.nowNs() + 1_000_000_000n))
    clock.advance(2_000)
    expect(hlcTime(hybrid.next(author))).to.equal(ntp64(clock.nowNs()) & ~0xffffn)
  })

  it('orders by time and then by id as a little-endian number', () => {
    const at = (time: bigint, id: readonly number[]): Uint8Array => {
      const out = new Uint8Array(HLC_BYTES)
      new DataView(out.buffer).setBigUint64(0, time, true)
      out.set(id, 8)
      return out
    }
    expect(compareHlc(at(1n, [255]), at(2n, [0]))).to.be.lessThan(0)
    expect(compareHlc(at(1n << 40n, []), at(2n, []))).to.be.greaterThan(0)
    // 256 is more than 255, though its first byte is less
    expect(compareHlc(at(1n, [0, 1]), at(1n, [255, 0]))).to.be.greaterThan(0)
    expect(compareHlc(at(1n, [3]), at(1n, [3]))).to.equal(0)
    expect(compareHlc(HLC_ZERO, at(0n, [1]))).to.be.lessThan(0)
  })

  it('leaves what it compares as it was, also where slices are views', () => {
    const a = Buffer.from(Uint8Array.from({ length: HLC_BYTES }, (_, i) => (i < 8 ? 0 : i)))
    const b = Buffer.from(a)
    b[23] = 99
    const before = [a.toString('hex'), b.toString('hex')]
    expect(compareHlc(a, b)).to.be.lessThan(0)
    expect([a.toString('hex'), b.toString('hex')]).to.deep.equal(before)
  })

  it('never reads below what it was made of', () => {
    for (const ns of [0n, 1n, 999_999_999n, 1_767_225_600_123_456_789n]) {
      expect(ntp64ToNs(ntp64(ns))).to.equal(ns)
    }
  })
})
