/** What a relayer is asked for, and everything that can be said of it without asking the chain. */
import { z } from 'zod'
import { envelopeCodec, envelopeDigest, type Envelope } from '../../node/anchor/envelope.ts'
import { type Refusal, refusal } from '../../node/anchor/errors.ts'
import { MAX_ENVELOPE_BYTES } from '../../node/anchor/limits.ts'
import { isSameDomain } from '../../node/anchor/envelope-layout.ts'
import type { SignedEnvelope } from '../../node/anchor/service.ts'
import type { Domain, OperationKind } from '../../node/anchor/operations.ts'
import { isStrongKey, verifySignature } from '../../node/crypto/sign.ts'
import { isMerogateError } from '../../node/errors.ts'
import { fromHex, toHex } from '../../node/primitives/bytes.ts'
import { issuesOf } from '../schemas.ts'
import type { RelayCarrier } from './carrier.ts'
import { malformed, relayerError } from './errors.ts'
import { MAX_NAME_CHARS } from './limits.ts'

/** Bytes of an identity's own signature, and of its account's. */
const ED25519_BYTES = 64
/** No bound: the width of the signature of an account. */
const ACCOUNT_BYTES = 65

/** Lower-case hexadecimal digits of at most so many bytes. */
export function hexOf(bytes: number): z.ZodType<Uint8Array, string> {
  const digits = 'expected lower-case hexadecimal digits'
  return z
    .string()
    .max(2 * bytes)
    .regex(/^(?:[0-9a-f]{2})+$/, digits)
    .transform(fromHex)
}

/** A chain or a network. */
export const nameSchema: z.ZodString = z.string().min(1).max(MAX_NAME_CHARS)

// an empty signature would mean that the relayer's own account is the signer: it is no signature here
const schema = z.strictObject({
  chain: nameSchema,
  network: nameSchema,
  envelope: hexOf(MAX_ENVELOPE_BYTES),
  signature: hexOf(ACCOUNT_BYTES),
})

/** A request of the right shape, for a contract and an operation that are on the allow-list. */
export interface RelayRequest {
  readonly carrier: RelayCarrier
  readonly signed: SignedEnvelope
  readonly envelope: Envelope
  /** Digest of the envelope, hexadecimal. */
  readonly id: string
  /** Who signs, hexadecimal. */
  readonly signer: string
}

/** What is carried. */
export interface AllowList {
  readonly carriers: readonly RelayCarrier[]
  readonly operations: ReadonlySet<OperationKind>
}

/** Reads a request. @throws RELAYER_MALFORMED (input), RELAYER_DENIED (denied) */
export function readRequest(json: unknown, { carriers, operations }: AllowList): RelayRequest {
  const { data, error } = schema.safeParse(json)
  if (data === undefined) {
    throw malformed('expected chain, network, envelope and signature, and nothing else', {
      issues: issuesOf(error),
    })
  }
  const carrier = carrierFor(carriers, data)
  const signed = { envelope: data.envelope, signature: data.signature }
  const envelope = decode(signed.envelope)
  if (!isInReach(envelope.domain, carrier)) throw denied('contract')
  if (!operations.has(envelope.operation.kind)) throw denied('operation')
  if (![ED25519_BYTES, ACCOUNT_BYTES].includes(signed.signature.length)) {
    throw malformed(
      `expected a signature of ${ED25519_BYTES} or ${ACCOUNT_BYTES} bytes, got ${signed.signature.length}`,
    )
  }
  const id = toHex(envelopeDigest(signed.envelope))
  return { carrier, signed, envelope, id, signer: toHex(envelope.signer) }
}

/** What every contract would say to a request now; undefined where only the chain can tell. `nowMs`: Unix time. */
export function judgeLocally(
  { envelope, signed }: RelayRequest,
  nowMs: number,
): Refusal | undefined {
  if (envelope.validUntil < BigInt(Math.floor(nowMs / 1000))) return refusal('Expired')
  if (!isStrongKey(envelope.signer)) return refusal('WeakKey')
  // whose account has signed, the chain knows
  if (signed.signature.length !== ED25519_BYTES) return undefined
  const digest = envelopeDigest(signed.envelope)
  const isSigned = verifySignature(envelope.signer, digest, signed.signature)
  return isSigned ? undefined : refusal('BadSignature')
}

/**
 * Whether a refusal may be the echo of the same envelope's own success: the nonce is used, what it makes is there, who signed has left.
 */
export function mayBeEcho({ envelope }: RelayRequest, { name: why, expected }: Refusal): boolean {
  if (why === 'BadNonce') return expected === undefined || expected > envelope.nonce
  return ['ContextExists', 'AlreadyMember', 'InvitationUsed', 'NotAMember', 'Sealed'].includes(why)
}

/** @throws RELAYER_DENIED (denied) */
export function carrierFor(
  carriers: readonly RelayCarrier[],
  asked: { readonly chain: string; readonly network: string },
): RelayCarrier {
  const found = carriers.find(
    ({ chain, network }) => chain === asked.chain && network === asked.network,
  )
  if (found === undefined) throw denied('network')
  return found
}

/** Whether a carrier may carry for a contract: for its own, and where groups move for others, of which the chain is asked. */
function isInReach(domain: Domain, { domain: own, successor }: RelayCarrier): boolean {
  const { contract } = successor === undefined ? domain : own
  return isSameDomain({ ...domain, contract }, own)
}

function decode(bytes: Uint8Array): Envelope {
  try {
    return envelopeCodec.decode(bytes)
  } catch (error) {
    if (!isMerogateError(error, 'CODEC_MALFORMED')) throw error
    throw malformed('expected an envelope of the context contract, got other bytes')
  }
}

/** What is not on the allow-list. */
export function denied(what: 'network' | 'contract' | 'operation'): Error {
  const message = `this ${what} is not one that the relayer pays for`
  return relayerError('RELAYER_DENIED', message, { what })
}

/** Whether it is certain who has signed: of an account's signature the chain knows alone. {@link judgeLocally} has found it good. */
export function isSignerKnown({ signed }: RelayRequest): boolean {
  return signed.signature.length === ED25519_BYTES
}

/** Which group pays: of a context that is made in a group that one, otherwise what the subject says, a group or one of its contexts. */
export function subjectOf({ envelope: { subject, operation } }: RelayRequest): {
  readonly id: Uint8Array
  readonly isContext: boolean
} {
  const id = operation.kind === 'createContext' ? (operation.group ?? subject) : subject
  return { id, isContext: operation.kind === 'updateApplication' }
}
