/** A local Ethereum chain with the contracts on it: for `merogate dev`, `merogate chain run`, the demo and tests. */
import { deployWith } from '../../../chains/ethereum/deploy/deploy.ts'
import { deployments } from '../../../chains/ethereum/deploy/deployment.ts'
import type { Deployment } from '../../../chains/ethereum/index.ts'
import { type EthereumDevnet, startEthereumDevnet } from '../../../devnet/ethereum/index.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import { type DeployedChain, deployedOn, type LocalChains } from '../shared/local-chain.ts'

/** Name of the network in invitations. */
const NETWORK = 'local'

/** Accounts that are shown: one deploys, three are for nodes. */
const SHOWN_ACCOUNTS = 4
/** The account that deployed; nodes have those after it. */
const DEPLOYER_ACCOUNTS = 1

export type EthereumChain = DeployedChain<EthereumDevnet, Deployment>

/** Starts the chain and deploys. @throws DEVNET_UNAVAILABLE (missing), DEVNET_LISTEN (input) */
export async function startEthereumChain(port: number): Promise<EthereumChain> {
  return deployedOn(await startEthereumDevnet({ port }), ({ url, chainId, accounts }) =>
    deployWith({
      rpcUrls: [url],
      key: accounts[0].privateKey,
      network: NETWORK,
      chainId,
      finality: 0,
      clock: systemClock,
      logger: silentLogger,
    }),
  )
}

export const chains: LocalChains<EthereumDevnet, Deployment> = {
  ...{ chain: 'ethereum', words: 'local Ethereum chain', files: deployments },
  networkOf: ({ chainId }) => chainId,
  open: (port) => startEthereumDevnet({ port }),
  openDeployed: startEthereumChain,
  facts: ({ url, wsUrl, chainId }) => ({ url, wsUrl, chainId }),
  accountsOf: ({ accounts }) => accounts.slice(0, SHOWN_ACCOUNTS),
  lines: ({ url, wsUrl, chainId }) => [
    ['url', url],
    ['ws url', wsUrl],
    ['chain id', String(chainId)],
  ],
  shown: ({ accounts }) =>
    accounts
      .slice(0, SHOWN_ACCOUNTS)
      .map(({ address, privateKey }) => ({ name: address, key: privateKey })),
  deployHint: ({ url, accounts: [{ privateKey }] }) => [
    `  DEPLOYER_KEY=${privateKey} merogate chain deploy --network local --rpc-url ${url} --key-env DEPLOYER_KEY`,
  ],
  nodeHint: ({ url, accounts: [deployer, node = deployer] }, path) => [
    'point a node at it (accounts 1 to 3 are unused):',
    `  export MEROGATE_ETHEREUM_KEY=${node.privateKey}`,
    `  merogate node init --chain ethereum --rpc-url ${url} --deployment ${path} --key-env MEROGATE_ETHEREUM_KEY --confirmations 0`,
  ],
  settings: ({ wsUrl }) => [`ws_url=${wsUrl}`, 'confirmations=0'],
  keyOf: ({ accounts }, index) => (accounts[index + DEPLOYER_ACCOUNTS] ?? accounts[0]).privateKey,
}
