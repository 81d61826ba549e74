/** What the contract announces: enough to rebuild contexts, members, roles and capabilities from the events alone. */
import type { ContextId, GroupId, PublicKey } from '../../primitives/ids.ts'
import type { ApplicationRecord, Role } from '../anchor.ts'
import type { GroupOptions, Subject } from '../operations.ts'

/** What happened; the lists name only what really changed. */
export type EventBody =
  | {
      readonly name: 'ContextCreated'
      readonly context: ContextId
      readonly group: GroupId
      readonly application: ApplicationRecord
      /** Given when the group was made with the context. */
      readonly options?: GroupOptions
    }
  | { readonly name: 'ApplicationUpdated'; readonly application: ApplicationRecord }
  | { readonly name: 'MembersAdded'; readonly ids: readonly PublicKey[]; readonly role: Role }
  | { readonly name: 'MembersRemoved'; readonly ids: readonly PublicKey[] }
  | {
      readonly name: 'CapabilitiesChanged'
      /** All bits each holds now. */
      readonly changes: readonly { readonly identity: PublicKey; readonly capabilities: number }[]
    }
  | { readonly name: 'RolesChanged'; readonly ids: readonly PublicKey[]; readonly role: Role }
  | {
      readonly name: 'InvitationClaimed'
      readonly inviter: PublicKey
      readonly inviteNonce: bigint
      /** The new member is the signer. */
      readonly role: Role
      readonly capabilities: number
    }
  | {
      readonly name: 'InvitationRevoked'
      readonly inviter: PublicKey
      readonly inviteNonce: bigint
    }
  | { readonly name: 'NonceBumped'; readonly to: bigint }
  | { readonly name: 'ContextSealed' }
  | { readonly name: 'OptionsChanged'; readonly options: GroupOptions }

/** What happened, with whose word: the subject and the signer of the request. */
export type Announced<B, S> = B & {
  readonly subject: S
  readonly signer: PublicKey
  /** The nonce that the operation used. */
  readonly nonce: bigint
  /** The revision that the change moved, afterwards; 0 for changes that no revision counts. */
  readonly revision: bigint
}

/** An announced change. */
export type AnchorEvent = Announced<EventBody, Subject>
