/** What the contracts refuse, from the host's errors: a contract's own have a number, and a wrong signature ends the call without one. */
import { type Refusal, refusal, refusalNumbered } from '../../../node/anchor/errors.ts'
import type { SignedEnvelope } from '../../../node/anchor/service.ts'
import { envelopeDigest } from '../../../node/anchor/envelope.ts'
import { verifySignature } from '../../../node/crypto/sign.ts'
import type { ContractName } from '../../shared/core/artifacts.ts'
import { decodeEnvelope } from '../../shared/core/values.ts'
import type { HostError } from '../rpc/simulate.ts'

/** The refusal that an error is; undefined for an error that is none. */
export function refusalIn(
  { type, code }: HostError,
  contract: ContractName,
  signed: SignedEnvelope,
): Refusal | undefined {
  if (type === 'Contract' && /^#\d{1,3}$/.test(code)) return refusalNumbered(Number(code.slice(1)))
  return type === 'Crypto' && code === 'InvalidInput'
    ? signatureRefusal(contract, signed)
    : undefined
}

/**
 * Which of an envelope's signatures is wrong: its own, or one of the invitation in it, the inviter's or that of the invitation's key. What the contract
 * ended for is wrong, so where its own is good it is one of the others.
 */
function signatureRefusal(
  contract: ContractName,
  { envelope, signature }: SignedEnvelope,
): Refusal {
  const { signer } = decodeEnvelope(contract, envelope)
  const isSigned = verifySignature(signer, envelopeDigest(envelope), signature)
  return refusal(isSigned ? 'InvitationInvalid' : 'BadSignature')
}
