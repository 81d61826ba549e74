/**
 * THE PORT to whoever has authority over membership: a chain, or the local reference model. It knows groups, members, roles,
 * capabilities, applications and their revisions (docs/protocol.md, Anchor); it never sees code, state or keys of the data plane.
 * Node code branches on {@link Anchor.supports}, never on the anchor's name.
 */
import type { Clock, Random } from '../primitives/clock.ts'
import type { Logger } from '../primitives/logger.ts'
import type { ContextId, GroupId, PublicKey } from '../primitives/ids.ts'
import type { Startable } from '../primitives/startable.ts'
import type { FateStore, UnsettledOperation } from './fates.ts'
import type { Operation } from './operations.ts'
import type { PackageRegistry } from './packages/registry.ts'
import type {
  AnchorChange,
  AnchorManifest,
  ContextRecord,
  GroupRecord,
  InvitationInit,
  MemberRecord,
  MemberSnapshot,
  Read,
  ReadOptions,
  Receipt,
  Signer,
  SubmitOptions,
  ThroughContext,
} from './records.ts'

export { ROLES, CAPABILITIES } from './records.ts'
export type {
  Finality,
  Evidence,
  Read,
  Role,
  ApplicationRecord,
  ContextRecord,
  GroupRecord,
  MigrationRecord,
  MemberRecord,
  MemberSnapshot,
  Signer,
  InvitationInit,
  Receipt,
  AnchorChange,
  BatchLimits,
  AnchorManifest,
  ReadOptions,
  SecondWord,
  ThroughContext,
  SubmitOptions,
} from './records.ts'

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
