/**
 * The text that wallets without a format of their own sign (SEP-53, Internet Computer): CAIP-122's, which is EIP-4361's with another chain's
 * name and account. It is made here, stored with the challenge, and compared as a whole when it comes back; where a client makes it,
 * `sign-in-parse.ts` reads it.
 * @see https://chainagnostic.org/CAIPs/caip-122
 */
import { authError } from '../../auth/errors.ts'
import type { ChallengeTerms } from '../../auth/wallet-verifier.ts'

export interface SignInTextOptions {
  /** The chain's name as people write it, as in `Stellar`. */
  readonly chainName: string
  /** CAIP-2 chain id, as in `stellar:testnet`. */
  readonly chainId: string
  /**
   * The account that signs. Its form is checked by whoever calls: it stands on a line of its own. Undefined where that is not known before the wallet
   * answers, and the chain's format binds the account in another way.
   */
  readonly account?: string | undefined
}

/** What the text asks for, in words. */
export const SIGN_IN_STATEMENT = 'Sign in to Calimero node'

/** Before a permission, where one stands as a resource. */
const PERMISSION_URN = 'urn:calimero:permission:'

/** The text for the terms, without a line end behind it. @throws AUTH_BAD_REQUEST (input) for a permission that is no text */
export function signInText(terms: ChallengeTerms, options: SignInTextOptions): string {
  const { chainName, chainId, account } = options
  const lines = [
    `${terms.domain} wants you to sign in with your ${chainName} account${account === undefined ? '.' : `:\n${account}`}`,
    '',
    SIGN_IN_STATEMENT,
    '',
    `URI: ${terms.origin}`,
    'Version: 1',
    `Chain ID: ${chainId}`,
    `Nonce: ${terms.nonce}`,
    `Issued At: ${toSeconds(terms.issuedAtMs)}`,
    `Expiration Time: ${toSeconds(terms.expiresAtMs)}`,
  ]
  if (terms.permissions.length > 0) {
    lines.push('Resources:', ...terms.permissions.map((text) => `- ${permissionUri(text)}`))
  }
  return lines.join('\n')
}

/**
 * A permission as a URI (RFC 3986), for texts that list resources. What a URI may not hold is escaped, line ends with it, so that a permission
 * cannot write another line.
 * @throws AUTH_BAD_REQUEST (input) for half a surrogate pair
 */
export function permissionUri(permission: string): string {
  try {
    return `${PERMISSION_URN}${encodeURI(permission)}`
  } catch (cause) {
    throw authError('AUTH_BAD_REQUEST', 'a permission is no text', {}, { cause })
  }
}

/** RFC 3339 in whole seconds: `2026-11-21T20:00:00Z`. */
function toSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
