/**
 * THE PORT to whoever has authority over membership: a chain, or the local reference model. It knows groups, members, roles,
 * capabilities, applications and their revisions (docs/protocol.md, Anchor); it never sees code, state or keys of the data plane.
 * Node code branches on {@link Anchor.supports}, never on the anchor's name.
 */
import type { Clock, Random } from '../primitives/clock.ts'
import type { Logger } from '../primitives/logger.ts'
import type { ApplicationId, BlobId, ContextId, GroupId, PublicKey } from '../primitives/ids.ts'
import type { Startable } from '../primitives/startable.ts'
import type { FateStore, UnsettledOperation } from './fates.ts'
import type { Operation } from './operations.ts'
import type { PackageRegistry } from './packages/registry.ts'

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
  /** The contract that answered, its address as text, where a group is in another than {@link Anchor.contract}. */
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

export interface Anchor extends Startable {
  /** Name of the protocol as the API's `protocol` field says it: `local`, `ethereum`, ... */
  readonly protocol: string
  /** Name of the network within the protocol, for invitations: `local`, `sepolia`, ... */
  readonly network: string
  /** The contract's address as text. */
  readonly contract: string
  readonly supports: AnchorManifest
  /** The package registry beside the contract, where there is one. */
  readonly packages?: PackageRegistry
  /** Id of the context that an author makes with a 32-byte salt: in a group, or in one of its own. */
  contextId(author: PublicKey, salt: Uint8Array, group?: GroupId): Promise<ContextId>
  readContext(id: ContextId, options?: ReadOptions): Promise<Read<ContextRecord> | undefined>
  readGroup(id: GroupId, options?: ReadOptions): Promise<Read<GroupRecord> | undefined>
  /** A complete list at one revision, however many pages it took. */
  readMembers(group: GroupId, options?: ReadOptions): Promise<Read<MemberSnapshot> | undefined>
  /**
   * Undefined means: the group exists and the identity is no member of it. @throws ANCHOR_REJECTED with error 5 for an unknown group,
   * so that a wrong id can never pass for a removal
   */
  readMember(
    group: GroupId,
    identity: PublicKey,
    options?: ReadOptions,
  ): Promise<Read<MemberRecord> | undefined>
  /**
   * Signs an operation with the signer's next nonce, sends it and waits until it is final. A nonce that moved is read again and
   * re-signed once. The same operation asked again while nobody knows what became of it is the same one. @throws ANCHOR_REJECTED (chain) with `details.error` = number and name of the refusal (`anchor/errors.ts`);
   * ANCHOR_UNREACHABLE (transport): nothing was signed; ANCHOR_FATE_UNKNOWN (transport): it may take effect until a time that is named;
   * ANCHOR_CLOCK (protocol), ANCHOR_NONCE (transport): what an endpoint says cannot be, and nothing was signed; ANCHOR_LIMIT (input)
   */
  submit(
    subject: ContextId | GroupId,
    operation: Operation,
    signer: Signer,
    options?: SubmitOptions,
  ): Promise<Receipt>
  /**
   * Makes a ticket that lets whoever holds it join the group, until the inviter goes or voids its invitations. Nothing is sent. The bytes hold a secret:
   * show them to the invitee only. @throws ANCHOR_REJECTED (chain) for an inviter that is no member; ANCHOR_UNREACHABLE, ANCHOR_NONCE (transport)
   */
  createInvitation(
    group: GroupId,
    init: InvitationInit,
    inviter: Signer,
    options?: ThroughContext,
  ): Promise<Uint8Array>
  /** Joins the group of a ticket as the signer. @throws as {@link submit}; ANCHOR_TICKET_INVALID (input) */
  claimInvitation(
    ticket: Uint8Array,
    signer: Signer,
    options?: { signal?: AbortSignal },
  ): Promise<Receipt>
  /**
   * Whether groups of this anchor may be in a contract, named by its address as text: in its own, in one that takes over from it, or in one that it takes over
   * from. What is in one that takes over is found from then on. @default its own alone @throws ANCHOR_UNREACHABLE (transport)
   */
  reaches?(contract: string, options?: { signal?: AbortSignal | undefined }): Promise<boolean>
  /** Operations that were signed and not seen to end, oldest first; each is looked for until its time is over. */
  unsettled?(): readonly UnsettledOperation[]
  /**
   * Up to which height it told of changes, over restarts; 0 when nothing was told yet. Whoever listened may not have come to read what it was told of:
   * answers from below this height are too old.
   */
  readonly told: bigint
  /** Calls the listener for each change after now; returns the function that stops it. */
  watch(listener: (change: AnchorChange) => void): () => void
}

/** Remembers over restarts up to where the changes of an anchor were told. */
export interface CursorStore {
  load(name: string): Promise<bigint | undefined>
  save(name: string, height: bigint): Promise<void>
}

/** What an adapter is given by the node that uses it. */
export interface AnchorComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** @default none: changes are told from the start on */
  readonly cursors?: CursorStore
  /** @default none: what was signed and not seen to end is forgotten with this process */
  readonly fates?: FateStore
}

/** How an adapter is handed to a node: `localAnchor({ url })`, `ethereumAnchor({ ... })`. */
export type AnchorFactory = (components: AnchorComponents) => Anchor
