import { expect } from 'chai'
import fc from 'fast-check'
import { compareBytes, concat } from '../../../src/node/primitives/bytes.ts'
import { prefixRange, rowKey, u32be, u64be } from '../../../src/node/store/keys.ts'

const bytes = fc.uint8Array({ maxLength: 6 })

describe('ranges of a prefix', () => {
  it('hold exactly the keys that begin with it', () => {
    const near = fc.oneof(
      bytes,
      fc
        .array(fc.constantFrom(0, 1, 0xfe, 0xff), { maxLength: 5 })
        .map((list) => Uint8Array.from(list)),
    )
    const prefixes = near.filter((prefix) => prefix.some((byte) => byte !== 0xff))
    fc.assert(
      fc.property(prefixes, near, bytes, (prefix, other, rest) => {
        const { gte, lt } = prefixRange(prefix)
        const holds = (key: Uint8Array): boolean =>
          compareBytes(key, gte) >= 0 && compareBytes(key, lt) < 0
        expect(holds(concat(prefix, rest))).to.equal(true)
        const begins = compareBytes(other.subarray(0, prefix.length), prefix) === 0
        expect(holds(other)).to.equal(begins)
      }),
    )
  })

  it('leave the prefix as it was', () => {
    const prefix = rowKey(6, u32be(0xffffffff))
    const before = prefix.slice()
    prefixRange(prefix)
    expect(prefix).to.deep.equal(before)
  })

  it('sort numbers as they count', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (a, b, c) => {
        expect(Math.sign(compareBytes(u32be(a), u32be(b)))).to.equal(Math.sign(a - b))
        if (c > 0n) expect(compareBytes(u64be(c - 1n), u64be(c))).to.be.lessThan(0)
      }),
    )
  })
})
