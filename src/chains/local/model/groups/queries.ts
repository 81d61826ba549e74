/** What can be read of the stored records: contexts, groups, members, pages of members. Each costs a few look-ups by key. */
import type { ContextId, GroupId, PublicKey } from '../../../../node/primitives/ids.ts'
import type { ContextRecord, GroupRecord, MemberRecord } from '../../../../node/anchor/anchor.ts'
import type { MemberPage } from '../../../../node/anchor/service.ts'
import { MAX_PAGE } from '../../../../node/anchor/limits.ts'
import { headerKey, memberKey, slotKey, type MemberState, type StateView } from './state.ts'

function memberRecord(identity: PublicKey, member: MemberState): MemberRecord {
  const { role, capabilities, nonce, joinedRevision } = member
  return { identity, role, capabilities, nonce, joinedRevision }
}

/** A context by its id. */
export function readContext(view: StateView, id: ContextId): ContextRecord | undefined {
  const context = view.get('contexts', headerKey(id))
  return context === undefined ? undefined : { id, ...context }
}

/** A group by its id. Whoever has a context's id asks the context for its group first. */
export function readGroup(view: StateView, id: GroupId): GroupRecord | undefined {
  const header = view.get('groups', headerKey(id))
  if (header === undefined) return undefined
  const { membersRevision, capabilitiesRevision, count, sealed, migration } = header
  return { id, membersRevision, capabilitiesRevision, memberCount: count, sealed, migration }
}

/** A member of a group; undefined when it is none. */
export function readMember(
  view: StateView,
  group: GroupId,
  identity: PublicKey,
): MemberRecord | undefined {
  const member = view.get('members', memberKey(group, identity))
  return member === undefined ? undefined : memberRecord(identity, member)
}

/** Members in the order of their slots; at most MAX_PAGE, whatever is asked for. Undefined for an unknown group. */
export function readMemberPage(
  view: StateView,
  group: GroupId,
  offset: number,
  length: number,
): MemberPage | undefined {
  const header = view.get('groups', headerKey(group))
  if (header === undefined) return undefined
  const end = Math.min(offset + Math.min(length, MAX_PAGE), header.count)
  const items: MemberRecord[] = []
  for (let slot = offset; slot < end; slot++) {
    const identity = view.get('slots', slotKey(group, slot))
    const member = identity === undefined ? undefined : readMember(view, group, identity)
    if (member !== undefined) items.push(member)
  }
  return { revision: header.membersRevision, total: header.count, items }
}
