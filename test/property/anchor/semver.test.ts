import { expect } from 'chai'
import fc from 'fast-check'
import {
  compareVersions,
  parseVersion,
  type Version,
} from '../../../src/node/anchor/packages/semver.ts'

const LETTERS = ['0', '1', '9', 'a', 'Z', '-']

const number = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 12 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff_ffff }) },
)
const identifier = fc
  .array(fc.constantFrom(...LETTERS), { minLength: 1, maxLength: 4 })
  .map((letters) => letters.join(''))
  .filter((text) => !/^0[0-9]+$/.test(text))
const version = fc
  .record({
    numbers: fc.tuple(number, number, number),
    preRelease: fc.array(identifier, { maxLength: 3 }),
  })
  .map(({ numbers, preRelease }) =>
    [numbers.join('.'), ...(preRelease.length === 0 ? [] : [preRelease.join('.')])].join('-'),
  )
/** Versions that often agree in their first parts. */
const similar = fc
  .tuple(fc.constantFrom('1.0.0', '1.0.1'), fc.array(identifier, { maxLength: 3 }))
  .map(([core, parts]) => (parts.length === 0 ? core : `${core}-${parts.join('.')}`))
const any = fc.oneof(version, similar)

function parsed(text: string): Version {
  const found = parseVersion(text)
  if (found === undefined) throw new RangeError(`expected a version, got ${text}`)
  return found
}

function order(a: string, b: string): number {
  return Math.sign(compareVersions(parsed(a), parsed(b)))
}

/** Item 11 once more, with big integers and lists of words in place of our shortcuts. */
function precedence(a: string, b: string): number {
  const split = (text: string): { core: bigint[]; tail: string[] } => {
    const at = text.indexOf('-')
    const core = (at < 0 ? text : text.slice(0, at)).split('.').map(BigInt)
    return { core, tail: at < 0 ? [] : text.slice(at + 1).split('.') }
  }
  const [x, y] = [split(a), split(b)]
  for (const [index, part] of x.core.entries()) {
    const other = y.core[index] ?? 0n
    if (part !== other) return part < other ? -1 : 1
  }
  if (x.tail.length === 0 || y.tail.length === 0) return Math.sign(y.tail.length - x.tail.length)
  for (let index = 0; ; index++) {
    const [one, other] = [x.tail[index], y.tail[index]]
    if (one === undefined || other === undefined) {
      return one === other ? 0 : one === undefined ? -1 : 1
    }
    if (one === other) continue
    const [isNumber, isOther] = [/^\d+$/.test(one), /^\d+$/.test(other)]
    if (isNumber && isOther) return BigInt(one) < BigInt(other) ? -1 : 1
    if (isNumber !== isOther) return isNumber ? -1 : 1
    return Buffer.compare(Buffer.from(one), Buffer.from(other))
  }
}

describe('semantic versions', () => {
  // https://semver.org/spec/v2.0.0.html, the examples of items 2, 9 and 11
  const CHAINS = [
    ['1.9.0', '1.10.0', '1.11.0'],
    ['1.0.0', '2.0.0', '2.1.0', '2.1.1'],
    ['1.0.0-alpha', '1.0.0'],
    [
      ...['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2'],
      ...['1.0.0-beta.11', '1.0.0-rc.1', '1.0.0'],
    ],
  ]
  const VALID = ['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-0.3.7', '1.0.0-x.7.z.92', '1.0.0-x-y-z.--']
  // item 10; the registry takes none of them
  const BUILDS = [
    ...['1.0.0-alpha+001', '1.0.0+20130313144700', '1.0.0-beta+exp.sha.5114f85'],
    '1.0.0+21AF26D3----117B344092BD',
  ]
  // the regular expression that the specification's FAQ recommends, without build metadata
  const OFFICIAL =
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?$/

  it('stand in the order that the specification shows', () => {
    for (const chain of CHAINS) {
      for (const [index, low] of chain.entries()) {
        for (const high of chain.slice(index + 1)) {
          expect(order(low, high), `${low} ${high}`).to.equal(-1)
          expect(order(high, low), `${high} ${low}`).to.equal(1)
        }
      }
    }
  })

  it('parse as the specification shows, but for build metadata', () => {
    for (const text of VALID) expect(parseVersion(text), text).to.be.an('object')
    for (const text of BUILDS) expect(parseVersion(text), text).to.equal(undefined)
    expect(parsed('1.20.300-x.7.-0a')).to.deep.equal({
      major: 1,
      minor: 20,
      patch: 300,
      preRelease: ['x', '7', '-0a'],
    })
  })

  it('are what the expression of the specification matches, with numbers of 32 bits', () => {
    const noise = fc
      .array(fc.constantFrom('0', '1', '00', '4294967295', '4294967296', '.', '-', '+', 'a', ' '), {
        maxLength: 9,
      })
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(noise, any), (text) => {
        const numbers = OFFICIAL.exec(text)?.slice(1, 4)
        const isVersion = numbers?.every((digits) => BigInt(digits) < 1n << 32n) === true
        expect(parseVersion(text) !== undefined, JSON.stringify(text)).to.equal(isVersion)
      }),
    )
  })

  it('have the precedence of item 11', () => {
    fc.assert(
      fc.property(any, any, (a, b) => {
        expect(order(a, b)).to.equal(precedence(a, b))
      }),
    )
  })

  it('are in a total order, and equal only to themselves', () => {
    fc.assert(
      fc.property(any, any, any, (a, b, c) => {
        expect(order(a, a)).to.equal(0)
        expect(order(a, b) + order(b, a)).to.equal(0)
        expect(order(a, b) === 0).to.equal(a === b)
        const [low, middle, high] = [a, b, c].sort(order) as [string, string, string] // three
        expect(order(low, middle)).to.be.lessThan(1)
        expect(order(middle, high)).to.be.lessThan(1)
        expect(order(low, high)).to.be.lessThan(1)
      }),
    )
  })
})
