/** What holds when an init leaves it out. */
import type { AnchorManifest } from '../../node/anchor/anchor.ts'
import { sha256 } from '../../node/primitives/hash.ts'
import { utf8 } from '../../node/primitives/bytes.ts'
import type { Domain } from '../../node/anchor/operations.ts'
import { isOnThisMachine } from '../shared/endpoint-address.ts'
import { LOCAL_POLL_MS } from '../shared/limits.ts'
import { NEAR_CHAIN } from './constants.ts'
import { POLL_MS } from './limits.ts'

/** What an anchor says of itself. */
export function supportsOf(isRelayed: boolean): Partial<AnchorManifest> {
  return { finality: ['optimistic', 'final'], eventPush: false, sponsoredFees: isRelayed }
}

/** Pause between two looks: a chain on this machine is asked more often. */
export function pollMsFor(urls: readonly string[]): number {
  return urls.every(isOnThisMachine) ? LOCAL_POLL_MS : POLL_MS
}

/** The domain of a contract, for what is signed for it. */
export function domainOf(chainId: string, account: string): Domain {
  return { chain: NEAR_CHAIN, network: sha256(utf8(chainId)), contract: utf8(account) }
}
