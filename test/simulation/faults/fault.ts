/** What a fault is: something goes wrong, lasts for a while, and is put right at the latest when the curtain falls. */
import type { SimRandom } from '../random.ts'
import type { Stage } from '../stage.ts'
import type { Company } from '../workload/company.ts'
import type { World } from '../world.ts'

export interface FaultContext {
  readonly world: World
  readonly company: Company
  readonly random: SimRandom
  readonly stage: Stage
}

/** Resolves when it is over. */
export type Fault = (context: FaultContext) => Promise<void>
