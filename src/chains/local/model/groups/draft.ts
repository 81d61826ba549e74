/** A group while an operation changes it: header, members and slots kept consistent, on top of what is stored. */
import type { GroupId, PublicKey } from '../../../../node/primitives/ids.ts'
import { CAPABILITIES, type Role } from '../../../../node/anchor/anchor.ts'
import type { RefusalName } from '../../../../node/anchor/errors.ts'
import { MAX_MEMBERS, MAX_MEMBERS_REVISION } from '../../../../node/anchor/limits.ts'
import {
  headerKey,
  memberKey,
  slotKey,
  type Draft,
  type GroupState,
  type MemberState,
  pastOf,
  type PastState,
} from './state.ts'

/**
 * First nonce of a member that joins at a revision of the member list. The revision only grows, so whoever comes back starts above
 * every nonce it ever had. What is kept of those who went is for their claims, which come before the record.
 */
export function firstNonce(membersRevision: bigint): bigint {
  return membersRevision << 32n
}

/** 1 for a holder of `manageMembers`, otherwise 0. */
function manages(capabilities: number): number {
  return (capabilities & CAPABILITIES.manageMembers) === 0 ? 0 : 1
}

export class GroupDraft {
  readonly id: GroupId
  readonly draft: Draft
  #header: GroupState

  constructor(id: GroupId, draft: Draft, header: GroupState) {
    this.id = id
    this.draft = draft
    this.#header = header
  }

  get header(): GroupState {
    return this.#header
  }

  /** Changes fields of the header. */
  update(changes: Partial<GroupState>): void {
    this.#header = { ...this.#header, ...changes }
    this.draft.set('groups', headerKey(this.id), this.#header)
  }

  member(identity: PublicKey): MemberState | undefined {
    return this.draft.get('members', memberKey(this.id, identity))
  }

  setMember(identity: PublicKey, member: MemberState): void {
    this.draft.set('members', memberKey(this.id, identity), member)
  }

  /** What still counts of who is no member. */
  past(identity: PublicKey, now: bigint): PastState | undefined {
    return pastOf(this.draft, this.id, identity, now)
  }

  setPast(identity: PublicKey, past: PastState | undefined): void {
    this.draft.set('past', memberKey(this.id, identity), past)
  }

  /** Moves the revision of the member list. */
  bumpMembers(): RefusalName | undefined {
    const membersRevision = this.#header.membersRevision + 1n
    if (membersRevision > MAX_MEMBERS_REVISION) return 'LimitExceeded'
    this.update({ membersRevision })
    return undefined
  }

  /** Adds a member in the last slot. The revision it joins at is the header's: bump first. */
  insert(identity: PublicKey, role: Role, capabilities: number): RefusalName | undefined {
    const { count, managers, membersRevision } = this.#header
    if (count >= MAX_MEMBERS) return 'LimitExceeded'
    this.setMember(identity, {
      slot: count,
      role,
      capabilities,
      nonce: firstNonce(membersRevision),
      joinedRevision: membersRevision,
      series: 0,
    })
    this.setPast(identity, undefined)
    this.draft.set('slots', slotKey(this.id, count), identity)
    this.update({ count: count + 1, managers: managers + manages(capabilities) })
    return undefined
  }

  /** Removes a member, of which its nonce is kept; the one in the last slot takes its place. */
  remove(identity: PublicKey, member: MemberState, past: Omit<PastState, 'nonce'>): void {
    const { count, managers } = this.#header
    const last = slotKey(this.id, count - 1)
    const moved = this.draft.get('slots', last)
    const movedState = moved === undefined ? undefined : this.member(moved)
    if (moved !== undefined && movedState !== undefined && movedState.slot !== member.slot) {
      this.setMember(moved, { ...movedState, slot: member.slot })
      this.draft.set('slots', slotKey(this.id, member.slot), moved)
    }
    this.draft.set('slots', last, undefined)
    this.draft.set('members', memberKey(this.id, identity), undefined)
    this.setPast(identity, { ...past, nonce: member.nonce })
    this.update({ count: count - 1, managers: managers - manages(member.capabilities) })
  }

  /** Replaces all bits of a member. */
  setCapabilities(identity: PublicKey, member: MemberState, capabilities: number): void {
    this.setMember(identity, { ...member, capabilities })
    const managers = this.#header.managers - manages(member.capabilities) + manages(capabilities)
    this.update({ managers })
  }
}
