/** Requests as they come: what they ask for, who signed them, and until when they are good. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { z } from 'zod'
import { concat, equalBytes, toHex } from '../../../node/primitives/bytes.ts'
import { CborError, type CborValue, decodeCbor } from './cbor.ts'
import { hashOfMap, separator } from './hash.ts'
import { ANONYMOUS, selfAuthenticating } from './principal.ts'

/** A request that is answered with an error status, in the words that agents know. */
export class RequestRefused extends Error {
  override readonly name: string = 'RequestRefused'
  readonly status: 400 | 403

  constructor(status: 400 | 403, message: string) {
    super(message)
    this.status = status
  }
}

/** How far ahead a request may expire: five minutes, and what clocks differ by. */
const MAX_EXPIRY_NS = 330_000_000_000n
const MAX_DELEGATIONS = 20
const MAX_TARGETS = 1_000
const MAX_PATHS = 1_000
const MAX_LABELS = 127

const bytes = z.instanceof(Uint8Array)
const u64 = z
  .union([z.int().min(0), z.bigint().min(0n)])
  .transform(BigInt)
  .refine((n) => n >> 64n === 0n)
const principal = bytes.refine((one) => one.length <= 29)
const common = {
  sender: principal,
  ingress_expiry: u64,
  nonce: bytes.refine((one) => one.length <= 32).optional(),
}
const callFields = { canister_id: principal, method_name: z.string(), arg: bytes }
const CONTENTS = {
  call: z.object({ request_type: z.literal('call'), ...common, ...callFields }),
  query: z.object({ request_type: z.literal('query'), ...common, ...callFields }),
  read_state: z.object({
    request_type: z.literal('read_state'),
    ...common,
    paths: z.array(z.array(bytes).max(MAX_LABELS)).max(MAX_PATHS),
  }),
}
const delegationSchema = z.object({
  delegation: z.object({
    pubkey: bytes,
    expiration: u64,
    targets: z.array(principal).max(MAX_TARGETS).optional(),
  }),
  signature: bytes,
})
const envelopeSchema = z.object({
  content: z.record(z.string(), z.unknown()),
  sender_pubkey: bytes.nullish(),
  sender_sig: bytes.nullish(),
  sender_delegation: z.array(delegationSchema).max(MAX_DELEGATIONS).nullish(),
})
type Envelope = z.infer<typeof envelopeSchema>

interface CommonContent {
  readonly sender: Uint8Array
  /** Nanoseconds since the Unix epoch. */
  readonly ingress_expiry: bigint
  readonly nonce?: Uint8Array | undefined
}

/** A call or a query. */
export interface CallContent extends CommonContent {
  readonly canister_id: Uint8Array
  readonly method_name: string
  readonly arg: Uint8Array
}

export interface ReadStateContent extends CommonContent {
  readonly paths: readonly (readonly Uint8Array[])[]
}

/** What is asked for, by the word for it. */
export interface Contents {
  readonly call: CallContent
  readonly query: CallContent
  readonly read_state: ReadStateContent
}
export type Operation = keyof Contents

/** A request whose signatures are good. */
export interface Verified<T> {
  readonly content: T
  readonly requestId: Uint8Array
}

/**
 * Checks shape, expiry, delegations and signature; `target`: the canister that is asked, as far as the address says one.
 * @throws RequestRefused
 */
export function verifyEnvelope<O extends Operation>(
  body: Uint8Array,
  operation: O,
  now: bigint,
  target: Uint8Array | undefined,
): Verified<Contents[O]> {
  const { envelope, raw } = parse(body)
  const parsed = CONTENTS[operation].safeParse(envelope.content)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const message = `the content is no ${operation}: ${issue?.path.join('.')} ${issue?.message}`
    throw new RequestRefused(400, message)
  }
  const content = parsed.data
  // who asks for nothing to be done, and is nobody, may be late
  const isFree = operation !== 'call' && equalBytes(content.sender, ANONYMOUS)
  if (!isFree) checkExpiry(content.ingress_expiry, now)
  const requestId = requestIdOf(raw)
  checkSender(envelope, content.sender, requestId, now, target)
  return { content: content as unknown as Contents[O], requestId } // parsed by the schema of O
}

/** The envelope, and its content as it was sent: fields that nobody knows count for the hash. */
function parse(body: Uint8Array): { envelope: Envelope; raw: Envelope['content'] } {
  try {
    const value = decodeCbor(body)
    const parsed = envelopeSchema.safeParse(value)
    if (parsed.success) return { envelope: parsed.data, raw: parsed.data.content }
    throw new CborError(`${parsed.error.issues[0]?.path.join('.')}: not as expected`)
  } catch (error) {
    if (!(error instanceof CborError)) throw error
    throw new RequestRefused(400, `Could not parse body as CBOR: ${error.message}`)
  }
}

function requestIdOf(raw: Envelope['content']): Uint8Array {
  try {
    return hashOfMap(raw as Record<string, CborValue>) // read by decodeCbor
  } catch (error) {
    if (!(error instanceof CborError)) throw error
    throw new RequestRefused(400, error.message)
  }
}

function checkExpiry(expiry: bigint, now: bigint): void {
  const latest = now + MAX_EXPIRY_NS
  if (expiry > now && expiry <= latest) return
  const range = `Minimum allowed expiry: ${now}, Maximum allowed expiry: ${latest}`
  const message = `Invalid request expiry: Specified ingress_expiry not within expected range: ${range}`
  throw new RequestRefused(400, `${message}, Provided expiry: ${expiry}`)
}

function checkSender(
  envelope: Envelope,
  sender: Uint8Array,
  requestId: Uint8Array,
  now: bigint,
  target: Uint8Array | undefined,
): void {
  const { sender_pubkey: publicKey, sender_sig: signature } = envelope
  const delegations = envelope.sender_delegation ?? []
  if (equalBytes(sender, ANONYMOUS)) {
    if (publicKey || signature || delegations.length > 0) {
      throw new RequestRefused(400, 'an anonymous request is not signed')
    }
    return
  }
  if (!publicKey || !signature) throw new RequestRefused(403, 'Missing signature')
  if (!equalBytes(selfAuthenticating(publicKey), sender)) {
    throw new RequestRefused(403, 'The user id does not match the public key')
  }
  const key = delegatedKey(publicKey, delegations, now, target)
  if (!verifySignature(key, concat(separator('ic-request'), requestId), signature)) {
    throw new RequestRefused(403, 'Invalid signature: the request is not signed by its sender')
  }
}

/** The key at the end of the chain of delegations. */
function delegatedKey(
  first: Uint8Array,
  delegations: NonNullable<Envelope['sender_delegation']>,
  now: bigint,
  target: Uint8Array | undefined,
): Uint8Array {
  let key = first
  const seen = new Set([toHex(key)])
  for (const { delegation, signature } of delegations) {
    const { pubkey, expiration, targets } = delegation
    if (expiration < now) {
      const message = `Invalid delegation expiry: Specified sender delegation has expired: ${expiration}`
      throw new RequestRefused(403, `${message}, now ${now}`)
    }
    const hash = hashOfMap({ pubkey, expiration, targets })
    if (!verifySignature(key, concat(separator('ic-request-auth-delegation'), hash), signature)) {
      throw new RequestRefused(403, 'Invalid delegation: its signature is not good')
    }
    if (targets !== undefined && !targets.some((one) => target && equalBytes(one, target))) {
      throw new RequestRefused(403, 'Canister is not one of the delegation targets')
    }
    key = pubkey
    if (seen.has(toHex(key))) throw new RequestRefused(400, 'the delegations go in a circle')
    seen.add(toHex(key))
  }
  return key
}

/** A signature by a key in DER: ed25519, or ECDSA over secp256k1 or P-256 as two numbers. @throws RequestRefused */
function verifySignature(der: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = keyOf(der)
  if (key.asymmetricKeyType === 'ed25519') return verify(null, message, key, signature)
  const curve = key.asymmetricKeyType === 'ec' ? key.asymmetricKeyDetails?.namedCurve : undefined
  if (curve !== 'secp256k1' && curve !== 'prime256v1') {
    throw new RequestRefused(403, 'Invalid public key: signatures of this kind are not known here')
  }
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
}

function keyOf(der: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
  } catch {
    throw new RequestRefused(403, 'Invalid public key: it is not DER')
  }
}
