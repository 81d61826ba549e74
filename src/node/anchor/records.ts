/** What an anchor says, and what is said of it: the words of its port. */
import type { ApplicationId, BlobId, ContextId, GroupId, PublicKey } from '../primitives/ids.ts'

/** How sure a read is: `final` cannot be undone, `optimistic` may. */
export type Finality = 'optimistic' | 'final'

/** Where a read comes from. Callers state the finality they need. */
export interface Evidence {
  /** Block height or its like; only grows. */
  readonly height: bigint
  /** Hash of that block, hexadecimal with 0x, where heights are blocks'. */
  readonly block?: string
  readonly finality: Finality
  /** Whether the answer carries a proof that the adapter checked. */
  readonly certified: boolean
  /** Who answered, for messages and to tell sources apart. @default the only one there is */
  readonly source?: string
  /** The contract that answered, its address as text, where a group is in another than `Anchor.contract`. */
  readonly contract?: string
  /** The answer is from before what {@link ReadOptions.since} says, as far as anybody can tell. @default its height is lower */
  readonly isBehind?: boolean
}

/** A value with its evidence. */
export interface Read<T> {
  readonly value: T
  readonly evidence: Evidence
}

/** All roles; their order is their ordinal in signed bytes and contracts. Append only. */
export const ROLES = ['writer', 'reader', 'relay'] as const

/** Writer: its deltas are applied. Reader: gets keys, its deltas are not applied. Relay: stores and serves sealed deltas, gets no keys. */
export type Role = (typeof ROLES)[number]

/** Capability bits of a member (docs/protocol.md, Anchor). */
export const CAPABILITIES = {
  manageApplication: 1,
  manageMembers: 2,
  proxy: 4,
  govern: 8,
  manageContexts: 16,
} as const

/** What a context runs. Limits: source 512, metadata 1 024 bytes (docs/limits.md). */
export interface ApplicationRecord {
  readonly id: ApplicationId
  readonly blob: BlobId
  /** Bytes of the blob. */
  readonly size: bigint
  /** Where it was installed from, a URI; informational. */
  readonly source: string
  readonly metadata: Uint8Array
}

export interface ContextRecord {
  readonly id: ContextId
  readonly group: GroupId
  readonly application: ApplicationRecord
  /** Starts at 1, +1 if and only if the application changed. */
  readonly applicationRevision: bigint
}

export interface GroupRecord {
  readonly id: GroupId
  /** Starts at 1, +1 if and only if the member set or a role changed. */
  readonly membersRevision: bigint
  readonly capabilitiesRevision: bigint
  readonly memberCount: number
  readonly sealed: boolean
  /** Where the group moves, or moved, and when; undefined while it stays. */
  readonly migration: MigrationRecord | undefined
}

/** A group's move to another contract. */
export interface MigrationRecord {
  /** The other contract's address as it stands in its domain. */
  readonly successor: Uint8Array
  /** Second from which on the group is there, Unix time by the anchor's clock. */
  readonly movesAt: bigint
}

export interface MemberRecord {
  readonly identity: PublicKey
  readonly role: Role
  /** Sum of {@link CAPABILITIES} bits. */
  readonly capabilities: number
  /** Next nonce this member must use. */
  readonly nonce: bigint
  /** membersRevision at which it joined. */
  readonly joinedRevision: bigint
}

/** All members at one revision. */
export interface MemberSnapshot {
  readonly revision: bigint
  readonly members: readonly MemberRecord[]
}

/** An ed25519 identity that can sign. */
export interface Signer {
  readonly publicKey: PublicKey
  /** Plain RFC 8032 signature, 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

/** What an invitation for whoever holds it is made of. */
export interface InvitationInit {
  /** @default 'writer' */
  readonly role?: Role
  /** Bits given to whoever claims; the inviter must hold them. @default 0 */
  readonly capabilities?: number
  /** Last second at which it may be claimed, Unix time. */
  readonly notAfter: bigint
  /** Identities that may join with it. @default 1 */
  readonly maxUses?: number
}

/** What became of an operation. */
export interface Receipt {
  /** Identifies the transaction to the anchor's users. */
  readonly transaction: string
  readonly evidence: Evidence
}

/** A hint that something moved; who cares reads again. */
export interface AnchorChange {
  /** The context, group or package. Empty when changes may have been missed: any may have moved. */
  readonly subject: Uint8Array
  readonly height: bigint
}

/** By kind of operation, where it is less than MAX_BATCH. */
export type BatchLimits = Readonly<
  Partial<Record<'addMembers' | 'removeMembers' | 'setRole' | 'grant' | 'revoke', number>>
>

/** Plain facts a caller may branch on. */
export interface AnchorManifest {
  /** Finality kinds a read may ask for. */
  readonly finality: readonly Finality[]
  /** Changes are pushed (true) or found by polling (false). */
  readonly eventPush: boolean
  readonly proposals: boolean
  readonly sponsoredFees: boolean
  /** There is a package registry: `Anchor.packages`. */
  readonly packages: boolean
  /** Identities, or changes of bits, that one operation of a kind may name; longer lists become several. */
  readonly maxBatch: BatchLimits
}

export interface ReadOptions extends SecondWord {
  /** @default 'final' */
  readonly finality?: Finality
  readonly signal?: AbortSignal
}

/** How a read is weighed against one before it. */
export interface SecondWord {
  /** `Evidence.source` of an answer that is to be borne out: another one is asked first, where there is another. */
  readonly besides?: string | undefined
  /** What was read before, at which height and when, ms since the Unix epoch: an older answer says that it is. */
  readonly since?: { readonly height: bigint; readonly atMs: number } | undefined
}

/** How a group is changed. */
export interface ThroughContext {
  /** A context of the group that it is about: where a group has moved, the change takes over what it is about. @default the group alone */
  readonly context?: ContextId | undefined
}

export interface SubmitOptions extends ThroughContext {
  readonly signal?: AbortSignal | undefined
}
