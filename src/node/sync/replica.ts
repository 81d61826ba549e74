/**
 * What the sync room needs of the contexts a node replicates. The context room implements it; tests stub it.
 * Sync never looks inside a delta: envelopes are bytes, and `receive` is the one door for all of them.
 */
import type { AuthorHeight } from '../codec/frontier.ts'
import type { ContextId, DeltaId, PublicKey } from '../primitives/ids.ts'
import type { Listenable } from '../primitives/emitter.ts'
import type { Role, Signer } from '../anchor/anchor.ts'

/** Where a copy of a context stands; what Heads frames carry. */
export interface Frontier {
  /** 32 bytes; zero while there is no state. */
  readonly root: Uint8Array
  /** Applied deltas that no applied delta names as parent, sorted ascending. Empty while there is no state. */
  readonly heads: readonly DeltaId[]
  /** Number of applied deltas. */
  readonly applied: bigint
  /** Newest hybrid timestamp applied, 24 bytes (u64 LE time, u128 LE id). */
  readonly hlc: Uint8Array
  /** Newest key epoch this node holds. */
  readonly epoch: number
  /** Of the heights of all authors: copies with the same hash have applied the same deltas. */
  readonly hash: Uint8Array
}

/** A delta by its author's own numbering. */
export interface AuthorNumber {
  readonly author: Uint8Array
  readonly sequence: bigint
}

/** Deltas of one author by its own numbers, both ends included. */
export interface AuthorRange {
  readonly author: Uint8Array
  readonly from: bigint
  readonly to: bigint
}

/** One envelope of an answer, or its end: `more` when a bound was met and asking again brings the rest. */
export type HistoryPart =
  | { readonly envelope: Uint8Array }
  | {
      readonly end: {
        readonly more: boolean
        readonly unknown: readonly DeltaId[]
        readonly pruned: readonly DeltaId[]
      }
    }

/** A group key sealed to one member, signed by the member who gives it (docs/protocol.md, Key grants). */
export interface KeyGrant {
  readonly epoch: number
  /** The membersRevision that whoever made the key had seen. */
  readonly madeAt: bigint
  /** The membersRevision up to which, by the giver's word, nobody who has gone holds the key. */
  readonly coversTo: bigint
  /** Sealed to the recipient's identity. */
  readonly sealed: Uint8Array
  readonly giver: PublicKey
  /** 64 bytes, domain-separated, over group, epoch, both revisions, recipient and sealed. */
  readonly signature: Uint8Array
}

/**
 * What became of an envelope. `invalid` is the only one that is the sender's fault; `refused` says that nothing of it is here, for there was no
 * room, or the disk refused: it must be asked for again.
 */
export type ReceiveStatus =
  | 'applied'
  | 'pending'
  | 'parked'
  | 'duplicate'
  | 'announced'
  | 'quarantined'
  | 'refused'
  | 'invalid'

export interface ReceiveResult {
  readonly status: ReceiveStatus
  readonly delta: DeltaId | undefined
  /** Its place among its author's deltas; undefined when the envelope does not even decode. */
  readonly number?: AuthorNumber
  /** Ids to ask for: parents nobody has shown us, or the delta itself when the envelope was an announcement. */
  readonly missing: readonly DeltaId[]
  /** When `applied`: it left one head more, where there are more than are left alone. */
  readonly widens?: boolean
  /** Code of the error when `invalid`. */
  readonly error?: string
}

/** Who the far end of a stream proved to be in a context. */
export interface Party {
  readonly identity: PublicKey
  readonly role: Role
}

export interface ReplicaEvents {
  /** A delta was stored as applied, by a local call or from a peer. `envelope` is the sealed form to push on. */
  'delta:applied': {
    readonly context: ContextId
    readonly delta: DeltaId
    readonly envelope: Uint8Array
    readonly local: boolean
  }
  /** The state is another, though no delta was applied. */
  'state:replaced': { readonly context: ContextId }
  /** A context began or ceased to be replicated here. */
  'context:opened': { readonly context: ContextId }
  'context:closed': { readonly context: ContextId }
  /** The member list or a role changed; streams must be checked again. `removed` lists identities that are no longer members. */
  'members:changed': { readonly context: ContextId; readonly removed: readonly PublicKey[] }
  /** New key epochs are here: members may be given them. */
  'keys:changed': { readonly context: ContextId }
  /** Something is wanted that peers may have; ids as in {@link ReceiveResult.missing}. */
  'wanted:deltas': { readonly context: ContextId; readonly ids: readonly DeltaId[] }
  'wanted:keys': { readonly context: ContextId; readonly epochs: readonly number[] }
}

export interface ReplicaSource {
  readonly events: Listenable<ReplicaEvents>
  /** Contexts replicated here: joined, not left, not deleting. */
  contexts(): readonly ContextId[]
  has(context: ContextId): boolean
  /** Our own identity in the context: the party we prove to be. */
  signer(context: ContextId): Signer | undefined
  /** Membership of an identity by the newest view; reads the anchor again when it is unknown and the view is stale. */
  party(context: ContextId, identity: PublicKey): Promise<Party | undefined>
  frontier(context: ContextId): Frontier | undefined
  /** A peer that has applied the same deltas has the same root, or another. */
  compared(context: ContextId, peer: string, agrees: boolean): void
  /** How far each author's deltas are applied, ascending by author. */
  heights(context: ContextId): readonly AuthorHeight[]
  /** The greatest number of an author that is applied; 0 when none is. */
  height(context: ContextId, author: Uint8Array): bigint
  /** Numbers of an author's deltas that are here and not applied: they wait, or are being looked at. */
  numbers(context: ContextId, author: Uint8Array): Iterable<bigint>
  isApplied(context: ContextId, delta: DeltaId): boolean
  /** Whether a delta is known in any state but `announced`. Synchronous: one look at memory or at the store. */
  knows(context: ContextId, delta: DeltaId): boolean
  /** Verify and, when it is its turn, apply. Resolves when the envelope's fate is decided; never throws for bad bytes. */
  receive(context: ContextId, envelope: Uint8Array, from: { peer: string }): Promise<ReceiveResult>
  /** The cheap first half of verification, synchronous, for the gossip validator; `stranger`: its author is no member as far as is known here. */
  precheck(context: ContextId, envelope: Uint8Array): 'accept' | 'ignore' | 'stranger' | 'reject'
  /** Sealed envelopes of the applied deltas in some ranges, parents before children. */
  readRanges(
    context: ContextId,
    request: {
      readonly ranges: readonly AuthorRange[]
      readonly maxBytes: number
      readonly signal?: AbortSignal
    },
  ): AsyncIterable<HistoryPart>
  /** Sealed envelopes of `want` and its ancestors that are not reachable from `have`, parents before children. */
  read(
    context: ContextId,
    request: {
      readonly want: readonly DeltaId[]
      /** Deltas that are applied at the other side, so that all below them is. */
      readonly have: readonly DeltaId[]
      readonly maxBytes: number
      readonly signal?: AbortSignal
    },
  ): AsyncIterable<HistoryPart>
  /** Applied deltas from which another copy sees about where the histories part: heads, and older ones at growing distances. */
  landmarks(context: ContextId): readonly DeltaId[]
  /** The delta's envelope without its sealed body: what is gossiped when it is large. */
  announcement(envelope: Uint8Array): Uint8Array
  /** Every epoch the recipient is entitled to (none for a relay), of those asked for; all when `epochs` is empty. */
  grantKeys(
    context: ContextId,
    recipient: PublicKey,
    epochs: readonly number[],
  ): Promise<readonly KeyGrant[]>
  /**
   * Takes keys that a member gave; `asked` are the epochs that it was asked for. `looked` counts those that cost a look, `refused` those of them that
   * are nobody's here.
   */
  acceptKeys(
    context: ContextId,
    grants: readonly KeyGrant[],
    asked?: readonly number[],
  ): Promise<{ readonly accepted: number; readonly looked: number; readonly refused: number }>
  /** Epochs we lack and need. */
  missingEpochs(context: ContextId): readonly number[]
  /** Ids of parents and announced bodies that are still wanted. */
  missingDeltas(context: ContextId): readonly DeltaId[]
  /** Notes how far a peer has got (applied and stored), for resume and, later, tombstone horizons. */
  acknowledge(context: ContextId, identity: PublicKey, heads: readonly DeltaId[]): void
  /** Whether a blob may be served to, or is wanted for, this context. */
  blobAllowed(context: ContextId, blob: Uint8Array): boolean
}
