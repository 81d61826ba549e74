/**
 * Membership on the Internet Computer: contexts, groups and members in a canister whose every answer is proven under the network's root key. A node
 * needs no account: whoever calls pays nothing. The SDK is loaded when the anchor starts.
 *
 * ```ts
 * import { createNode } from 'merogate/node'
 * import { icpAnchor, readDeployment } from 'merogate/chains/icp'
 *
 * const anchor = icpAnchor({
 *   rpcUrls: ['https://icp-api.io'],
 *   deployment: await readDeployment('ic.json'),
 * })
 * const node = await createNode({ home: '.node', anchors: [anchor] })
 * ```
 *
 * @packageDocumentation
 */
import type { AnchorFactory } from '../../node/anchor/anchor.ts'
import { chainAnchor } from '../shared/chain-anchor.ts'
import { SUPPORTS } from './defaults.ts'
import type { IcpAnchorInit } from './init.ts'

export type { IcpAnchorInit } from './init.ts'
export { type Deployment, parseDeployment, readDeployment } from './deploy/deployment.ts'
export type { DeployedContract } from '../shared/deployment.ts'

/**
 * Makes an anchor over the contracts of a deployment. The endpoints need not answer yet: whoever asks meanwhile gets ANCHOR_UNREACHABLE.
 * @throws at start: CHAIN_SDK (missing)
 */
export function icpAnchor(init: IcpAnchorInit): AnchorFactory {
  const { network, contracts } = init.deployment
  return chainAnchor({
    ...{ chain: 'icp', network, contract: contracts.contexts.address },
    hasPackages: contracts.packages !== undefined,
    facts: { supports: SUPPORTS, hasClock: true, knowsPredecessor: true, hasSuccessors: true },
    open: async (components) => (await import('./open-service.ts')).openService(init, components),
  })
}
