import { expect } from 'chai'
import { type OlderEra, RELEASES, runOlderTrace } from '../../support/older-app.ts'
import { type ConditionName, CONDITIONS, CONVERGED } from '../../support/trace-world.ts'

// a short share; `npm run battery` runs more
describe('copies of applications of older releases that took concurrent calls', () => {
  for (const era of Object.keys(RELEASES) as OlderEra[]) {
    for (const condition of Object.keys(CONDITIONS) as ConditionName[]) {
      it(`end equal with nothing lost: ${RELEASES[era]}, ${condition}`, async () => {
        expect(await runOlderTrace(era, condition, 1)).to.deep.equal(CONVERGED)
      })
    }
  }
})
