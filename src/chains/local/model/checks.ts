/** Checks that every contract makes of every request, in one fixed order (docs/protocol.md, Anchor), and what it makes of an outcome. */
import type { Codec } from '../../../node/codec/codec.ts'
import { isMerogateError } from '../../../node/errors.ts'
import { envelopeDigest } from '../../../node/anchor/envelope.ts'
import { isSameDomain, type EnvelopeHead } from '../../../node/anchor/envelope-layout.ts'
import type { Refusal, RefusalName } from '../../../node/anchor/errors.ts'
import { MAX_ENVELOPE_BYTES, MAX_VALIDITY_SECONDS } from '../../../node/anchor/limits.ts'
import type { Announced } from '../../../node/anchor/events.ts'
import type { SignedEnvelope } from '../../../node/anchor/service.ts'
import type { DecideContext, KeyRules, RuleOutcome } from './request.ts'

/** What is to be stored and announced, or why nothing is. */
export type DecisionOf<E, F, V> =
  | {
      readonly accepted: true
      readonly envelope: E
      readonly effects: readonly F[]
      /** Undefined when the state was already as asked. */
      readonly event: V | undefined
    }
  | { readonly accepted: false; readonly refusal: Refusal }

/** The request that the bytes are. */
export function decodeEnvelope<E>(codec: Codec<E>, bytes: Uint8Array): E | RefusalName {
  if (bytes.length > MAX_ENVELOPE_BYTES) return 'LimitExceeded'
  try {
    return codec.decode(bytes)
  } catch (error) {
    if (isMerogateError(error, 'CODEC_MALFORMED')) return 'Malformed'
    throw error
  }
}

/** Whether the request is meant for this contract, now. */
export function checkDomainAndTime(
  { domain, validUntil }: EnvelopeHead<unknown>,
  context: DecideContext,
): RefusalName | undefined {
  if (!isSameDomain(domain, context.domain)) return 'WrongDomain'
  const { now } = context
  return validUntil < now || validUntil > now + MAX_VALIDITY_SECONDS ? 'Expired' : undefined
}

/** Whether the signer signed the bytes as they came, with a key that means something. */
export function checkSignature(
  { signer }: EnvelopeHead<unknown>,
  signed: SignedEnvelope,
  keys: KeyRules,
): RefusalName | undefined {
  if (!keys.isStrong(signer)) return 'WeakKey'
  const isSigned = keys.verify(signer, envelopeDigest(signed.envelope), signed.signature)
  return isSigned ? undefined : 'BadSignature'
}

/** The decision that an outcome comes to. `effects` is asked only when something is to be stored. */
export function conclude<B, S, E extends EnvelopeHead<S>, F>(
  envelope: E,
  outcome: RuleOutcome<B>,
  effects: () => readonly F[],
): DecisionOf<E, F, Announced<B, S>> {
  if ('refusal' in outcome) return { accepted: false, refusal: outcome.refusal }
  const { subject, signer, nonce } = envelope
  const { event: body, revision } = outcome
  const event = body === undefined ? undefined : { ...body, subject, signer, nonce, revision }
  return { accepted: true, envelope, effects: effects(), event }
}
