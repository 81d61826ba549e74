import { expect } from 'chai'
import { runCollectionTrace, SHAPES } from '../../support/collections-app.ts'
import { type ConditionName, CONDITIONS, CONVERGED } from '../../support/trace-world.ts'

const CONDITION_NAMES = Object.keys(CONDITIONS) as ConditionName[]
const EVERYTHING = Object.keys(SHAPES)

// a short share; `npm run battery` runs each shape in each situation
describe('copies of every collection that took concurrent calls', () => {
  for (const [i, shape] of EVERYTHING.entries()) {
    const condition = CONDITION_NAMES[i % CONDITION_NAMES.length] as ConditionName // below the length
    it(`end equal: ${shape}, ${condition}`, async () => {
      const trace = { shapes: [shape], growOnly: false, condition, seed: i }
      expect(await runCollectionTrace(trace)).to.deep.equal(CONVERGED)
    })
  }

  for (const condition of CONDITION_NAMES) {
    it(`end equal with nothing lost: everything that grows, ${condition}`, async () => {
      const trace = { shapes: EVERYTHING, growOnly: true, condition, seed: 1 }
      expect(await runCollectionTrace(trace)).to.deep.equal(CONVERGED)
    })

    it(`end equal: everything, ${condition}`, async () => {
      const trace = { shapes: EVERYTHING, growOnly: false, condition, seed: 1 }
      expect(await runCollectionTrace(trace)).to.deep.equal(CONVERGED)
    })
  }
})
