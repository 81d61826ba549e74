/** Terms of a sign-in, and what tests do to attempts. */
import { randomBytes } from 'node:crypto'
import type { ChallengeTerms } from '../../src/auth/wallet-verifier.ts'
import { isMerogateError } from '../../src/node/errors.ts'
import { concat, toHex } from '../../src/node/primitives/bytes.ts'
import { type Clock, systemClock } from '../../src/node/primitives/clock.ts'

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

/** Why a sign-in was refused, as the log has it. Anything but AUTH_REFUSED with its one outward message is thrown on. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (!isMerogateError(error) || error.code !== 'AUTH_REFUSED') throw error
    if (error.message !== 'Authentication failed') throw error
    return String(error.details['reason'])
  }
  return 'let in'
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
