/** What the contract announces: enough to rebuild contexts, members, roles and capabilities from the events alone. */
import type { ContextId, GroupId, PublicKey } from '../primitives/ids.ts'
import type { ApplicationRecord, MigrationRecord, Role } from './anchor.ts'
import type { GroupOptions, InvitationTerms, Subject } from './operations.ts'

/** What the log tells of an invitation's terms. */
export type AnnouncedTerms = Omit<InvitationTerms, 'domain' | 'group' | 'claimKey'>

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
  | {
      readonly name: 'MembersRemoved'
      readonly ids: readonly PublicKey[]
      /** They may not claim an invitation. */
      readonly barred: boolean
      /** Last second at which what is kept of them counts, Unix time. */
      readonly until: bigint
    }
  | {
      readonly name: 'CapabilitiesChanged'
      /** All bits each holds now. */
      readonly changes: readonly { readonly identity: PublicKey; readonly capabilities: number }[]
    }
  | { readonly name: 'RolesChanged'; readonly ids: readonly PublicKey[]; readonly role: Role }
  | {
      /** The new member is the signer. */
      readonly name: 'InvitationClaimed'
      /** Digest of the terms, 32 bytes. */
      readonly invitation: Uint8Array
      readonly terms: AnnouncedTerms
    }
  | {
      readonly name: 'InvitationRevoked'
      readonly invitation: Uint8Array
      readonly terms: AnnouncedTerms
    }
  | { readonly name: 'InvitationsVoided'; readonly series: number }
  | { readonly name: 'NonceBumped'; readonly to: bigint }
  | { readonly name: 'ContextSealed' }
  | { readonly name: 'OptionsChanged'; readonly options: GroupOptions }
  /** Without a move the group stays. */
  | { readonly name: 'MigrationPlanned'; readonly migration: MigrationRecord | undefined }
  /** A group or context is here, as the predecessor's log tells of it. Nobody signs that: the signer is 32 zero bytes. */
  | { readonly name: 'GroupAdopted' }
  | { readonly name: 'ContextAdopted' }

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
