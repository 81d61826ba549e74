import { expect } from 'chai'
import {
  knownCodes,
  type Release,
  releasedCode,
  forgottenReleases,
  withRelease,
} from '../../../scripts/support/contract-releases.ts'

const code = (sha256: string): Release => ({
  interface: 2,
  contracts: { ContextAnchor: { sha256, bytes: 1, places: [] } },
})

describe('codes that releases put on chains', () => {
  it('are kept when the next release is built, whose own code may change until then', () => {
    const first = withRelease({}, '0.1.0', code('aa'))
    const second = withRelease(withRelease(first, '0.2.0', code('bb')), '0.2.0', code('cc'))
    expect(second).to.deep.equal({ '0.1.0': code('aa'), '0.2.0': code('cc') })
    expect(knownCodes(second, 2)['ContextAnchor']?.map(({ release }) => release)).to.deep.equal([
      ...['0.2.0', '0.1.0'],
    ])
  })

  it('are of the same interface alone', () => {
    const releases = { '0.1.0': { ...code('aa'), interface: 1 }, '0.2.0': code('bb') }
    expect(knownCodes(releases, 2)['ContextAnchor']).to.deep.equal([
      { release: '0.2.0', sha256: 'bb', bytes: 1, places: [] },
    ])
  })

  it('are missed where the changelog has a release that the list has not', () => {
    const changelog =
      '# Changelog\n\n## 0.2.0, unreleased\n\ntext ## 9.9.9, not a heading\n\n## 0.1.0, 2027-01-01\n'
    const releases = { '0.1.0': code('aa'), '0.2.0': code('bb') }
    expect(forgottenReleases(releases, changelog)).to.deep.equal([])
    const { '0.1.0': _, ...forgotten } = releases
    expect(forgottenReleases(forgotten, changelog)).to.deep.equal(['0.1.0'])
    expect(forgottenReleases({}, '## 1.0.0-rc.1, unreleased\n## 2.0.0\n')).to.deep.equal([
      ...['1.0.0-rc.1', '2.0.0'],
    ])
  })

  it('leave immutables out', () => {
    const word = 'ff'.repeat(32)
    const immutableReferences = { 7: [{ start: 2, length: 32 }] }
    const one = releasedCode({ deployedBytecode: `0xaabb${word}cc`, immutableReferences })
    const other = releasedCode({
      deployedBytecode: `0xaabb${'00'.repeat(32)}cc`,
      immutableReferences,
    })
    expect(one).to.deep.equal(other)
    expect(one).to.deep.include({ bytes: 35, places: [2] })
    const short = { 7: [{ start: 2, length: 20 }] }
    expect(() => releasedCode({ deployedBytecode: '0x00', immutableReferences: short })).to.throw(
      RangeError,
    )
  })
})
