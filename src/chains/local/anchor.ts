/** An anchor over the local service. */
import type { AnchorFactory } from '../../node/anchor/anchor.ts'
import { envelopeAnchor } from '../../node/anchor/envelope-anchor.ts'
import { HttpService } from './client.ts'
import { HttpPackages } from './packages-client.ts'

export interface LocalAnchorInit {
  /** Of the service, as it prints it: `http://127.0.0.1:2540`. */
  readonly url: string
  /** Name of the network in invitations; every node that uses one service says the same. @default 'local' */
  readonly network?: string
}

/**
 * Makes an anchor over a local service. It need not run yet: whoever asks meanwhile gets ANCHOR_UNREACHABLE (transport).
 *
 * @example
 * ```ts
 * const node = await createNode({ home: '.node', anchors: [localAnchor({ url: 'http://127.0.0.1:2540' })] })
 * ```
 */
export function localAnchor(init: LocalAnchorInit): AnchorFactory {
  return envelopeAnchor({
    protocol: 'local',
    network: init.network ?? 'local',
    contract: 'local',
    service: new HttpService(init.url),
    packages: new HttpPackages(init.url),
  })
}
