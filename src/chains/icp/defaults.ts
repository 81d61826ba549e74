/** What holds when an init leaves it out. */
import type { AnchorManifest } from '../../node/anchor/anchor.ts'
import type { Domain } from '../../node/anchor/operations.ts'
import { utf8 } from '../../node/primitives/bytes.ts'
import { sha256 } from '../../node/primitives/hash.ts'
import { ICP_CHAIN } from './constants.ts'

/** What an anchor says of itself: answers are final at once, and nobody who calls pays. */
export const SUPPORTS: Partial<AnchorManifest> = { eventPush: false }

/** The domain of a canister, for what is signed for it. */
export function domainOf(network: string, canister: Uint8Array): Domain {
  return { chain: ICP_CHAIN, network: sha256(utf8(network)), contract: canister }
}
