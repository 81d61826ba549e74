/**
 * The signed bytes of a request: borsh layouts, digests and the derivation of context ids (docs/protocol.md, Anchor). Portable: nothing
 * of Node. The layouts are `borsh` structs and enums in field order, u32 lengths, little-endian integers; an operation is one byte
 * of `OPERATION_ORDINALS` and its fields.
 */
import * as P from 'micro-packed'
import { bytes, bytes32, codec, option, vec, type Codec } from '../codec/codec.ts'
import { EMPTY } from '../primitives/bytes.ts'
import { domainTag, taggedHash } from '../primitives/hash.ts'
import { ApplicationId, BlobId, ContextId, GroupId, type PublicKey } from '../primitives/ids.ts'
import { ROLES, type ApplicationRecord } from './anchor.ts'
import {
  copy,
  domainLayout,
  envelopeCodecOf,
  id,
  publicKey,
  text,
  type EnvelopeOf,
} from './envelope-layout.ts'
import { MAX_ENVELOPE_BYTES, MAX_METADATA_BYTES, MAX_SOURCE_BYTES } from './limits.ts'
import {
  APPROVERS,
  OPERATION_ORDINALS,
  type CapabilityChange,
  type GroupOptions,
  type InvitationTerms,
  type Operation,
  type OperationKind,
  type Subject,
} from './operations.ts'

/**
 * A request before it is signed. The nonce is the signer's next in the group; 0 to create a context with a group of its own. To claim an
 * invitation it is what the group keeps of the signer's last membership, 0 without one.
 */
export type Envelope = EnvelopeOf<Subject, Operation>

// Tags as in the contracts: ASCII and a zero byte, one per kind of message.
const OPERATION_TAG = domainTag('context-operation/1')
const CONTEXT_ID_TAG = domainTag('context-id/1')
const INVITATION_TAG = domainTag('context-invitation/1')
const CLAIM_TAG = domainTag('context-claim/1')

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

const signature = P.bytes(64)
const role = oneOf(ROLES)

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
  membership: P.U64LE,
  series: P.U16LE,
})

const ids = vec(publicKey)
const nothing: P.CoderType<object> = P.struct({})

/** Fields of each operation, without its ordinal. */
const FIELDS = {
  createContext: P.struct({ salt: bytes32, application, options, group: option(id(GroupId)) }),
  updateApplication: P.struct({ application }),
  addMembers: P.struct({ ids, role }),
  removeMembers: P.struct({ ids, mayReturn: P.bool }),
  grant: P.struct({ changes: vec(change) }),
  revoke: P.struct({ changes: vec(change) }),
  leave: nothing,
  claimInvitation: P.struct({
    terms: termsLayout,
    inviterSignature: signature,
    claimSignature: signature,
  }),
  revokeInvitation: P.struct({ terms: termsLayout, inviterSignature: signature }),
  bumpNonce: P.struct({ to: P.U64LE }),
  seal: nothing,
  setOptions: P.struct({ options }),
  setRole: P.struct({ ids, role }),
  voidInvitations: nothing,
  migrateTo: P.struct({
    contract: P.apply(bytes, { encode: copy, decode: (contract) => contract }),
  }),
} satisfies Record<OperationKind, unknown>

/** See `envelopeCodecOf` for the head. Operations are those of `OPERATION_ORDINALS`. */
export const envelopeCodec: Codec<Envelope> = envelopeCodecOf<Subject, Operation>({
  name: 'envelope',
  // a group's id is 32 bytes like a context's; which of the two is meant, the operation says
  subject: P.apply(id(ContextId), {
    encode: (subject): Subject => subject,
    decode: (subject) => ContextId.from(subject),
  }),
  ordinals: OPERATION_ORDINALS,
  fields: FIELDS,
})

/** An application record as it lies in requests and in the contracts: {id 32, blob 32, size u64, source text, metadata bytes}. */
export const applicationCodec: Codec<ApplicationRecord> = codec(
  'application record',
  application,
  80 + MAX_SOURCE_BYTES + MAX_METADATA_BYTES,
)

const termsCodec: Codec<InvitationTerms> = codec('invitation', termsLayout, MAX_ENVELOPE_BYTES)

/** What the signer of an envelope signs; also the transaction's id. Over the bytes as sent, 32 bytes. */
export function envelopeDigest(envelope: Uint8Array): Uint8Array {
  return taggedHash(OPERATION_TAG, envelope)
}

/**
 * Id of the context that an author makes with a 32-byte salt: nobody else can create it, and nobody needs a key for it. A contract that takes groups
 * over from another one has ids of its own, by its address: nobody can take one there that the other has, or will have.
 */
export function deriveContextId(
  author: PublicKey,
  salt: Uint8Array,
  successor: Uint8Array = EMPTY,
): ContextId {
  return ContextId.from(taggedHash(CONTEXT_ID_TAG, author, salt, successor))
}

/** What an inviter signs, 32 bytes. */
export function invitationDigest(invitation: InvitationTerms): Uint8Array {
  return taggedHash(INVITATION_TAG, termsCodec.encode(invitation))
}

/** What the claim key signs: it names the claimant, so a claim cannot be redirected. 32 bytes. */
export function claimDigest(invitation: InvitationTerms, claimant: PublicKey): Uint8Array {
  return taggedHash(CLAIM_TAG, invitationDigest(invitation), claimant)
}
