/** The reference adapter: an anchor over an authority in the same process. */
import type { AnchorFactory } from '../../node/anchor/anchor.ts'
import { envelopeAnchor } from '../../node/anchor/envelope-anchor.ts'
import type { LocalAuthority } from './model/authority.ts'

export interface MemoryAnchorInit {
  /** Started by its owner, and shared by all nodes that shall meet. */
  readonly authority: LocalAuthority
}

/** Makes an anchor for one node; several may share an authority. */
export function memoryAnchor(init: MemoryAnchorInit): AnchorFactory {
  return envelopeAnchor({
    protocol: 'local',
    network: 'local',
    contract: 'local',
    service: init.authority,
    packages: init.authority.packages,
  })
}
