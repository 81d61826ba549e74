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
import type { AnchorComponents, AnchorFactory } from '../../node/anchor/anchor.ts'
import { envelopeAnchor } from '../../node/anchor/envelope-anchor.ts'
import { type LazyFacts, LazyService } from '../shared/lazy-service.ts'
import { withSdk } from '../shared/sdk.ts'
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
  const { deployment } = init
  return (components: AnchorComponents) => {
    const service = new LazyService(async () => {
      const { openService } = await withSdk('near', () => import('./open-service.ts'))
      return openService(init, components)
    }, factsOf(init))
    return envelopeAnchor({
      protocol: 'near',
      network: deployment.network,
      contract: deployment.contracts.contexts.address,
      service,
      ...(deployment.contracts.packages === undefined ? {} : { packages: service.packages }),
    })(components)
  }
}

/** What the service will be, before its SDK is loaded. */
function factsOf({ relayer }: NearAnchorInit): LazyFacts {
  return { supports: supportsOf(relayer !== undefined), hasClock: true, knowsPredecessor: true }
}
