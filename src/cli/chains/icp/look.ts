/** One look at a network of the Internet Computer, for `chain status` and `chain doctor`. */
import { releasedModules } from '../../../chains/icp/deploy/modules.ts'
import { type Deployment, readDeployment } from '../../../chains/icp/deploy/deployment.ts'
import { judge } from '../../../chains/icp/inspect/checks.ts'
import { type ChainReport, inspectChain } from '../../../chains/icp/inspect/inspect.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import type { Looking, Place } from '../shared/target.ts'
import { textOf } from './status-text.ts'

export const looking: Looking<Place, Deployment, ChainReport> = {
  read: readDeployment,
  wordsOf: ({ network }) => `network ${network}`,
  // nobody pays
  account: async () => undefined,
  ...{ judge, text: textOf },
  look: async ({ rpcUrls }, deployment) =>
    inspectChain({
      ...{ rpcUrls, deployment, modules: releasedModules() },
      clock: systemClock,
      logger: silentLogger,
    }),
}
