/**
 * What an anchor stores, as the contracts lay it out (docs/protocol.md, Anchor): a header per context and per group, a record per member,
 * an index of members by slot, and what is remembered of an inviter's invitations. Everything is found by key; nothing is scanned, so
 * the cost of an operation does not depend on how many members there are.
 */
import { idKey, type GroupId, type Id, type PublicKey } from '../../primitives/ids.ts'
import type { ApplicationRecord, Role } from '../anchor.ts'
import type { GroupOptions } from '../operations.ts'
import { MemoryTables, type TableDraft, type TableEffect, type TableView } from './tables.ts'

/** A context: which group's members it has, and what it runs. */
export interface ContextState {
  readonly group: GroupId
  readonly application: ApplicationRecord
  readonly applicationRevision: bigint
}

/** The header of a group. */
export interface GroupState {
  readonly membersRevision: bigint
  readonly capabilitiesRevision: bigint
  /** Members; their slots are 0 .. count - 1. */
  readonly count: number
  /** Members that hold `manageMembers`. */
  readonly managers: number
  readonly options: GroupOptions
  readonly sealed: boolean
}

/** A member. Everything it may do dies with this record. */
export interface MemberState {
  readonly slot: number
  readonly role: Role
  readonly capabilities: number
  readonly nonce: bigint
  readonly joinedRevision: bigint
}

/** What is remembered of one invitation until it expires. */
export interface InvitationState {
  readonly uses: number
  readonly revoked: boolean
  readonly notAfter: bigint
}

/** Invitations of one inviter by their nonce; at most MAX_LIVE_INVITATIONS. */
export type Invitations = ReadonlyMap<bigint, InvitationState>

/** Values of each table. */
export interface Tables {
  readonly contexts: ContextState
  readonly groups: GroupState
  readonly members: MemberState
  readonly slots: PublicKey
  readonly invitations: Invitations
}

export type StateView = TableView<Tables>
export type Effect = TableEffect<Tables>
export type Draft = TableDraft<Tables>

/** The records in memory. */
export class MemoryState extends MemoryTables<Tables> {}

/** Key in `contexts` and `groups`. */
export function headerKey(id: Id<'context'> | GroupId): string {
  return idKey(id)
}

/** Key in `members` and `invitations`. */
export function memberKey(group: GroupId, identity: PublicKey): string {
  return idKey(group) + idKey(identity)
}

/** Key in `slots`. */
export function slotKey(group: GroupId, slot: number): string {
  return `${idKey(group)}${slot}`
}
