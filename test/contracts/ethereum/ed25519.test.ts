import { expect } from 'chai'
import { ContractBench } from '../../support/ethereum-contracts.ts'
import { cases } from './ed25519/cases.ts'
import { compare } from './ed25519/compare.ts'

/** `npm run ed25519` compares more. */
const CASES = 400

describe('ethereum contracts: ed25519', function () {
  this.timeout(120_000)

  it(`agrees with node:crypto in ${CASES} cases, but where it is stricter on purpose`, async () => {
    await using bench = await ContractBench.start()
    const { cases: count, taken, differences } = await compare(bench, cases(CASES, 1))
    expect(differences).to.deep.equal([])
    expect(count).to.equal(CASES)
    // the cases must be worth something: all that are right, and some of those that may be
    expect(taken.get('honest')).to.equal((CASES * 30) / 100)
    expect(taken.get('mixed') ?? 0).to.be.greaterThan(0)
    for (const kind of ['small order', 'y not below p', 'garbage'] as const) {
      expect(taken.get(kind), kind).to.equal(undefined)
    }
  })
})
