import { expect } from 'chai'
import { runSharedTrace } from '../../support/shared-app.ts'
import { type ConditionName, CONDITIONS, CONVERGED } from '../../support/trace-world.ts'

// a short share; `test/traces/collections.ts` runs more
describe('copies of storages with writers that took concurrent calls, changes of the writers among them', () => {
  for (const condition of Object.keys(CONDITIONS) as ConditionName[]) {
    it(`end equal: ${condition}`, async () => {
      for (const seed of [0, 3]) {
        expect(await runSharedTrace(condition, seed), `seed ${seed}`).to.deep.equal(CONVERGED)
      }
    })
  }
})
