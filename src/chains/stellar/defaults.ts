/** What holds when an init leaves it out. */
import type { AnchorManifest } from '../../node/anchor/anchor.ts'
import { MAX_REMOVALS } from './limits.ts'

/** What an anchor says of itself. A ledger that closed is final. */
export function supportsOf(isRelayed: boolean): Partial<AnchorManifest> {
  return {
    ...{ finality: ['final'], eventPush: false, sponsoredFees: isRelayed },
    maxBatch: { removeMembers: MAX_REMOVALS },
  }
}
