/**
 * The narrow port between an `Anchor` and whoever applies envelopes: the authority in this process, or one behind HTTP. Everything an
 * anchor promises beyond it (nonces, batches, whole member lists, watching) is built once, in `envelope-anchor.ts`.
 */
import type { ContextId, GroupId, PublicKey } from '../primitives/ids.ts'
import type {
  AnchorChange,
  AnchorManifest,
  ContextRecord,
  Evidence,
  Finality,
  GroupRecord,
  MemberRecord,
  SecondWord,
  Signer,
} from './records.ts'
import type { Refusal } from './errors.ts'
import type { Domain, InvitationTerms } from './operations.ts'

/** A signed request as it was received. */
export interface SignedEnvelope {
  readonly envelope: Uint8Array
  /** Over `envelopeDigest`, 64 bytes. */
  readonly signature: Uint8Array
}

/** Part of a member list. Start over when another page shows another revision. */
export interface MemberPage {
  readonly revision: bigint
  readonly total: number
  readonly items: readonly MemberRecord[]
}

/** What an identity needs to know to sign something for a group. */
export interface Standing {
  /** Of its next operation: a member's, and that of a claim by who is none. */
  readonly nonce: bigint
  /** 0 for who is no member. */
  readonly joinedRevision: bigint
  /** Of the invitations that it gives now. */
  readonly series: number
}

/** A value and the height it was read at. */
export interface Answer<T> extends Pick<Evidence, 'block' | 'source' | 'isBehind'> {
  readonly value: T
  readonly height: bigint
  /** @default 'final' */
  readonly finality?: Finality
  /** Whether it came with a proof that the service checked. @default false */
  readonly certified?: boolean
  /** A page that does not belong with those before: it was to be answered as things stood at their height, and could not. */
  readonly isDetached?: boolean
}

/** What became of an envelope. */
export type Submission =
  | {
      readonly accepted: true
      /** The envelope's digest in hexadecimal, or a transaction as the chain writes it. */
      readonly transaction: string
      readonly height: bigint
      /**
       * Waits until it is final, where acceptance may still be undone, and tells what became of it. The signer's next operation need not wait.
       * Left out: it is final.
       */
      readonly final?: ((options?: ServiceOptions) => Promise<Submission>) | undefined
    }
  | { readonly accepted: false; readonly refusal: Refusal }

/** Changes since a question before, oldest first. */
export interface Changes {
  /** Whoever reads at this height, or above, sees them all. */
  readonly height: bigint
  /** Where to go on, in terms of the service: its place in a log, in a ring, in a chain of blocks. @default the height */
  readonly cursor?: bigint
  readonly changes: readonly AnchorChange[]
  /** Changes are no longer remembered back to where the question began, or there was another history. */
  readonly missed: boolean
}

export interface ServiceOptions {
  readonly signal?: AbortSignal | undefined
}

/** How a read is to be answered. */
export interface QueryOptions extends ServiceOptions, SecondWord {
  /** @default 'final' */
  readonly finality?: Finality | undefined
}

/** Which blocks count when something is looked for. */
export interface FindOptions extends ServiceOptions {
  /** `final`: what may still be undone is not there yet. @default 'optimistic' */
  readonly finality?: Finality | undefined
}

/** How a page is to be answered. */
export interface PageOptions extends QueryOptions {
  /** Height of the answer to the page before: services that can, answer as things stood there. */
  readonly at?: bigint | undefined
}

/** What signs requests for an identity where its plain ed25519 signature will not do: a chain may take another key's word more cheaply. */
export interface EnvelopeScheme {
  /** Signs an envelope; may prepare the contract for the signature first. @throws ANCHOR_REJECTED, ANCHOR_UNREACHABLE */
  signEnvelope(
    envelope: Uint8Array,
    signer: Signer,
    options?: ServiceOptions,
  ): Promise<SignedEnvelope>
}

/** The same for invitations too. All signatures are 64 bytes but an envelope's, which may be of any length. */
export interface SignatureScheme extends EnvelopeScheme {
  /** Public half of the claim key that a ticket's seed stands for, 32 bytes. */
  claimKey(seed: Uint8Array): Uint8Array
  /** The inviter's word for an invitation. */
  signInvitation(terms: InvitationTerms, inviter: Signer): Promise<Uint8Array>
  /** The claim key's word for a claimant. */
  signClaim(seed: Uint8Array, terms: InvitationTerms, claimant: Uint8Array): Uint8Array
}

/** What every contract that takes envelopes offers. Every method may throw ANCHOR_UNREACHABLE (transport) or ANCHOR_BAD_ANSWER (protocol). */
export interface SubmissionService {
  /** @default the identity's own ed25519 signature */
  readonly scheme?: EnvelopeScheme
  /** The contract's clock, Unix seconds. @default the machine's */
  readTime?(options?: ServiceOptions): Promise<bigint>
  readDomain(options?: ServiceOptions): Promise<Domain>
  /** Height at which an envelope was accepted, whoever brought it there; undefined when it was not, or long ago. */
  findApplied(envelope: Uint8Array, options?: FindOptions): Promise<bigint | undefined>
  /** @throws ANCHOR_BUSY (limit) */
  submit(signed: SignedEnvelope, options?: ServiceOptions): Promise<Submission>
}

/** The membership contract. */
export interface EnvelopeService extends SubmissionService {
  /** What differs from an authority whose answers are final at once. */
  readonly supports?: Partial<AnchorManifest>
  readonly scheme?: SignatureScheme
  /** Started and stopped with the anchor; left out by a service whose life is its owner's. */
  readonly lifecycle?: { start(): Promise<void>; stop(): Promise<void> }
  /** Whether it takes groups over from another contract. @default it does not */
  hasPredecessor?(options?: ServiceOptions): Promise<boolean>
  /** The contract that a group moves to from this one. Left out where groups cannot be followed. @throws when what lies there is not known to be one */
  successor?(contract: Uint8Array, options?: ServiceOptions): Promise<SuccessorService>
  /** Contracts, each of which takes over from the one before and the first from this one, up to one that is named by its address as text; undefined where that is none. */
  wayTo?(contract: string, options?: ServiceOptions): Promise<readonly Uint8Array[] | undefined>
  /** Whether it takes over from a contract, be it through others. @default from none */
  takesOverFrom?(contract: string, options?: ServiceOptions): Promise<boolean>
  readContext(id: ContextId, options?: QueryOptions): Promise<Answer<ContextRecord | undefined>>
  readGroup(id: GroupId, options?: QueryOptions): Promise<Answer<GroupRecord | undefined>>
  /** @throws ANCHOR_REJECTED with error 5 for an unknown group */
  readMember(
    group: GroupId,
    identity: PublicKey,
    options?: QueryOptions,
  ): Promise<Answer<MemberRecord | undefined>>
  /** What an identity needs to know to sign something for a group. @throws ANCHOR_REJECTED with error 5 for an unknown group */
  readStanding(
    group: GroupId,
    identity: PublicKey,
    options?: QueryOptions,
  ): Promise<Answer<Standing>>
  /** At most MAX_PAGE members, whatever the length. */
  readMemberPage(
    group: GroupId,
    offset: number,
    length: number,
    options?: PageOptions,
  ): Promise<Answer<MemberPage | undefined>>
  /** Answers at once when there are changes, otherwise after the first one or `waitMs`. `since`: the cursor of the answer before; without it only where things stand. */
  waitForChanges(
    since: bigint | undefined,
    waitMs: number,
    options?: ServiceOptions,
  ): Promise<Changes>
}

/** A contract that takes groups over. Both resolve at once for what is there already, otherwise when it is final. */
export interface SuccessorService extends EnvelopeService {
  /** Its address as text. */
  readonly contract: string
  /** Takes a group over that has moved here. @throws when this node cannot pay for it */
  adoptGroup(group: GroupId, options?: ServiceOptions): Promise<void>
  /** Takes a context over whose group is here. @throws when this node cannot pay for it */
  adoptContext(context: ContextId, options?: ServiceOptions): Promise<void>
}
