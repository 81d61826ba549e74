/** The anchor of any chain whose contracts a deployment names: its service is built, and its SDK loaded, when it starts. */
import type { AnchorComponents, AnchorFactory } from '../../node/anchor/anchor.ts'
import { envelopeAnchor } from '../../node/anchor/envelope-anchor.ts'
import { type LazyFacts, LazyService, type LoadedService } from './lazy-service.ts'
import { withSdk } from './sdk.ts'

export interface ChainAnchor {
  /** Its protocol, as in `ethereum`. */
  readonly chain: string
  /** As the deployment names it. */
  readonly network: string
  /** Address of the contract of contexts. */
  readonly contract: string
  /** Whether the deployment has a registry of packages. */
  readonly hasPackages: boolean
  /** What the service will be, before its SDK is loaded. */
  readonly facts: LazyFacts
  /** Loads the SDK, and builds the service. */
  open(components: AnchorComponents): Promise<LoadedService>
}

/** @throws at start: CHAIN_SDK (missing), and what `open` throws */
export function chainAnchor(init: ChainAnchor): AnchorFactory {
  const { chain: protocol, network, contract, hasPackages, facts } = init
  return (components) => {
    const service = new LazyService(() => withSdk(protocol, () => init.open(components)), facts)
    const packages = hasPackages ? { packages: service.packages } : {}
    return envelopeAnchor({ protocol, network, contract, service, ...packages })(components)
  }
}
