/** Terms of a sign-in, and what tests do to attempts. */
import { randomBytes } from 'node:crypto'
import type {
  ChallengeTerms,
  SignInAttempt,
  WalletSubject,
  WalletVerifier,
} from '../../src/auth/wallet-verifier.ts'
import { isMerogateError } from '../../src/node/errors.ts'
import { concat, toHex } from '../../src/node/primitives/bytes.ts'
import { type Clock, systemClock } from '../../src/node/primitives/clock.ts'
import { START_MS } from './hand-clock.ts'

/** Terms of a node at `node.example`, issued now. */
export function signInTerms(changes: Partial<ChallengeTerms> = {}): ChallengeTerms {
  const now = Math.floor(Date.now() / 1000) * 1000
  return {
    nonce: toHex(randomBytes(32)),
    domain: 'node.example',
    origin: 'https://node.example',
    issuedAtMs: now,
    expiresAtMs: now + 300_000,
    permissions: [],
    ...changes,
  }
}

export const NONCE: string = 'a1b2c3d4'.repeat(8)

/** Terms that are the same each time, issued at the beginning of a hand clock. */
export function fixedTerms(changes: Partial<ChallengeTerms> = {}): ChallengeTerms {
  const times = { issuedAtMs: START_MS, expiresAtMs: START_MS + 300_000 }
  return signInTerms({ nonce: NONCE, ...times, ...changes })
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

/** Why a sign-in was refused, as the log has it. Anything but AUTH_REFUSED with its one outward message is thrown on. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (!isMerogateError(error) || error.code !== 'AUTH_REFUSED') throw error
    if (error.message !== 'Authentication failed') throw error
    if (Object.keys(error.details).join() !== 'reason') throw error
    return String(error.details['reason'])
  }
  return 'let in'
}

/** Fails when a sign-in is not refused as {@link refusal} has it. */
export async function isRefused(work: Promise<unknown>): Promise<void> {
  const reason = await refusal(work)
  if (reason === 'let in') throw new TypeError('expected a refusal, the sign-in was let in')
}

const L = 2n ** 252n + 27742317777372353535851937790883648493n

/** The same ed25519 signature in another form: L added to S (RFC 8032 8.4). */
export function malleated(signature: Uint8Array): Uint8Array {
  const s = BigInt(`0x${toHex(Uint8Array.from(signature.subarray(32)).reverse())}`) + L
  const bytes = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()
  return concat(signature.subarray(0, 32), new Uint8Array(bytes))
}

/** The neutral element of edwards25519: as a key under ZIP 215, it has signed everything. */
export const NEUTRAL: Uint8Array = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0))

/** The machine's clock, for which waiting takes no time. */
export const quickClock: Clock = {
  ...systemClock,
  after: (_ms, call) => systemClock.after(0, call),
}
