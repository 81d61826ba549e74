import { expect } from 'chai'
import { APPLICATIONS, SITUATION_NAMES, tryOut } from '../../support/battery.ts'

// a short share: `npm run battery` runs 2 387 traces
describe('the battery: copies of an application end equal, with nothing lost', () => {
  for (const application of APPLICATIONS.keys()) {
    for (const [seed, situation] of SITUATION_NAMES.entries()) {
      it(`${application}, ${situation}`, async () => {
        expect(await tryOut(application, situation, seed)).to.equal(undefined)
      })
    }
  }
})
