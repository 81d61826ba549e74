/** Sign-ins of wallets, for tests of their verifiers. */
import { expect } from 'chai'
import type {
  ChallengeTerms,
  SignInAttempt,
  WalletSubject,
  WalletVerifier,
} from '../../src/auth/wallet-verifier.ts'
import { failure } from './error-code.ts'
import { START_MS } from './hand-clock.ts'

export const NONCE: string = 'a1b2c3d4'.repeat(8)

/** Terms as the node makes them, at the beginning of a hand clock. */
export function termsOf(changes: Partial<ChallengeTerms> = {}): ChallengeTerms {
  return {
    nonce: NONCE,
    domain: 'node.example',
    origin: 'https://node.example',
    issuedAtMs: START_MS,
    expiresAtMs: START_MS + 300_000,
    permissions: [],
    ...changes,
  }
}

/** The verifier's answer to what came back for the terms. */
export async function signInWith(
  verifier: WalletVerifier,
  terms: ChallengeTerms,
  answer: (message: string | undefined) => Promise<Pick<SignInAttempt, 'publicKey' | 'data'>>,
): Promise<WalletSubject> {
  const challenge = await verifier.challenge(terms)
  return verifier.verify({ terms, challenge, ...(await answer(challenge.message)) })
}

/** Why a sign-in is refused; fails when it is not, or says more to the outside than that. */
export async function reasonOf(attempt: Promise<WalletSubject>): Promise<unknown> {
  const error = await failure(attempt)
  expect(error.code).to.equal('AUTH_REFUSED')
  expect(error.kind).to.equal('unauthenticated')
  expect(error.message).to.equal('Authentication failed')
  expect(Object.keys(error.details)).to.deep.equal(['reason'])
  return error.details['reason']
}
