/** One look at an Ethereum chain, for `chain status` and `chain doctor`. */
import { Wallet } from 'ethers'
import {
  type Deployment,
  DEFAULT_FINALITY,
  readDeployment,
} from '../../../chains/ethereum/index.ts'
import { judge } from '../../../chains/ethereum/inspect/checks.ts'
import { type ChainReport, inspectChain } from '../../../chains/ethereum/inspect/inspect.ts'
import { readKey } from '../../../chains/ethereum/key.ts'
import { DEFAULT_MAX_FEE_PER_GAS } from '../../../chains/ethereum/limits.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import type { Looking } from '../shared/target.ts'
import { textOf } from './status-text.ts'
import type { EthereumPlace } from './target.ts'

async function account({ key, from }: EthereumPlace): Promise<string | undefined> {
  return key === undefined ? from : new Wallet(await readKey(key)).address
}

export const looking: Looking<EthereumPlace, Deployment, ChainReport> = {
  read: readDeployment,
  wordsOf: ({ network, chainId }) => `${network}, chain ${chainId}`,
  ...{ account, judge, text: textOf },
  async look(place, deployment, withAccount) {
    const { rpcUrls, wsUrl, finality = DEFAULT_FINALITY } = place
    return inspectChain({
      ...{ rpcUrls, wsUrl, finality, deployment },
      account: withAccount ? await account(place) : undefined,
      maxFeePerGas: place.maxFeePerGas ?? DEFAULT_MAX_FEE_PER_GAS,
      clock: systemClock,
      logger: silentLogger,
    })
  },
}
