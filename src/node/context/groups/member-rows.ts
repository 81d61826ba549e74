/** Members as the anchor has them and as they are stored. */
import { type Evidence, type MemberRecord, ROLES } from '../../anchor/anchor.ts'
import type { PublicKey } from '../../primitives/ids.ts'
import type { GroupRow, MemberRow } from '../../store/repositories/groups.ts'

/** Whether more than its nonce is another. */
export function isAltered(before: MemberRecord | undefined, now: MemberRecord): boolean {
  if (before === undefined) return false
  const parts = ['role', 'capabilities', 'joinedRevision'] as const
  return parts.some((part) => before[part] !== now[part])
}

/** `removedRevision`: at which it was seen gone; 0 while it is a member. */
export function toRow(member: MemberRecord, removedRevision: bigint): MemberRow {
  return {
    role: ROLES.indexOf(member.role),
    capabilities: member.capabilities,
    nonce: member.nonce,
    joinedRevision: member.joinedRevision,
    removedRevision,
  }
}

export function toRecord(identity: PublicKey, row: MemberRow): MemberRecord {
  return {
    identity,
    role: ROLES[row.role] ?? 'relay', // an unknown role may do least
    capabilities: row.capabilities,
    nonce: row.nonce,
    joinedRevision: row.joinedRevision,
  }
}

/** Where a view was read, and when. */
export function viewOf(
  { height, block }: Evidence,
  nowMs: number,
): Pick<GroupRow, 'viewHeight' | 'viewBlock' | 'viewAtMs'> {
  return { viewHeight: height, viewBlock: block ?? '', viewAtMs: BigInt(nowMs) }
}
