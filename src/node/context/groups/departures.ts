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
 * each step that nobody explains by having joined with it counts as a departure.
 */
export function mayHaveDeparted(before: Reading, after: Reading): boolean {
  const roles = new Map(after.members.map(({ identity, role }) => [idKey(identity), role]))
  const isSeen = before.members.some(({ identity, role }) => {
    const now = roles.get(idKey(identity))
    return role !== 'relay' && (now === undefined || now === 'relay')
  })
  const steps = after.revision - before.revision
  if (isSeen || steps <= 1n) return isSeen
  const joins = after.members
    .map(({ joinedRevision }) => joinedRevision)
    .filter((revision) => revision > before.revision)
  return steps > BigInt(new Set(joins).size)
}
