/** What two readings of a member list say about who holds the group's keys. */
import type { MemberRecord } from '../../anchor/anchor.ts'
import { idKey } from '../../primitives/ids.ts'

/** A member list at a membersRevision. */
export interface Reading {
  readonly revision: bigint
  readonly members: readonly MemberRecord[]
}

/**
 * Whether somebody who may hold keys may have gone between two readings: was removed, left, became a relay, or went and came back. Over a
 * single step of the revision the lists say it all. Over several, somebody may have come, got keys from another member and gone, all unseen:
 * unless those who came explain every step, that counts as a departure.
 */
export function mayHaveDeparted(before: Reading, after: Reading): boolean {
  const now = new Map(after.members.map((member) => [idKey(member.identity), member]))
  const isSeen = before.members.some((member) => {
    if (member.role === 'relay') return false
    const same = now.get(idKey(member.identity))
    return (
      same === undefined || same.role === 'relay' || same.joinedRevision !== member.joinedRevision
    )
  })
  if (isSeen) return true
  const steps = after.revision - before.revision
  if (steps <= 1n) return false
  const joins = after.members
    .map(({ joinedRevision }) => joinedRevision)
    .filter((revision) => revision > before.revision)
  return steps > BigInt(new Set(joins).size)
}
