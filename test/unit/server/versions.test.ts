import { expect } from 'chai'
import { compareVersions } from '../../../src/server/admin/application-routes.ts'

describe('compareVersions', () => {
  it('sorts as semantic versions do, and what is none before them', () => {
    const sorted = [
      'latest',
      '0.9.0',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-rc.2',
      '1.0.0-rc.11',
      '1.0.0',
      '1.2.0',
      '1.10.0',
      '2.0.0+build',
    ]
    expect(sorted.toReversed().sort(compareVersions)).to.deep.equal(sorted)
  })
})
