/** One look at a NEAR network, for `chain status` and `chain doctor`. */
import { type Deployment, readDeployment } from '../../../chains/near/index.ts'
import { judge } from '../../../chains/near/inspect/checks.ts'
import {
  type ChainReport,
  inspectChain,
  type LookedAt,
} from '../../../chains/near/inspect/inspect.ts'
import { readKeys } from '../../../chains/near/key.ts'
import { signingKeys } from '../../../chains/near/send/account.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import type { Looking } from '../shared/target.ts'
import { textOf } from './status-text.ts'
import type { NearPlace } from './target.ts'

/** The account that a place names, and the names of its keys; undefined when it names none. @throws CHAIN_KEY (input) */
async function accountOf({ key, account }: NearPlace): Promise<LookedAt | undefined> {
  if (key === undefined) return account === undefined ? undefined : { address: account, keys: [] }
  const keys = await readKeys(key, account)
  return { address: keys.account, keys: signingKeys(keys).map(({ name }) => name) }
}

export const looking: Looking<NearPlace, Deployment, ChainReport> = {
  read: readDeployment,
  wordsOf: ({ network, chainId }) => `${network}, chain ${chainId}`,
  account: async (place) => (await accountOf(place))?.address,
  ...{ judge, text: textOf },
  async look(place, deployment, withAccount) {
    const account = withAccount ? await accountOf(place) : undefined
    const { rpcUrls } = place
    const parts = { clock: systemClock, logger: silentLogger }
    return inspectChain({ rpcUrls, deployment, account, ...parts })
  },
}
