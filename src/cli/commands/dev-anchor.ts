/** What decides over membership in `merogate dev`: a local anchor, or contracts on a local Ethereum chain. */
import { join } from 'node:path'

export type DevChain = 'local' | 'ethereum'

/** Variable that holds a node's key, in its own process. */
const KEY_VARIABLE = 'MEROGATE_DEV_ETHEREUM_KEY'
/** The account that deployed; nodes have those after it. */
const DEPLOYER_ACCOUNTS = 1

/** A running anchor, and how nodes come to it. */
export interface DevAnchor {
  readonly protocol: DevChain
  /** For people. */
  readonly text: string
  /** What differs by node. */
  nodeOptions(index: number): {
    readonly settings: readonly string[]
    readonly env: Readonly<Record<string, string>>
  }
}

/** Starts it; `cleanup` ends it. `folder` may hold its files. @throws DEVNET_UNAVAILABLE (missing) */
export async function startDevAnchor(
  chain: DevChain,
  folder: string,
  cleanup: AsyncDisposableStack,
): Promise<DevAnchor> {
  return chain === 'ethereum' ? startEthereum(folder, cleanup) : startLocal(cleanup)
}

async function startLocal(cleanup: AsyncDisposableStack): Promise<DevAnchor> {
  const { startLocalChain } = await import('../../chains/local/index.ts')
  const chain = await startLocalChain({ port: 0 })
  cleanup.defer(() => chain.stop())
  return {
    protocol: 'local',
    text: `local anchor at ${chain.url}`,
    nodeOptions: () => ({ settings: [`anchor.local.url=${chain.url}`], env: {} }),
  }
}

async function startEthereum(folder: string, cleanup: AsyncDisposableStack): Promise<DevAnchor> {
  const { startEthereumChain } = await import('../ethereum-chain.ts')
  const { writeDeployment } = await import('../../chains/ethereum/deploy/deployment.ts')
  const { devnet, deployment } = await startEthereumChain(0)
  cleanup.defer(() => devnet.stop())
  const file = join(folder, 'local.deployment.json')
  await writeDeployment(file, deployment)
  return {
    protocol: 'ethereum',
    text: `local Ethereum chain at ${devnet.url}, deployment ${file}`,
    nodeOptions(index) {
      const account = devnet.accounts[index + DEPLOYER_ACCOUNTS] ?? devnet.accounts[0]
      const settings = [
        `rpc_urls=${devnet.url}`,
        `ws_url=${devnet.wsUrl}`,
        `deployment=${file}`,
        'confirmations=0',
        `key_env=${KEY_VARIABLE}`,
      ]
      return {
        settings: settings.map((each) => `anchor.ethereum.${each}`),
        env: { [KEY_VARIABLE]: account.privateKey },
      }
    },
  }
}
