/**
 * The signed bytes of a request: borsh layouts, digests and the derivation of context ids (chain-contracts.md 7.3). Portable: nothing
 * of Node. The layouts are `borsh` structs and enums in field order, u32 lengths, little-endian integers; an operation is one byte
 * of `OPERATION_ORDINALS` and its fields.
 */
import * as P from 'micro-packed'
import { codec, bytes, bytes32, option, vec, type Codec } from '../codec/codec.ts'
import { fromUtf8, utf8 } from '../primitives/bytes.ts'
import { domainTag, taggedHash } from '../primitives/hash.ts'
import { ApplicationId, BlobId, ContextId, GroupId, PublicKey, type Id } from '../primitives/ids.ts'
import type { ApplicationRecord, Role } from './anchor.ts'
import { MAX_ENVELOPE_BYTES } from './limits.ts'
import {
  OPERATION_ORDINALS,
  type ApproverPolicy,
  type CapabilityChange,
  type Domain,
  type GroupOptions,
  type InvitationTerms,
  type Operation,
  type OperationKind,
  type Subject,
} from './operations.ts'

/** A request before it is signed. */
export interface Envelope {
  readonly domain: Domain
  readonly subject: Subject
  readonly signer: PublicKey
  /** The signer's next nonce in the group; 0 to create a context with a group of its own and to claim an invitation. */
  readonly nonce: bigint
  /** Last second at which it may be applied, Unix time. */
  readonly validUntil: bigint
  /** Apply only at this revision of the member list. */
  readonly ifMembersRevision?: bigint | undefined
  /** Apply only at this revision of the application. */
  readonly ifApplicationRevision?: bigint | undefined
  readonly operation: Operation
}

// Tags as in the contracts: ASCII and a zero byte, one per kind of message.
const OPERATION_TAG = domainTag('context-operation/1')
const CONTEXT_ID_TAG = domainTag('context-id/1')
const INVITATION_TAG = domainTag('context-invitation/1')
const CLAIM_TAG = domainTag('context-claim/1')

const ENVELOPE_VERSION = 1

/** Order of the roles is their ordinal. */
const ROLES: readonly Role[] = ['writer', 'reader', 'relay']
const APPROVERS: readonly ApproverPolicy[] = ['govern', 'members']

function oneOf<T extends string>(names: readonly T[]): P.CoderType<T> {
  return P.apply(P.U8, {
    encode: (ordinal): T => {
      const name = names[ordinal]
      if (name === undefined) throw new RangeError(`expected below ${names.length}, got ${ordinal}`)
      return name
    },
    decode: (name) => names.indexOf(name),
  })
}

/** Decoded bytes that may be kept: the decoder's own are a view of the whole message. */
function copy(view: Uint8Array): Uint8Array {
  return new Uint8Array(view)
}

function id<B extends string>(type: { from(bytes: Uint8Array): Id<B> }): P.CoderType<Id<B>> {
  return P.apply(bytes32, { encode: (raw) => type.from(copy(raw)), decode: (branded) => branded })
}

/** UTF-8 as Rust reads it: strict, and a byte order mark is a character like any other. */
const text: P.CoderType<string> = P.apply(bytes, { encode: fromUtf8, decode: utf8 })
const publicKey = id(PublicKey)
const signature = P.bytes(64)
const role = oneOf(ROLES)

const domainLayout: P.CoderType<Domain> = P.struct({
  chain: P.U8,
  network: bytes32,
  contract: bytes,
})

const application: P.CoderType<ApplicationRecord> = P.struct({
  id: id(ApplicationId),
  blob: id(BlobId),
  size: P.U64LE,
  source: text,
  metadata: P.apply(bytes, { encode: copy, decode: (metadata) => metadata }),
})

const options: P.CoderType<GroupOptions> = P.struct({ approvers: oneOf(APPROVERS) })

const change: P.CoderType<CapabilityChange> = P.struct({ identity: publicKey, capabilities: P.U8 })

/** Layout of an invitation's terms, in the order of `InvitationTerms`; a ticket holds it too. */
export const termsLayout: P.CoderType<InvitationTerms> = P.struct({
  domain: domainLayout,
  group: id(GroupId),
  inviter: publicKey,
  claimKey: publicKey,
  role,
  capabilities: P.U8,
  notAfter: P.U64LE,
  maxUses: P.U32LE,
  inviteNonce: P.U64LE,
})

const ids = vec(publicKey)
const nothing: P.CoderType<object> = P.struct({})

/** Fields of each operation, without its ordinal. */
const FIELDS = {
  createContext: P.struct({ salt: bytes32, application, options, group: option(id(GroupId)) }),
  updateApplication: P.struct({ application }),
  addMembers: P.struct({ ids, role }),
  removeMembers: P.struct({ ids }),
  grant: P.struct({ changes: vec(change) }),
  revoke: P.struct({ changes: vec(change) }),
  leave: nothing,
  claimInvitation: P.struct({
    terms: termsLayout,
    inviterSignature: signature,
    claimSignature: signature,
  }),
  revokeInvitation: P.struct({ inviter: publicKey, inviteNonce: P.U64LE, notAfter: P.U64LE }),
  bumpNonce: P.struct({ to: P.U64LE }),
  seal: nothing,
  setOptions: P.struct({ options }),
  setRole: P.struct({ ids, role }),
} satisfies Record<OperationKind, unknown>

const KINDS: ReadonlyMap<number, OperationKind> = new Map(
  Object.entries(OPERATION_ORDINALS).map(([kind, ordinal]) => [
    ordinal,
    kind as OperationKind, // Object.entries widens the keys of the table to string
  ]),
)

const operationLayout: P.CoderType<Operation> = P.wrap<Operation>({
  encodeStream: (w, operation) => {
    P.U8.encodeStream(w, OPERATION_ORDINALS[operation.kind])
    // FIELDS has the layout of each kind's own fields, which the compiler cannot follow through the index
    const fields = FIELDS[operation.kind] as P.CoderType<Operation>
    fields.encodeStream(w, operation)
  },
  decodeStream: (r) => {
    const ordinal = P.U8.decodeStream(r)
    const kind = KINDS.get(ordinal)
    if (kind === undefined) throw r.err(`operation ${ordinal}`)
    const fields = FIELDS[kind] as P.CoderType<object>
    return { kind, ...fields.decodeStream(r) } as Operation // kind and its own fields
  },
})

const body = P.struct({
  version: P.magic(P.U8, ENVELOPE_VERSION),
  domain: domainLayout,
  // a group's id is 32 bytes like a context's; which of the two is meant, the operation says
  subject: id(ContextId),
  signer: publicKey,
  nonce: P.U64LE,
  validUntil: P.U64LE,
  ifMembersRevision: option(P.U64LE),
  ifApplicationRevision: option(P.U64LE),
  operation: operationLayout,
})

const layout: P.CoderType<Envelope> = P.apply(body, {
  encode: ({ domain, subject, signer, nonce, validUntil, operation, ...revisions }): Envelope => ({
    domain,
    subject,
    signer,
    nonce,
    validUntil,
    ifMembersRevision: revisions.ifMembersRevision,
    ifApplicationRevision: revisions.ifApplicationRevision,
    operation,
  }),
  decode: (envelope) => ({
    ...envelope,
    version: undefined,
    subject: ContextId.from(envelope.subject),
    ifMembersRevision: envelope.ifMembersRevision,
    ifApplicationRevision: envelope.ifApplicationRevision,
  }),
})

/**
 * Envelope {version u8 = 1; domain {chain u8, network 32, contract bytes}; subject 32; signer 32; nonce u64; validUntil u64;
 * ifMembersRevision, ifApplicationRevision: option u64; operation}. Strict: no trailing bytes.
 */
export const envelopeCodec: Codec<Envelope> = codec('envelope', layout, MAX_ENVELOPE_BYTES)

const termsCodec: Codec<InvitationTerms> = codec('invitation', termsLayout, MAX_ENVELOPE_BYTES)

/** What the signer of an envelope signs; also the transaction's id. Over the bytes as sent, 32 bytes. */
export function envelopeDigest(envelope: Uint8Array): Uint8Array {
  return taggedHash(OPERATION_TAG, envelope)
}

/** Id of the context that an author makes with a 32-byte salt: nobody else can create it, and nobody needs a key for it. */
export function deriveContextId(author: PublicKey, salt: Uint8Array): ContextId {
  return ContextId.from(taggedHash(CONTEXT_ID_TAG, author, salt))
}

/** What an inviter signs, 32 bytes. */
export function invitationDigest(invitation: InvitationTerms): Uint8Array {
  return taggedHash(INVITATION_TAG, termsCodec.encode(invitation))
}

/** What the claim key signs: it names the claimant, so a claim cannot be redirected. 32 bytes. */
export function claimDigest(invitation: InvitationTerms, claimant: PublicKey): Uint8Array {
  return taggedHash(CLAIM_TAG, invitationDigest(invitation), claimant)
}
