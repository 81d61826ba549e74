/** Chains of delegations: each link lends what the key before it may do to the next key, until it expires. */
import { requestIdOf } from '../rpc/agent.ts'
import { refused } from '../../../auth/errors.ts'
import { concat, equalBytes } from '../../../node/primitives/bytes.ts'
import { MAX_DELEGATION_MS } from '../limits.ts'
import type { CanisterSignatures } from './canister-signature.ts'
import { separated } from '../certificate/hash-tree.ts'
import { isSignedBy, parseKey } from './keys.ts'

export interface Link {
  /** The key that is lent to, DER. */
  readonly pubkey: Uint8Array
  /** ns since 1970. */
  readonly expiration: bigint
  /** Of the key before. */
  readonly signature: Uint8Array
}

export interface Chain {
  /** The key of the principal, DER. */
  readonly publicKey: Uint8Array
  readonly links: readonly [Link, ...Link[]]
}

const DELEGATION = separated('ic-request-auth-delegation')
const NS_PER_MS = 1_000_000n

/** Whether a chain leads to the session key, and is neither expired nor lent for too long. Costs nothing. @throws AUTH_REFUSED */
export function checkShape({ links }: Chain, sessionKey: Uint8Array, nowMs: number): void {
  const now = BigInt(nowMs) * NS_PER_MS
  for (const [at, { expiration }] of links.entries()) {
    if (expiration <= now) throw refused(`link ${at} is expired`)
    if (expiration > now + BigInt(MAX_DELEGATION_MS) * NS_PER_MS) {
      throw refused(`link ${at} is valid for too long`)
    }
  }
  const last = links.at(-1)?.pubkey
  if (last === undefined || !equalBytes(last, sessionKey)) {
    throw refused('the chain does not lead to the session key')
  }
}

/** Checks the signature of every link; the first may be a canister's. @throws AUTH_REFUSED */
export function checkSignatures({ publicKey, links }: Chain, canisters: CanisterSignatures): void {
  const signers = [publicKey, ...links.map(({ pubkey }) => pubkey)].map(parseKey)
  // from the end: a canister's signature is dear, and first
  for (const [at, link] of [...links.entries()].reverse()) {
    const signer = signers[at]
    const message = concat(DELEGATION, requestIdOf({ ...pick(link) }))
    if (signer?.kind !== 'canister') {
      if (signer === undefined || !isSignedBy(signer, message, link.signature)) {
        throw refused(`link ${at} is not signed by the key before it`)
      }
    } else if (at > 0) {
      throw refused(`link ${at} is a canister's, which only the first may be`)
    } else {
      canisters.check(signer, message, link.signature)
    }
  }
}

/** What is signed of a link. */
function pick({ pubkey, expiration }: Link): Pick<Link, 'pubkey' | 'expiration'> {
  return { pubkey, expiration }
}
