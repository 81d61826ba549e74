/** What holds when an init leaves it out. */
import type { AnchorManifest } from '../../node/anchor/anchor.ts'
import { sha256 } from '../../node/primitives/hash.ts'
import { utf8 } from '../../node/primitives/bytes.ts'
import type { Domain } from '../../node/anchor/operations.ts'
import { NEAR_CHAIN } from './constants.ts'

/** What an anchor says of itself. */
export function supportsOf(isRelayed: boolean): Partial<AnchorManifest> {
  return { finality: ['optimistic', 'final'], eventPush: false, sponsoredFees: isRelayed }
}

/** The domain of a contract, for what is signed for it. */
export function domainOf(chainId: string, account: string): Domain {
  return { chain: NEAR_CHAIN, network: sha256(utf8(chainId)), contract: utf8(account) }
}
