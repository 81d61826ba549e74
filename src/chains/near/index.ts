/**
 * Membership on NEAR: contexts, groups and members in the contract of contexts. The NEAR SDK is loaded when the anchor starts, and used for keys and
 * signatures alone.
 *
 * ```ts
 * import { createNode } from 'merogate/node'
 * import { nearAnchor, readDeployment } from 'merogate/chains/near'
 *
 * const anchor = nearAnchor({
 *   rpcUrls: ['https://rpc.example.org'],
 *   deployment: await readDeployment('testnet.json'),
 *   key: { file: 'node.testnet.json' },
 * })
 * const node = await createNode({ home: '.node', anchors: [anchor] })
 * ```
 *
 * @packageDocumentation
 */
import type { AnchorFactory } from '../../node/anchor/anchor.ts'
import { chainAnchor } from '../shared/chain-anchor.ts'
import { supportsOf } from './defaults.ts'
import type { NearAnchorInit } from './init.ts'

export type { NearAnchorInit } from './init.ts'
export { type Deployment, parseDeployment, readDeployment } from './deploy/deployment.ts'
export type { DeployedContract } from '../shared/deployment.ts'
export type { KeyReference } from '../shared/key-text.ts'

/**
 * Makes an anchor over the contracts of a deployment. The endpoints need not answer yet: whoever asks meanwhile gets ANCHOR_UNREACHABLE.
 * @throws at start: CHAIN_KEY (input), CHAIN_SDK (missing)
 */
export function nearAnchor(init: NearAnchorInit): AnchorFactory {
  const { network, contracts } = init.deployment
  const supports = supportsOf(init.relayer !== undefined)
  return chainAnchor({
    ...{ chain: 'near', network, contract: contracts.contexts.address },
    hasPackages: contracts.packages !== undefined,
    facts: { supports, hasClock: true, knowsPredecessor: true, hasSuccessors: true },
    open: async (components) => (await import('./open-service.ts')).openService(init, components),
  })
}
