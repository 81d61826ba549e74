/**
 * What an anchor stores, as the contracts lay it out (docs/protocol.md, Anchor): a header per context and per group, a record per member,
 * an index of members by slot, what is kept for a while of those who went, and what is remembered of invitations. Everything is found by key; nothing is scanned, so
 * the cost of an operation does not depend on how many members there are.
 */
import { idKey, type GroupId, type Id, type PublicKey } from '../../../../node/primitives/ids.ts'
import type { ApplicationRecord, MigrationRecord, Role } from '../../../../node/anchor/anchor.ts'
import type { GroupOptions } from '../../../../node/anchor/operations.ts'
import type { Standing } from '../../../../node/anchor/service.ts'
import { MemoryTables, type TableDraft, type TableEffect, type TableView } from '../tables.ts'

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
  /** Where it moves and when; undefined while it stays. */
  readonly migration: MigrationRecord | undefined
}

/** A member. Everything it may do dies with this record. */
export interface MemberState {
  readonly slot: number
  readonly role: Role
  readonly capabilities: number
  readonly nonce: bigint
  readonly joinedRevision: bigint
  /** Of the invitations that it gives now. */
  readonly series: number
}

/**
 * What is kept of an identity that is no member, until it counts as nothing: its nonces go on, so that no claim that it signed is good
 * twice, and it may be barred from claiming.
 */
export interface PastState {
  /** Nonce that its next claim must have. */
  readonly nonce: bigint
  readonly barred: boolean
  /** Last second at which this counts, Unix time. */
  readonly until: bigint
}

/** What is remembered of one invitation until it expires. */
export interface InvitationState {
  readonly uses: number
  readonly revoked: boolean
  readonly notAfter: bigint
}

/** A place that a member has taken for an invitation, until that expires. */
export interface Place {
  /** Key in `invitations`. */
  readonly invitation: string
  readonly notAfter: bigint
}

/** Values of each table. */
export interface Tables {
  readonly contexts: ContextState
  readonly groups: GroupState
  readonly members: MemberState
  readonly past: PastState
  readonly slots: PublicKey
  readonly invitations: InvitationState
  readonly books: readonly Place[]
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

/** Key in `members` and `past`. */
export function memberKey(group: GroupId, identity: PublicKey): string {
  return idKey(group) + idKey(identity)
}

/** Key in `invitations`: the terms name the group. */
export function invitationKey(digest: Uint8Array): string {
  return idKey(digest)
}

/**
 * Key in `books`: the places of a member in one membership and one series of invitations. They are given up with either; what was revoked at their
 * expense stays revoked.
 */
export function bookKey(
  group: GroupId,
  identity: PublicKey,
  { joinedRevision, series }: Pick<MemberState, 'joinedRevision' | 'series'>,
): string {
  return `${memberKey(group, identity)}${joinedRevision}/${series}`
}

/** Key in `slots`. */
export function slotKey(group: GroupId, slot: number): string {
  return `${idKey(group)}${slot}`
}

/** What still counts of an identity that is no member. */
export function pastOf(
  view: StateView,
  group: GroupId,
  identity: PublicKey,
  now: bigint,
): PastState | undefined {
  const past = view.get('past', memberKey(group, identity))
  return past === undefined || past.until < now ? undefined : past
}

/** Whether a group belongs to another contract by now. */
export function hasMoved({ migration }: Pick<GroupState, 'migration'>, now: bigint): boolean {
  return migration !== undefined && migration.movesAt <= now
}

/** Where an identity stands in a group. */
export function standingOf(
  view: StateView,
  group: GroupId,
  identity: PublicKey,
  now: bigint,
): Standing {
  const member = view.get('members', memberKey(group, identity))
  if (member === undefined) {
    const nonce = pastOf(view, group, identity, now)?.nonce ?? 0n
    return { nonce, joinedRevision: 0n, series: 0 }
  }
  const { nonce, joinedRevision, series } = member
  return { nonce, joinedRevision, series }
}
