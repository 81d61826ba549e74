/** Chooses whom a delta is pushed to. */
import { compareBytes, utf8 } from '../../primitives/bytes.ts'
import { sha256 } from '../../primitives/hash.ts'
import type { DeltaId } from '../../primitives/ids.ts'
import { MAX_DIRECT_FAN_OUT, RENDEZVOUS_FAN_OUT } from '../limits.ts'

/**
 * Everybody while they are few; otherwise the eight whose hash with the delta's id is smallest, so that the load of a busy writer spreads
 * over all members from delta to delta. Gossip reaches the others.
 */
export function fanOut<T extends { readonly peer: string }>(
  delta: DeltaId,
  members: readonly T[],
): readonly T[] {
  if (members.length <= MAX_DIRECT_FAN_OUT) return members
  return members
    .map((member) => ({ member, rank: sha256(delta, utf8(member.peer)) }))
    .sort((a, b) => compareBytes(a.rank, b.rank))
    .slice(0, RENDEZVOUS_FAN_OUT)
    .map(({ member }) => member)
}
