import { expect } from 'chai'
import fc from 'fast-check'
import { parseJson, stringifyJson } from '../../../src/client/json.ts'

describe('JSON of the client', () => {
  it('keeps every digit of an integer, in whatever it stands', () => {
    const whole = fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n })
    fc.assert(
      fc.property(whole, (value) => {
        const text = `{"a":[${value}],"k${value}":"${value}"}`
        const exact = Number.isSafeInteger(Number(value)) ? Number(value) : value
        expect(parseJson(text)).to.deep.equal({ a: [exact], [`k${value}`]: String(value) })
        expect(stringifyJson(parseJson(text))).to.equal(text)
      }),
    )
  })

  it('has numbers where these are exact, at the very edge', () => {
    expect(parseJson('[9007199254740991,-9007199254740991]')).to.deep.equal([
      ...[9007199254740991, -9007199254740991],
    ])
    expect(parseJson('[9007199254740992,-9007199254740993]')).to.deep.equal([
      ...[9007199254740992n, -9007199254740993n],
    ])
    expect(parseJson('[1e20,0.12345678901234567]')).to.deep.equal([
      ...[1e20, Number('0.12345678901234567')],
    ])
  })

  it('is JSON.stringify for all else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(stringifyJson(value)).to.equal(JSON.stringify(value))
        expect(stringifyJson(value, 2)).to.equal(JSON.stringify(value, null, 2))
      }),
    )
    expect(stringifyJson(undefined)).to.equal(undefined)
    expect(() => parseJson('{"a":1234567890123456789,}')).to.throw(SyntaxError)
  })
})
