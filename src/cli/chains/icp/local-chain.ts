/** A local Internet Computer with the canisters on it: for `merogate dev`, `merogate chain run`, the demo and tests. */
import { createPrivateKey } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deployContracts } from '../../../chains/icp/deploy/deploy.ts'
import { type Deployment, deployments } from '../../../chains/icp/deploy/deployment.ts'
import { Journal } from '../../../chains/icp/deploy/journal.ts'
import { type Modules, releasedModules } from '../../../chains/icp/deploy/modules.ts'
import { networkOf } from '../../../chains/icp/network.ts'
import { icpRpc } from '../../../chains/icp/rpc/rpc.ts'
import { senderOf } from '../../../chains/icp/rpc/sender.ts'
import { LOCAL_POLL_MS } from '../../../chains/shared/limits.ts'
import { type IcpDevnet, startIcpDevnet } from '../../../devnet/icp/index.ts'
import { toHex } from '../../../node/primitives/bytes.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import { type DeployedChain, deployedOn, type LocalChains } from '../shared/local-chain.ts'

/** Cycles of each canister: a chain for development should never run out of them. */
const CYCLES = 1_000_000_000_000_000n

export type IcpChain = DeployedChain<IcpDevnet, Deployment>

/** Starts the chain and deploys. @throws DEVNET_LISTEN (input) */
export async function startIcpChain(port: number): Promise<IcpChain> {
  return deployedOn(await startIcpDevnet({ port }), (devnet) => deployOn(devnet))
}

/** Puts the canisters on a chain of this process. @param modules those of another release, for tests */
export async function deployOn(
  { url, rootKey, account }: IcpDevnet,
  modules: Modules = releasedModules(),
): Promise<Deployment> {
  const clock = systemClock
  const sender = senderOf(createPrivateKey(account.pem))
  const rpc = icpRpc({ urls: [url], rootKey, sender, clock, logger: silentLogger })
  const network = networkOf(rootKey)
  const owner = account.principal
  // nobody goes on where this ends: the chain would be gone, too
  const folder = await mkdtemp(join(tmpdir(), 'merogate-icp-'))
  try {
    return await deployContracts({
      ...{ rpc, clock, network, owner, rootKey: toHex(rootKey), pollMs: LOCAL_POLL_MS },
      ...{ modules, known: {}, cycles: CYCLES, controllers: 'keep' },
      journal: await Journal.open(join(folder, 'deployment.json'), { network, owner }),
    })
  } finally {
    rpc.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

export const chains: LocalChains<IcpDevnet, Deployment> = {
  ...{ chain: 'icp', words: 'local Internet Computer', files: deployments },
  networkOf: ({ network }) => network,
  open: (port) => startIcpDevnet({ port }),
  openDeployed: startIcpChain,
  facts: ({ url, rootKey }) => ({ url, network: networkOf(rootKey), rootKey: toHex(rootKey) }),
  accountsOf: ({ account }) => [account],
  lines: ({ url, rootKey }) => [
    ['url', url],
    ['network', networkOf(rootKey)],
  ],
  shown: ({ account: { principal } }) => [{ name: principal, key: '(below)' }],
  deployHint: ({ url, account: { pem } }) => [
    `  export DEPLOYER_KEY='${pem.trim()}'`,
    `  merogate chain deploy --chain icp --network local --rpc-url ${url} --key-env DEPLOYER_KEY`,
  ],
  nodeHint: ({ url, account: { pem } }, path) => [
    'point a node at it (it needs no account: nobody who calls pays):',
    `  merogate node init --chain icp --rpc-url ${url} --deployment ${path}`,
    '',
    'who made the canisters, and can upgrade them:',
    `  export DEPLOYER_KEY='${pem.trim()}'`,
  ],
}
