import { expect } from 'chai'
import fc from 'fast-check'
import { isMerogateError } from '../../../src/node/errors.ts'
import { parseJson } from '../../../src/server/json.ts'
import { MAX_JSON_DEPTH, MAX_JSON_ELEMENTS } from '../../../src/server/limits.ts'

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (isMerogateError(error)) return error.code
    throw error
  }
  return 'nothing was thrown'
}

/** The slow way to the same. */
function keepingDigits(text: string): unknown {
  // in Node 24, not yet in TypeScript's library
  const json = JSON as typeof JSON & { rawJSON(text: string): unknown }
  return json.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    const source = context?.source
    if (typeof value !== 'number' || source === undefined || source === String(value)) return value
    return json.rawJSON(source)
  })
}

describe('parseJson', () => {
  it('keeps numbers digit by digit that a double would change', () => {
    const text = '{"a":18446744073709551615,"b":1.0,"c":-12345678901234567890,"d":1e400,"e":0.1}'
    expect(JSON.stringify(parseJson(text))).to.equal(text)
  })

  it('gives ordinary numbers as numbers', () => {
    expect(parseJson('{"a":1,"b":-2,"c":0.5,"d":"12345678901234567890"}')).to.deep.equal({
      a: 1,
      b: -2,
      c: 0.5,
      d: '12345678901234567890',
    })
  })

  it('takes nesting up to the limit and nothing deeper', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
    expect(parseJson(nested(MAX_JSON_DEPTH))).to.be.an('array')
    expect(codeOf(() => parseJson(nested(MAX_JSON_DEPTH + 1)))).to.equal('SERVER_BAD_JSON')
    expect(codeOf(() => parseJson(nested(1_000_000)))).to.equal('SERVER_BAD_JSON')
  })

  it('takes as many elements as its bound and not one more, and counts none in strings', () => {
    const list = (count: number): string => `[${Array(count).fill('0').join(',')}]`
    expect(parseJson(list(MAX_JSON_ELEMENTS))).to.have.length(MAX_JSON_ELEMENTS)
    expect(codeOf(() => parseJson(list(MAX_JSON_ELEMENTS + 1)))).to.equal('SERVER_JSON_TOO_MANY')
    const objects = `[${Array(MAX_JSON_ELEMENTS / 2 + 1)
      .fill('{}')
      .join(',')}]`
    expect(codeOf(() => parseJson(objects))).to.equal('SERVER_JSON_TOO_MANY')
    const text = JSON.stringify(','.repeat(MAX_JSON_ELEMENTS + 1))
    expect(parseJson(text)).to.have.length(MAX_JSON_ELEMENTS + 1)
  })

  it('leaves names and texts that look like numbers alone', () => {
    const text = '{"1.0":"1.0","a":["18446744073709551615",{"2.0":1.0}],"__proto__":3.0}'
    expect(JSON.stringify(parseJson(text))).to.equal(text)
  })

  it('gives what JSON.parse gives with a function that keeps digits', () => {
    const number = fc.constantFrom('1.0', '-1e5', '18446744073709551615', '0.5', '-0.0', '7')
    const json = fc.json().map((text) => text.replaceAll('null', '1.50'))
    fc.assert(
      fc.property(json, number, (text, more) => {
        const whole = `{"a" :${text} , "b":[${more} ,${more}\n]}`
        expect(JSON.stringify(parseJson(whole))).to.equal(JSON.stringify(keepingDigits(whole)))
      }),
    )
  })

  it('does not count brackets in strings', () => {
    const text = JSON.stringify({ a: '['.repeat(500), b: '\\"[[' })
    expect(parseJson(text)).to.deep.equal({ a: '['.repeat(500), b: '\\"[[' })
  })

  for (const text of [
    '',
    '{',
    'undefined',
    "{'a':1}",
    '[1,]',
    '{"a":1}x',
    '{1.0:2}',
    '{1.0 :2}',
    '[1.0 2.0]',
    '[1.0"a"]',
    '[01.0]',
    '[1.0.0]',
    '[1.]',
    '[-]',
    '[+1.0]',
    '[1e]',
    '1.0x',
    '"1.0',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(codeOf(() => parseJson(text))).to.equal('SERVER_BAD_JSON')
    })
  }
})
