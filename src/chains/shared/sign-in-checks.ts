/** What every wallet checks of an attempt, whatever its chain. */
import { refused } from '../../auth/errors.ts'
import type { ChallengeTerms } from '../../auth/wallet-verifier.ts'
import { isCanonicalSignature, isStrongEncoding, isStrongKey } from '../../node/crypto/sign.ts'
import type { MerogateError } from '../../node/errors.ts'
import { MAX_AHEAD_MS } from './limits.ts'

/** @throws AUTH_REFUSED unless the terms hold now */
export function checkTimes(terms: ChallengeTerms, nowMs: number): void {
  if (nowMs >= terms.expiresAtMs) throw refused('the challenge expired')
  if (terms.issuedAtMs > nowMs + MAX_AHEAD_MS) throw refused('the challenge lies in the future')
}

/**
 * Refuses an ed25519 key that is of small order, not canonical or no point. Libraries differ in this: by the rules of ZIP 215 such a key signs anything.
 * @throws AUTH_REFUSED
 */
export function checkKey(publicKey: Uint8Array): void {
  if (!isStrongKey(publicKey)) throw refused('the key is of small order or not canonical')
}

/** Refuses a signature that is another's with L added to S, or whose R is of small order or not canonical. @throws AUTH_REFUSED */
export function checkSignature(signature: Uint8Array): void {
  if (signature.length !== 64) throw refused('the signature has not 64 bytes')
  if (!isCanonicalSignature(signature) || !isStrongEncoding(signature.subarray(0, 32))) {
    throw refused('the signature is not canonical')
  }
}

/** An ed25519 signature from canonical base64 with padding, 64 bytes. @throws AUTH_REFUSED */
export function signatureOf(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw refused('the signature is not in base64')
  const signature = new Uint8Array(bytes)
  checkSignature(signature)
  return signature
}

/** Runs code of a library on what a stranger sent: whatever it throws is a refusal. */
export function orRefused<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw notReadable(what, cause)
  }
}

function notReadable(what: string, cause: unknown): MerogateError {
  return refused(`${what} cannot be read`, cause)
}

/** Which field of `provider_data` is wrong, by name: what a stranger sent stays out of the log. */
export function placeOf({
  issues,
}: {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly code: string }[]
}): string {
  const issue = issues[0]
  if (issue === undefined) return 'provider_data: wrong'
  return `provider_data: ${issue.path.join('.') || 'the whole'}: ${issue.code}`
}
