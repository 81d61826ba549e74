/** The networks of Ethereum, for commands. */
import { NETWORKS, networkName } from '../../../chains/ethereum/constants.ts'
import { ethereumError } from '../../../chains/ethereum/errors.ts'
import { readChainId } from '../../../chains/ethereum/rpc/rpc.ts'
import type { NetworksInit } from '../shared/network.ts'

export const NETWORKS_OF_ETHEREUM: NetworksInit<number> = {
  networks: Object.fromEntries(
    Object.entries(NETWORKS).map(([name, { chainId }]) => [name, chainId]),
  ),
  localUrl: 'http://127.0.0.1:8545',
  readChainId,
  nameOf: networkName,
  wrongChain(endpoint, expected, got) {
    const [wanted, found] = [expected, got].map((id) => `${networkName(id)} (chain ${id})`)
    return ethereumError(
      'CHAIN_WRONG_NETWORK',
      `expected ${wanted} at ${endpoint}, got ${found}: nothing was sent`,
      { endpoint, expected, got },
    )
  },
}
