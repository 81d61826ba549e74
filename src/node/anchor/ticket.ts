/**
 * What an inviter hands to whoever may join: the signed terms of an invitation and the secret half of its claim key. The bytes are a
 * secret until the last use; they never go to the anchor.
 */
import * as P from 'micro-packed'
import { codec, type Codec } from '../codec/codec.ts'
import { generateSigningKey } from '../crypto/sign.ts'
import { isMerogateError } from '../errors.ts'
import type { Random } from '../primitives/clock.ts'
import { type GroupId, PublicKey } from '../primitives/ids.ts'
import type { InvitationInit, Signer } from './anchor.ts'
import { claimDigest, envelopeDigest, invitationDigest, termsLayout } from './envelope.ts'
import { anchorError } from './errors.ts'
import { MAX_TICKET_BYTES } from './limits.ts'
import type { Domain, InvitationTerms, Operation } from './operations.ts'
import type { Standing, SignatureScheme } from './service.ts'

/** An invitation with everything needed to claim it. */
export interface Ticket {
  readonly terms: InvitationTerms
  /** The inviter's, 64 bytes. */
  readonly inviterSignature: Uint8Array
  /** Seed of the claim key, 32 bytes. Secret. */
  readonly claimSeed: Uint8Array
}

const TICKET_VERSION = 2

const layout: P.CoderType<Ticket> = P.apply(
  P.struct({
    version: P.magic(P.U8, TICKET_VERSION),
    terms: termsLayout,
    inviterSignature: P.bytes(64),
    claimSeed: P.bytes(32),
  }),
  {
    encode: ({ terms, inviterSignature, claimSeed }): Ticket => ({
      terms,
      inviterSignature,
      claimSeed,
    }),
    decode: (ticket) => ({ version: undefined, ...ticket }),
  },
)

/** Ticket {version u8 = 2; terms; inviter's signature 64; claim seed 32}. */
const ticketCodec: Codec<Ticket> = codec('invitation ticket', layout, MAX_TICKET_BYTES)

/** Plain ed25519 for everything. */
export const ED25519_SCHEME: SignatureScheme = {
  signEnvelope: async (envelope, signer) => ({
    envelope,
    signature: signer.sign(envelopeDigest(envelope)),
  }),
  claimKey: (seed) => generateSigningKey(seed).publicKey,
  signInvitation: async (terms, inviter) => inviter.sign(invitationDigest(terms)),
  signClaim: (seed, terms, claimant) =>
    generateSigningKey(seed).sign(claimDigest(terms, PublicKey.from(claimant))),
}

/** Makes and signs a ticket for a group of the contract that `domain` names. */
export async function createTicket(
  domain: Domain,
  group: GroupId,
  init: InvitationInit & {
    /** The inviter's. */
    readonly standing: Standing
  },
  inviter: Signer,
  random: Random,
  scheme: SignatureScheme = ED25519_SCHEME,
): Promise<Uint8Array> {
  const claimSeed = random.bytes(32)
  const terms: InvitationTerms = {
    domain,
    group,
    inviter: inviter.publicKey,
    // 32 bytes of a public key of the scheme
    claimKey: PublicKey.from(scheme.claimKey(claimSeed)),
    role: init.role ?? 'writer',
    capabilities: init.capabilities ?? 0,
    notAfter: init.notAfter,
    maxUses: init.maxUses ?? 1,
    inviteNonce: P.U64LE.decode(random.bytes(8)),
    membership: init.standing.joinedRevision,
    series: init.standing.series,
  }
  const inviterSignature = await scheme.signInvitation(terms, inviter)
  return ticketCodec.encode({ terms, inviterSignature, claimSeed })
}

/** Reads a ticket; its signatures are for the anchor to check. @throws ANCHOR_TICKET_INVALID (input) */
export function decodeTicket(bytes: Uint8Array): Ticket {
  try {
    return ticketCodec.decode(bytes)
  } catch (cause) {
    if (!isMerogateError(cause)) throw cause
    throw anchorError(
      'ANCHOR_TICKET_INVALID',
      `expected an invitation ticket, got ${bytes.length} bytes that are none`,
      { length: bytes.length },
      { cause },
    )
  }
}

/** The operation by which a signer claims a ticket. */
export function claimTicket(
  ticket: Ticket,
  signer: Signer,
  scheme: SignatureScheme = ED25519_SCHEME,
): Operation {
  const { terms, inviterSignature, claimSeed } = ticket
  const claimSignature = scheme.signClaim(claimSeed, terms, signer.publicKey)
  return { kind: 'claimInvitation', terms, inviterSignature, claimSignature }
}
