/** A local Ethereum chain with the contracts on it: for `merogate dev`, `merogate chain run`, the demo and tests. */
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import type { Deployment } from '../../../chains/ethereum/index.ts'
import type { EthereumDevnet } from '../../../devnet/ethereum/index.ts'

/** Name of the network in invitations. */
const NETWORK = 'local'

export interface EthereumChain {
  readonly devnet: EthereumDevnet
  readonly deployment: Deployment
}

/** Starts the chain and deploys. @throws DEVNET_UNAVAILABLE (missing), DEVNET_LISTEN (input) */
export async function startEthereumChain(port: number): Promise<EthereumChain> {
  const { startEthereumDevnet } = await import('../../../devnet/ethereum/index.ts')
  const devnet = await startEthereumDevnet({ port })
  try {
    const { deployWith } = await import('../../../chains/ethereum/deploy/deploy.ts')
    const deployment = await deployWith({
      rpcUrls: [devnet.url],
      key: devnet.accounts[0].privateKey,
      network: NETWORK,
      chainId: devnet.chainId,
      finality: 0,
      clock: systemClock,
      logger: silentLogger,
    })
    return { devnet, deployment }
  } catch (error) {
    await devnet.stop()
    throw error
  }
}
