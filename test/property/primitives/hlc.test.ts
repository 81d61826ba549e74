import { expect } from 'chai'
import fc from 'fast-check'
import {
  fromBase58,
  fromHex,
  fromUtf8,
  toBase58,
  toHex,
  utf8,
} from '../../../src/node/primitives/bytes.ts'
import { compareHlc, hlcTime, nextHlc, ntp64, ntp64ToNs } from '../../../src/node/primitives/hlc.ts'

const hlc = fc.uint8Array({ minLength: 24, maxLength: 24 })
const ns = fc.bigInt({ min: 0n, max: (1n << 62n) - 1n })

/** Order as the layout says it, by numbers. */
function numberOf(bytes: Uint8Array): bigint {
  const le = (part: Uint8Array): bigint => BigInt(`0x${toHex(Uint8Array.from(part).reverse())}`)
  return (le(bytes.subarray(0, 8)) << 128n) | le(bytes.subarray(8))
}

const near = fc.bigInt({ min: -20_000_000_000n, max: 20_000_000_000n })
const START = 1_767_225_600_000_000_000n
const reading = near.map((offset) => START + offset)

describe('timestamps, whatever the machine’s clock does', () => {
  it('only go forward, above what came before and what is asked for', () => {
    const steps = fc.array(
      fc.record({ nowNs: reading, aboveNs: fc.oneof(fc.constant(0n), reading) }),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(steps, (list) => {
        let newest: Uint8Array | undefined
        for (const { nowNs, aboveNs } of list) {
          const next = nextHlc(new Uint8Array(32).fill(5), nowNs, newest, aboveNs)
          if (newest !== undefined) expect(compareHlc(next, newest)).to.be.greaterThan(0)
          expect(ntp64ToNs(hlcTime(next)) > aboveNs).to.equal(true)
          expect(hlcTime(next) >= (ntp64(nowNs) & ~0xffffn)).to.equal(true)
          newest = next
        }
      }),
    )
  })

  it('converts nanoseconds without ever reading below them', () => {
    fc.assert(
      fc.property(ns, (value) => {
        expect(ntp64ToNs(ntp64(value))).to.equal(value)
      }),
    )
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }), (time) => {
        const back = ntp64(ntp64ToNs(time))
        expect(back >= time && back - time < 8n).to.equal(true)
      }),
    )
  })

  it('orders timestamps like the numbers they are', () => {
    fc.assert(
      fc.property(hlc, hlc, fc.boolean(), (a, b, sameTime) => {
        if (sameTime) b.set(a.subarray(0, 8))
        const expected = numberOf(a) < numberOf(b) ? -1 : numberOf(a) > numberOf(b) ? 1 : 0
        expect(Math.sign(compareHlc(a, b))).to.equal(expected)
      }),
    )
  })
})

describe('text forms', () => {
  it('come back as the bytes they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        expect(fromHex(toHex(bytes))).to.deep.equal(bytes)
        expect(fromBase58(toBase58(bytes))).to.deep.equal(bytes)
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(fromUtf8(utf8(text))).to.equal(text)
      }),
    )
  })
})
