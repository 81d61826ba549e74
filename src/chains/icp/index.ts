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
import type { AnchorComponents, AnchorFactory } from '../../node/anchor/anchor.ts'
import { envelopeAnchor } from '../../node/anchor/envelope-anchor.ts'
import { LazyService } from '../shared/lazy-service.ts'
import { withSdk } from '../shared/sdk.ts'
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
  const { deployment } = init
  return (components: AnchorComponents) => {
    const service = new LazyService(
      async () => {
        const { openService } = await withSdk('icp', () => import('./open-service.ts'))
        return openService(init, components)
      },
      { supports: SUPPORTS, hasClock: true, knowsPredecessor: true },
    )
    return envelopeAnchor({
      protocol: 'icp',
      network: deployment.network,
      contract: deployment.contracts.contexts.address,
      service,
      ...(deployment.contracts.packages === undefined ? {} : { packages: service.packages }),
    })(components)
  }
}
