/**
 * Membership on Ethereum, and on every chain that speaks its JSON-RPC: contexts, groups and members in the contract `ContextAnchor`. The
 * Ethereum SDK is loaded when the anchor starts.
 *
 * ```ts
 * import { createNode } from 'merogate/node'
 * import { ethereumAnchor, readDeployment } from 'merogate/chains/ethereum'
 *
 * const anchor = ethereumAnchor({
 *   rpcUrls: ['https://rpc.example.org'],
 *   deployment: await readDeployment('sepolia.json'),
 *   key: { env: 'MEROGATE_ETHEREUM_KEY' },
 * })
 * const node = await createNode({ home: '.node', anchors: [anchor] })
 * ```
 *
 * @packageDocumentation
 */
import type { AnchorFactory } from '../../node/anchor/anchor.ts'
import { systemClock } from '../../node/primitives/clock.ts'
import { silentLogger } from '../../node/primitives/logger.ts'
import { DEFAULT_FINALITY, resolveInit, supportsOf } from './defaults.ts'
import type { Deployment } from './deploy/deployment.ts'
import type { EthereumAnchorInit } from './init.ts'
import type { FinalityRule } from './rpc/head.ts'
import { readKey } from './key.ts'
import type { KeyReference } from '../shared/key-text.ts'
import { withSdk } from '../shared/sdk.ts'
import { chainAnchor } from '../shared/chain-anchor.ts'

export { DEFAULT_FINALITY } from './defaults.ts'
export type { EthereumAnchorInit } from './init.ts'
export { parseDeployment, readDeployment, type Deployment } from './deploy/deployment.ts'
export type { FinalityRule } from './rpc/head.ts'
export type { KeyReference } from '../shared/key-text.ts'
export type { DeployedContract } from '../shared/deployment.ts'

/**
 * Makes an anchor over the contracts of a deployment. The endpoints need not answer yet: whoever asks meanwhile gets ANCHOR_UNREACHABLE.
 * @throws at start: CHAIN_KEY (input), CHAIN_SDK (missing)
 */
export function ethereumAnchor(init: EthereumAnchorInit): AnchorFactory {
  const { deployment, finality, wsUrl, relayer } = init
  const { contextAnchor, packageRegistry } = deployment.contracts
  const supports = supportsOf({ finality, wsUrl, isRelayed: relayer !== undefined })
  const has = { hasScheme: true, hasClock: true, knowsPredecessor: true, hasSuccessors: true }
  return chainAnchor({
    chain: 'ethereum',
    network: deployment.network,
    contract: contextAnchor.address,
    hasPackages: packageRegistry !== undefined,
    facts: { supports, ...has },
    open: async (components) =>
      (await import('./open-service.ts')).openService(resolveInit(init), components),
  })
}

/** Where the contracts are to be put, and who pays. */
export interface DeployContractsInit {
  /** JSON-RPC endpoints, the preferred first. */
  readonly rpcUrls: readonly string[]
  /** Every endpoint must serve this chain. */
  readonly chainId: number
  /** Name of the network in invitations: `sepolia`. All nodes of a group say the same. */
  readonly network: string
  readonly key: KeyReference
  /** When the last contract counts as made. @default DEFAULT_FINALITY */
  readonly finality?: FinalityRule | undefined
  /** Most that is paid per gas, wei. @default DEFAULT_MAX_FEE_PER_GAS */
  readonly maxFeePerGas?: bigint | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Puts the contracts on a chain, at addresses that follow from their code; what is there already is left alone. `merogate chain deploy` does the
 * same, and asks first.
 * @throws CHAIN_KEY, CHAIN_FUNDS, CHAIN_FEE, CHAIN_WRONG_NETWORK, CHAIN_DEPLOY, ANCHOR_UNREACHABLE
 */
export async function deployContracts(init: DeployContractsInit): Promise<Deployment> {
  const { rpcUrls, chainId, network, finality = DEFAULT_FINALITY, maxFeePerGas, signal } = init
  const { deployWith } = await withSdk('ethereum', () => import('./deploy/deploy.ts'))
  return deployWith({
    ...{ rpcUrls, chainId, network, finality },
    key: await readKey(init.key),
    ...(maxFeePerGas === undefined ? {} : { maxFeePerGas }),
    ...(signal === undefined ? {} : { signal }),
    clock: systemClock,
    logger: silentLogger,
  })
}
