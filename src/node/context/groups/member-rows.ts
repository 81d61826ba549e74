/** Members as the anchor has them and as they are stored. */
import { type MemberRecord, ROLES } from '../../anchor/anchor.ts'
import type { PublicKey } from '../../primitives/ids.ts'
import type { MemberRow } from '../../store/repositories/groups.ts'

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
