import { expect } from 'chai'
import { isMerogateError } from '../../../src/node/errors.ts'
import { parseJson } from '../../../src/server/json.ts'
import { MAX_JSON_DEPTH } from '../../../src/server/limits.ts'

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (isMerogateError(error)) return error.code
    throw error
  }
  return 'nothing was thrown'
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

  it('does not count brackets in strings', () => {
    const text = JSON.stringify({ a: '['.repeat(500), b: '\\"[[' })
    expect(parseJson(text)).to.deep.equal({ a: '['.repeat(500), b: '\\"[[' })
  })

  for (const text of ['', '{', 'undefined', "{'a':1}", '[1,]', '{"a":1}x']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(codeOf(() => parseJson(text))).to.equal('SERVER_BAD_JSON')
    })
  }
})
