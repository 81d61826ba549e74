/** What two readings of a member list say about who holds the group's keys, and whether they can be of one history. */
import type { MemberRecord, MemberSnapshot, Read } from '../../anchor/anchor.ts'
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

/**
 * Whether a reading cannot follow another in one history: the revision went back, it is the same and the lists are not, or somebody joined before
 * the first reading, which does not have it.
 */
export function isOtherHistory(before: Reading, after: Reading): boolean {
  if (after.revision < before.revision) return true
  const known = new Map(before.members.map((member) => [idKey(member.identity), member]))
  const isEqual = after.revision === before.revision
  if (isEqual && after.members.length !== before.members.length) return true
  return after.members.some(({ identity, joinedRevision, role }) => {
    const then = known.get(idKey(identity))
    if (isEqual && then?.role !== role) return true
    return joinedRevision <= before.revision && then?.joinedRevision !== joinedRevision
  })
}

/**
 * What an answer is to whoever has read the list before, at some height: `newer`, or the same; `older` where an endpoint lags; of an `other`
 * history, or one of both is no truth.
 */
export function judgeAnswer(
  before: Reading & { readonly height: bigint },
  { value, evidence }: Read<MemberSnapshot>,
): 'newer' | 'older' | 'other' {
  if (before.revision === 0n || !isOtherHistory(before, value)) return 'newer'
  const { height, isBehind = height < before.height } = evidence
  return isBehind ? 'older' : 'other'
}
