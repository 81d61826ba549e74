import { expect } from 'chai'
import { loadKv } from '../../support/guest.ts'
import { type ConditionName, CONDITIONS } from '../../support/trace-world.ts'
import { type Mix, MIXES, runKvTrace } from '../../support/kv-traces.ts'

/** Traces per cell here; `npm run battery` runs more. */
const TRACES = 1

describe('copies that took concurrent calls', () => {
  for (const condition of Object.keys(CONDITIONS) as ConditionName[]) {
    for (const mix of Object.keys(MIXES) as Mix[]) {
      it(`end equal with nothing lost: ${mix}, ${condition}`, async () => {
        const module = await loadKv()
        for (let seed = 0; seed < TRACES; seed++) {
          const result = await runKvTrace(module, mix, condition, seed)
          expect(result, `seed ${seed}`).to.deep.equal({
            values: true,
            roots: true,
            complete: true,
            failures: [],
          })
        }
      })
    }
  }
})
