/** What is asked for when members are to come and to go: part of the public interface. */
import type { Role } from './anchor/anchor.ts'
import type { ContextId, PublicKey } from './primitives/ids.ts'

/** A ticket for one identity, or for whoever holds its claim key. */
export interface Invitation {
  /** Base58; what travels to the invitee. */
  readonly text: string
}

export interface InviteMember {
  readonly context: ContextId
  /** Identity that joins. */
  readonly invitee: PublicKey
  /** Identity of this node that may manage members. @default the only one */
  readonly inviter?: PublicKey | undefined
  /** @default 'writer' */
  readonly role?: Role
  readonly signal?: AbortSignal
}

export interface RemoveMembers {
  /** Whether an open invitation brings them back; otherwise they are barred until they are invited by name. @default false */
  readonly mayReturn?: boolean | undefined
  readonly signal?: AbortSignal
}
