/**
 * What can be asked of an anchor: the operations of the membership contract, with their frozen ordinals (docs/protocol.md, Anchor).
 * An operation changes a group (its members, capabilities, options) or a context (its application); the envelope names which.
 */
import type { ApplicationRecord, Role } from './records.ts'
import type { ContextId, GroupId, PublicKey } from '../primitives/ids.ts'

/** Ordinal of each operation in the signed bytes. Append only. 7 and 8 belong to governance, which has no operations yet, 16 to 21 to packages. */
export const OPERATION_ORDINALS = {
  createContext: 0,
  updateApplication: 1,
  addMembers: 2,
  removeMembers: 3,
  grant: 4,
  revoke: 5,
  leave: 6,
  claimInvitation: 9,
  revokeInvitation: 10,
  bumpNonce: 11,
  seal: 12,
  setOptions: 13,
  setRole: 14,
  voidInvitations: 15,
  migrateTo: 22,
} as const

/** Name of an operation. */
export type OperationKind = keyof typeof OPERATION_ORDINALS

/** What a wallet shows of each operation, and the contracts hold it to: with the id of the subject beside it. */
export const OPERATION_WORDS: Readonly<Record<OperationKind, string>> = {
  createContext: 'create this context',
  updateApplication: 'change the application of this context',
  addMembers: 'add members to this group',
  removeMembers: 'remove members from this group',
  grant: 'grant capabilities in this group',
  revoke: 'take capabilities away in this group',
  leave: 'leave this group',
  claimInvitation: 'join this group by an invitation',
  revokeInvitation: 'revoke an invitation to this group',
  bumpNonce: 'void what I signed for this group',
  seal: 'seal this group for ever',
  setOptions: 'change the options of this group',
  setRole: 'change roles in this group',
  voidInvitations: 'void my invitations to this group',
  migrateTo: 'move this group to another contract',
}

/** Which contract an envelope or invitation is meant for; nothing signed for one is valid at another. */
export interface Domain {
  /** 0 local, 1 NEAR, 2 ICP, 3 EVM, 4 Stellar. */
  readonly chain: number
  /** 32 bytes that name the network; how they are made differs per chain. */
  readonly network: Uint8Array
  /** The contract's address in the chain's own bytes, at most 64. */
  readonly contract: Uint8Array
}

/** All of them; their order is their ordinal in signed bytes and contracts. Append only. */
export const APPROVERS = ['govern', 'members'] as const

/** Who may approve proposals of a group: members that hold the `govern` bit, or all of them. */
export type ApproverPolicy = (typeof APPROVERS)[number]

/** Settings of a group that are no member's. */
export interface GroupOptions {
  /** @default 'govern' */
  readonly approvers: ApproverPolicy
}

/** Options of a group whose creator asked for nothing else. */
export const DEFAULT_GROUP_OPTIONS: GroupOptions = { approvers: 'govern' }

/** Capability bits of one member, to be added or taken away. */
export interface CapabilityChange {
  readonly identity: PublicKey
  /** Sum of `CAPABILITIES` bits, not zero. */
  readonly capabilities: number
}

/**
 * What an inviter signs: whoever can sign with the claim key may join its group. The secret half of the claim key travels to the
 * invitee; the anchor and its observers see the public half only, so nobody can redirect a claim they watch.
 */
export interface InvitationTerms {
  readonly domain: Domain
  readonly group: GroupId
  readonly inviter: PublicKey
  /** Public half of a key pair made for this invitation. */
  readonly claimKey: PublicKey
  /** Role of whoever claims; the claimant cannot choose it. */
  readonly role: Role
  /** Capability bits given with it; the inviter must hold them all at the time of the claim. */
  readonly capabilities: number
  /** Last second at which it may be claimed, Unix time. */
  readonly notAfter: bigint
  /** How many identities may join with it, u32. */
  readonly maxUses: number
  /** Names the invitation among those of its inviter, u64. */
  readonly inviteNonce: bigint
  /** The inviter's joined revision: an invitation ends with the membership that it was given in. */
  readonly membership: bigint
  /** The inviter's series of invitations, u16: it ends when the inviter voids them. */
  readonly series: number
}

/** One request. The doc of each field says what it names; rules and errors are those of `model/decide.ts`. */
export type Operation =
  | {
      /**
       * The envelope's subject is the new context's id: see `deriveContextId`. Without `group` the context gets a group of its own with
       * the same id, of which the signer is the first member and holds every capability.
       */
      readonly kind: 'createContext'
      /** 32 bytes, chosen by the author. */
      readonly salt: Uint8Array
      readonly application: ApplicationRecord
      /** Of the context's own group; not looked at when `group` is given. */
      readonly options: GroupOptions
      /** Share the members of this group instead. Needs `manageContexts` there. */
      readonly group?: GroupId | undefined
    }
  | { readonly kind: 'updateApplication'; readonly application: ApplicationRecord }
  | { readonly kind: 'addMembers'; readonly ids: readonly PublicKey[]; readonly role: Role }
  | {
      readonly kind: 'removeMembers'
      readonly ids: readonly PublicKey[]
      /** Whether they may come back by an invitation; otherwise they are barred, until they are added by name. */
      readonly mayReturn: boolean
    }
  | { readonly kind: 'grant'; readonly changes: readonly CapabilityChange[] }
  | { readonly kind: 'revoke'; readonly changes: readonly CapabilityChange[] }
  | { readonly kind: 'leave' }
  | {
      readonly kind: 'claimInvitation'
      readonly terms: InvitationTerms
      /** The inviter's, 64 bytes, over the digest of the terms. */
      readonly inviterSignature: Uint8Array
      /** The claim key's, 64 bytes, over the digest of the terms and the claimant's id. */
      readonly claimSignature: Uint8Array
    }
  | {
      /** It is remembered until the invitation ends by itself, however far ahead that is. */
      readonly kind: 'revokeInvitation'
      readonly terms: InvitationTerms
      /** The inviter's, 64 bytes, as for a claim: only an invitation that there is can be revoked. */
      readonly inviterSignature: Uint8Array
    }
  | {
      readonly kind: 'bumpNonce'
      /** The signer's next nonce from now on. */
      readonly to: bigint
    }
  | { readonly kind: 'seal' }
  | { readonly kind: 'setOptions'; readonly options: GroupOptions }
  | { readonly kind: 'setRole'; readonly ids: readonly PublicKey[]; readonly role: Role }
  /** Ends every invitation that the signer gave until now. */
  | { readonly kind: 'voidInvitations' }
  | {
      /**
       * Plans the group's move to another contract of the same chain, with all its contexts: MIGRATION_SECONDS later this one changes nothing of it any
       * more, and what it has is the other's to take over. A new plan replaces the one before.
       */
      readonly kind: 'migrateTo'
      /** The other contract's address as it stands in its domain; empty: the group stays here. */
      readonly contract: Uint8Array
    }

/** What an envelope is about: a group for operations on members, a context for `createContext` and `updateApplication`. */
export type Subject = ContextId | GroupId
