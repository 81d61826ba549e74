/** A local NEAR chain with the contracts on it: for `merogate dev`, `merogate chain run`, the demo and tests. */
import { deployWith } from '../../../chains/near/deploy/deploy.ts'
import { deployments } from '../../../chains/near/deploy/deployment.ts'
import type { Deployment } from '../../../chains/near/index.ts'
import { signingKeys } from '../../../chains/near/send/account.ts'
import { type DevnetAccount, type NearDevnet, startNearDevnet } from '../../../devnet/near/index.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import { type DeployedChain, deployedOn, type LocalChains } from '../shared/local-chain.ts'

/** Name of the network in invitations. */
const NETWORK = 'local'

/** Accounts of a local chain: one deploys, the others are for nodes. `near` makes accounts, as on the public networks. */
export const LOCAL_ACCOUNTS: readonly string[] = [
  'test.near',
  ...Array.from({ length: 9 }, (_, index) => `node${index + 1}.near`),
  'near',
]

/** Accounts that are shown: one deploys, three are for nodes. */
const SHOWN_ACCOUNTS = 4
/** The account that deployed; nodes have those after it. */
const DEPLOYER_ACCOUNTS = 1

export type NearChain = DeployedChain<NearDevnet, Deployment>

function open(port: number): Promise<NearDevnet> {
  return startNearDevnet({ port, accounts: LOCAL_ACCOUNTS })
}

/** Starts the chain and deploys. @throws DEVNET_LISTEN (input) */
export async function startNearChain(port: number): Promise<NearChain> {
  return deployedOn(await open(port), async ({ url, chainId, accounts: [deployer] }) => {
    const keys = keysOf(deployer)
    return deployWith({
      rpcUrls: [url],
      payer: { account: keys.account, signers: signingKeys(keys) },
      network: NETWORK,
      chainId,
      clock: systemClock,
      logger: silentLogger,
    })
  })
}

/** The keys of an account of the chain. */
export function keysOf({ accountId, secretKey }: DevnetAccount): {
  readonly account: string
  readonly keys: readonly [`ed25519:${string}`]
} {
  if (secretKey === undefined) throw new RangeError(`expected a key of ${accountId}, got none`)
  return { account: accountId, keys: [secretKey] }
}

/** The same as NEAR's tools keep them, in one line. */
export function credentialsOf(account: DevnetAccount): string {
  const { account: id, keys } = keysOf(account)
  const credentials = { account_id: id, public_key: account.publicKey, private_key: keys[0] }
  return JSON.stringify(credentials)
}

export const chains: LocalChains<NearDevnet, Deployment> = {
  ...{ chain: 'near', words: 'local NEAR chain', files: deployments },
  networkOf: ({ chainId }) => chainId,
  open,
  openDeployed: startNearChain,
  facts: ({ url, chainId }) => ({ url, chainId }),
  accountsOf: ({ accounts }) => accounts.slice(0, SHOWN_ACCOUNTS),
  lines: ({ url, chainId }) => [
    ['url', url],
    ['chain id', chainId],
  ],
  shown: ({ accounts }) =>
    accounts
      .slice(0, SHOWN_ACCOUNTS)
      .map(({ accountId, secretKey }) => ({ name: accountId, key: secretKey ?? '' })),
  deployHint: ({ url, accounts: [deployer] }) => [
    `  export DEPLOYER_KEY='${credentialsOf(deployer)}'`,
    `  merogate chain deploy --chain near --network local --rpc-url ${url} --key-env DEPLOYER_KEY`,
  ],
  nodeHint: ({ url, accounts: [deployer, node = deployer] }, path) => [
    'point a node at it (accounts 1 to 3 are unused):',
    `  export MEROGATE_NEAR_KEY='${credentialsOf(node)}'`,
    `  merogate node init --chain near --rpc-url ${url} --deployment ${path} --key-env MEROGATE_NEAR_KEY`,
  ],
  keyOf: ({ accounts }, index) => credentialsOf(accounts[index + DEPLOYER_ACCOUNTS] ?? accounts[0]),
}
