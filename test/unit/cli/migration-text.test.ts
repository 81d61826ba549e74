import { expect } from 'chai'
import { migrationText } from '../../../src/cli/migration-text.ts'

const at = (ms: number): { nowMs(): number } => ({ nowMs: () => ms })

describe('the move of a group for people', () => {
  it('says where to and when, and that nobody took the group over when that is past', () => {
    const plan = { successor: '07', movesAt: 1_900_000_000 }
    const time = '2030-03-17T17:46:40.000Z'
    expect(migrationText(plan, at(1_899_999_999_999))).to.equal(`moves to 07 at ${time}`)
    expect(migrationText(plan, at(1_900_000_000_000))).to.equal(
      `moved to 07 at ${time}, where nobody took it over yet`,
    )
  })

  it('shows a time that is no date', () => {
    const plan = { successor: '07', movesAt: 2 ** 63 }
    expect(migrationText(plan, at(0))).to.equal(`moves to 07 at ${2 ** 63}`)
  })
})
