import { expect } from 'chai'
import { canonicalJson } from '../../../src/node/applications/canonical-json.ts'
import { MAX_JSON_DEPTH } from '../../../src/node/applications/limits.ts'
import { thrownCode } from '../../support/error-code.ts'

describe('canonicalJson', () => {
  it('prints the example of RFC 8785 3.2.2', () => {
    const input = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`
    expect(canonicalJson(JSON.parse(input))).to.equal(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    )
  })

  it('sorts members by UTF-16 code units, as RFC 8785 3.2.3 shows', () => {
    const input = JSON.parse(
      String.raw`{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}`,
    ) as unknown
    expect(canonicalJson(input)).to.equal(
      '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
    )
  })

  it('prints the numbers of RFC 8785 appendix B', () => {
    const cases: [number, string][] = [
      [-0, '0'],
      [5e-324, '5e-324'],
      [-5e-324, '-5e-324'],
      [1.7976931348623157e308, '1.7976931348623157e+308'],
      [9007199254740992, '9007199254740992'],
      [295147905179352830000, '295147905179352830000'],
      [9.999999999999997e22, '9.999999999999997e+22'],
      [1e23, '1e+23'],
      [333333333.33333325, '333333333.33333325'],
    ]
    for (const [number, text] of cases) expect(canonicalJson(number)).to.equal(text)
  })

  it('refuses what has no canonical form', () => {
    for (const value of [Infinity, NaN, undefined, 1n, '\ud800', { a: '\udc00' }]) {
      expect(thrownCode(() => canonicalJson(value))).to.equal('BUNDLE_INVALID')
    }
  })

  it('goes as deep as the limit says and not one deeper', () => {
    const nested = (depth: number): unknown =>
      JSON.parse('['.repeat(depth - 1) + '1' + ']'.repeat(depth - 1))
    expect(thrownCode(() => canonicalJson(nested(MAX_JSON_DEPTH)))).to.equal('none')
    expect(thrownCode(() => canonicalJson(nested(MAX_JSON_DEPTH + 1)))).to.equal('BUNDLE_INVALID')
  })
})
