import { expect } from 'chai'
import {
  compareHlc,
  HLC_BYTES,
  HLC_ZERO,
  hlcTime,
  nextHlc,
  ntp64,
  ntp64ToNs,
} from '../../../src/node/primitives/hlc.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { bytesOf } from '../../support/craft-delta.ts'
import { START_MS } from '../../support/hand-clock.ts'

const author = bytesOf('author')
const NOW_NS = BigInt(START_MS) * 1_000_000n

function at(time: bigint, id: readonly number[] = []): Uint8Array {
  const out = new Uint8Array(HLC_BYTES)
  new DataView(out.buffer).setBigUint64(0, time, true)
  out.set(id, 8)
  return out
}

describe('timestamps', () => {
  it('writes u64 LE time and the first half of the author as id', () => {
    const hlc = nextHlc(author, NOW_NS)
    expect(hlc).to.have.length(HLC_BYTES)
    expect(toHex(hlc.subarray(8))).to.equal(toHex(author.subarray(0, 16)))
    expect(hlcTime(hlc) >> 32n).to.equal(NOW_NS / 1_000_000_000n)
    expect(hlcTime(hlc) & 0xffffn).to.equal(0n)
  })

  it('never writes the id zero', () => {
    const hlc = nextHlc(new Uint8Array(32), NOW_NS)
    expect(toHex(hlc.subarray(8))).to.equal('01000000000000000000000000000000')
  })

  it('carries a full counter into the time', () => {
    const full = at(ntp64(NOW_NS) | 0xffffn)
    const next = hlcTime(nextHlc(author, NOW_NS, full))
    expect(next).to.equal(hlcTime(full) + 1n)
    expect(next & 0xffffn).to.equal(0n)
  })

  it('is the present again once that has passed what came before', () => {
    const before = at(ntp64(NOW_NS + 1_000_000_000n))
    const laterNs = NOW_NS + 2_000_000_000n
    expect(hlcTime(nextHlc(author, laterNs, before))).to.equal(ntp64(laterNs) & ~0xffffn)
  })

  it('orders by time and then by id as a little-endian number', () => {
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
