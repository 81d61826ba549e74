/** One look at an Ethereum chain, for `chain status` and `chain doctor`. */
import { Wallet } from 'ethers'
import { type Deployment, DEFAULT_FINALITY } from '../../../chains/ethereum/index.ts'
import { type ChainReport, inspectChain } from '../../../chains/ethereum/inspect/inspect.ts'
import { readKey } from '../../../chains/ethereum/key.ts'
import { DEFAULT_MAX_FEE_PER_GAS } from '../../../chains/ethereum/limits.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import type { EthereumPlace } from './target.ts'

/** Address of the account that a target names; undefined when it names none. @throws CHAIN_KEY (input) */
export async function accountOf({ key, from }: EthereumPlace): Promise<string | undefined> {
  return key === undefined ? from : new Wallet(await readKey(key)).address
}

/** Looks at a chain. */
export async function lookAtEthereum(
  target: EthereumPlace,
  deployment: Deployment,
  account: string | undefined,
): Promise<ChainReport> {
  const { rpcUrls, wsUrl, finality = DEFAULT_FINALITY } = target
  return inspectChain({
    ...{ rpcUrls, wsUrl, finality, deployment, account },
    maxFeePerGas: target.maxFeePerGas ?? DEFAULT_MAX_FEE_PER_GAS,
    clock: systemClock,
    logger: silentLogger,
  })
}
