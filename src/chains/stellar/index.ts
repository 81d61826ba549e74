/**
 * Membership on Stellar: contexts, groups and members in the contract of contexts. The Stellar SDK is loaded when the anchor starts, and used for XDR,
 * addresses and transactions alone.
 *
 * ```ts
 * import { createNode } from 'merogate/node'
 * import { readDeployment, stellarAnchor } from 'merogate/chains/stellar'
 *
 * const anchor = stellarAnchor({
 *   rpcUrls: ['https://rpc.example.org'],
 *   deployment: await readDeployment('testnet.json'),
 *   key: { file: 'node.testnet.key' },
 * })
 * const node = await createNode({ home: '.node', anchors: [anchor] })
 * ```
 *
 * @packageDocumentation
 */
import type { AnchorFactory } from '../../node/anchor/anchor.ts'
import { chainAnchor } from '../shared/chain-anchor.ts'
import { supportsOf } from './defaults.ts'
import type { StellarAnchorInit } from './init.ts'

export type { StellarAnchorInit } from './init.ts'
export { type Deployment, parseDeployment, readDeployment } from './deploy/deployment.ts'
export type { DeployedContract } from '../shared/deployment.ts'
export type { KeyReference } from '../shared/key-text.ts'

/**
 * Makes an anchor over the contracts of a deployment. The endpoints need not answer yet: whoever asks meanwhile gets ANCHOR_UNREACHABLE.
 * @throws at start: CHAIN_KEY (input), CHAIN_SDK (missing)
 */
export function stellarAnchor(init: StellarAnchorInit): AnchorFactory {
  const { network, contracts } = init.deployment
  const supports = supportsOf(init.relayer !== undefined)
  return chainAnchor({
    ...{ chain: 'stellar', network, contract: contracts.contexts.address },
    hasPackages: contracts.packages !== undefined,
    facts: { supports, hasClock: true, knowsPredecessor: true },
    open: async (components) => (await import('./open-service.ts')).openService(init, components),
  })
}
