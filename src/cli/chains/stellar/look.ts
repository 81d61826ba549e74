/** One look at a Stellar network, for `chain status` and `chain doctor`. */
import { type Deployment, readDeployment } from '../../../chains/stellar/index.ts'
import { judge } from '../../../chains/stellar/inspect/checks.ts'
import {
  type ChainReport,
  inspectChain,
  type LookedAt,
} from '../../../chains/stellar/inspect/inspect.ts'
import { channelKeys, readKey } from '../../../chains/stellar/key.ts'
import { MAX_CHANNELS } from '../../../chains/stellar/limits.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import type { Looking } from '../shared/target.ts'
import { textOf } from './status-text.ts'
import type { StellarPlace } from './target.ts'

/** The account that a place names, and the channels that may be there; undefined when it names none. @throws CHAIN_KEY (input) */
async function accountOf({ key, account }: StellarPlace): Promise<LookedAt | undefined> {
  if (key === undefined) {
    return account === undefined ? undefined : { address: account }
  }
  const own = await readKey(key)
  const channels = channelKeys(own, MAX_CHANNELS).map(({ address }) => address)
  return { address: own.address, channels }
}

export const looking: Looking<StellarPlace, Deployment, ChainReport> = {
  read: readDeployment,
  wordsOf: ({ network, passphrase }) => `${network}, "${passphrase}"`,
  account: async (place) => (await accountOf(place))?.address,
  ...{ judge, text: textOf },
  async look(place, deployment, withAccount) {
    const account = withAccount ? await accountOf(place) : undefined
    const { rpcUrls, subjects } = place
    const parts = { clock: systemClock, logger: silentLogger }
    return inspectChain({ rpcUrls, deployment, account, subjects, ...parts })
  },
}
