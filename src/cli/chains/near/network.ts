/** The networks of NEAR, for commands. */
import { NETWORKS } from '../../../chains/near/constants.ts'
import { nearError } from '../../../chains/near/errors.ts'
import { readChainId } from '../../../chains/near/rpc/rpc.ts'
import type { NetworksInit } from '../shared/network.ts'

export const NETWORKS_OF_NEAR: NetworksInit<string> = {
  // a chain on this machine may have any name
  networks: { ...Object.fromEntries(NETWORKS.map((name) => [name, name])), local: undefined },
  localUrl: 'http://127.0.0.1:3030',
  readChainId,
  nameOf: (chainId) => chainId,
  wrongChain(endpoint, expected, got) {
    const message = `expected chain ${expected} at ${endpoint}, got ${got}: nothing was sent`
    return nearError('CHAIN_WRONG_NETWORK', message, { endpoint, expected, got })
  },
}
