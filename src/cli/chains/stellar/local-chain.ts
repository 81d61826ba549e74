/** A local Stellar network with the contracts on it: for `merogate dev`, `merogate chain run`, the demo and tests. */
import { deployWith } from '../../../chains/stellar/deploy/deploy.ts'
import { type Deployment, deployments } from '../../../chains/stellar/deploy/deployment.ts'
import { parseKey } from '../../../chains/stellar/key.ts'
import { type StellarDevnet, startStellarDevnet } from '../../../devnet/stellar/index.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import { type DeployedChain, deployedOn, type LocalChains } from '../shared/local-chain.ts'

/** Name of the network in invitations. */
const NETWORK = 'local'
/** Accounts of a local network: one deploys, the others are for nodes. */
const ACCOUNTS = 10
/** Accounts that are shown: one deploys, three are for nodes. */
const SHOWN_ACCOUNTS = 4
/** The account that deployed; nodes have those after it. */
const DEPLOYER_ACCOUNTS = 1

export type StellarChain = DeployedChain<StellarDevnet, Deployment>

function open(port: number): Promise<StellarDevnet> {
  return startStellarDevnet({ port, accounts: ACCOUNTS })
}

/** Starts the network and deploys. @throws DEVNET_LISTEN (input) */
export async function startStellarChain(port: number): Promise<StellarChain> {
  return deployedOn(await open(port), deployOn)
}

/** Puts the contracts on a network of this process. */
export async function deployOn({
  url,
  networkPassphrase: passphrase,
  accounts: [{ secret }],
}: StellarDevnet): Promise<Deployment> {
  const key = parseKey(secret)
  if (key === undefined) throw new RangeError('expected the key of an account, got none')
  const parts = { clock: systemClock, logger: silentLogger }
  return deployWith({ rpcUrls: [url], passphrase, network: NETWORK, key, ...parts })
}

export const chains: LocalChains<StellarDevnet, Deployment> = {
  ...{ chain: 'stellar', words: 'local Stellar network', files: deployments },
  networkOf: ({ passphrase }) => passphrase,
  open,
  openDeployed: startStellarChain,
  facts: ({ url, networkPassphrase: passphrase, friendbotUrl }) => ({
    ...{ url, passphrase, friendbotUrl },
  }),
  accountsOf: ({ accounts }) => accounts.slice(0, SHOWN_ACCOUNTS),
  lines: ({ url, networkPassphrase, friendbotUrl }) => [
    ['url', url],
    ['passphrase', networkPassphrase],
    ['friendbot', friendbotUrl],
  ],
  shown: ({ accounts }) =>
    accounts
      .slice(0, SHOWN_ACCOUNTS)
      .map(({ publicKey, secret }) => ({ name: publicKey, key: secret })),
  deployHint: ({ url, accounts: [{ secret }] }) => [
    `  export DEPLOYER_KEY=${secret}`,
    `  merogate chain deploy --chain stellar --network local --rpc-url ${url} --key-env DEPLOYER_KEY`,
  ],
  nodeHint: ({ url, accounts: [deployer, node = deployer] }, path) => [
    'point a node at it (accounts 1 to 3 are unused):',
    `  export MEROGATE_STELLAR_KEY=${node.secret}`,
    `  merogate node init --chain stellar --rpc-url ${url} --deployment ${path} --key-env MEROGATE_STELLAR_KEY`,
  ],
  keyOf: ({ accounts }, index) => (accounts[index + DEPLOYER_ACCOUNTS] ?? accounts[0]).secret,
}
