/** What holds when an init leaves it out. */
import type { AnchorManifest } from '../../node/anchor/anchor.ts'
import type { FinalityRule } from './rpc/head.ts'
import type { EthereumAnchorInit } from './init.ts'
import { DEFAULT_MAX_FEE_PER_GAS, POLL_MS } from './limits.ts'
import { pollMsFor } from '../shared/poll.ts'

/** When a block counts as final, unless something else is said. */
export const DEFAULT_FINALITY: FinalityRule = 'finalized'

/** What an anchor says of itself, as far as its settings decide it. */
export function supportsOf({
  finality,
  wsUrl,
  isRelayed,
}: {
  readonly finality: FinalityRule | undefined
  readonly wsUrl: string | undefined
  readonly isRelayed: boolean
}): Partial<AnchorManifest> {
  return {
    finality: finality === 0 ? ['final'] : ['optimistic', 'final'],
    eventPush: wsUrl !== undefined,
    sponsoredFees: isRelayed,
  }
}

/** Values that an init may leave out. */
interface Defaults {
  readonly finality: FinalityRule
  readonly maxFeePerGas: bigint
  readonly pollMs: number
}

/** An init with its defaults filled in. */
export type ResolvedInit = EthereumAnchorInit & Defaults

/** Fills in the defaults. */
export function resolveInit<T extends Omit<EthereumAnchorInit, 'key'>>(init: T): T & Defaults {
  return {
    ...init,
    finality: init.finality ?? DEFAULT_FINALITY,
    maxFeePerGas: init.maxFeePerGas ?? DEFAULT_MAX_FEE_PER_GAS,
    pollMs: init.pollMs ?? pollMsFor(init.rpcUrls, POLL_MS),
  }
}
