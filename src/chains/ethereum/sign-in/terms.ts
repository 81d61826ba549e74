/** Whether a text that a client made says what the node's terms say. */
import { getAddress } from 'ethers'
import { refused } from '../../../auth/errors.ts'
import type { ChallengeTerms } from '../../../auth/wallet-verifier.ts'
import { permissionUri, SIGN_IN_STATEMENT } from '../../shared/sign-in-text.ts'
import { MAX_SIGN_IN_SKEW_MS, MAX_SIGN_IN_VALIDITY_MS } from '../limits.ts'
import { parseSiwe, type SiweFields, SiweSyntaxError } from './message.ts'

/** What the text has to say beside the terms. */
export interface TextTerms {
  readonly terms: ChallengeTerms
  /** EIP-55. */
  readonly address: string
  /** Chains that may be named. */
  readonly chainIds: readonly number[]
  readonly nowMs: number
}

/** The chain that a text names. @throws AUTH_REFUSED */
export function checkText(text: string, expected: TextTerms): number {
  const fields = parse(text)
  const { terms, address, chainIds } = expected
  const { origin } = terms
  const uri = URL.canParse(fields.uri) ? new URL(fields.uri) : undefined
  const wrong =
    differs('domain', fields.domain, terms.domain) ??
    (fields.scheme === undefined ? undefined : scheme(fields.scheme, origin)) ??
    (getAddress(fields.address.toLowerCase()) === fields.address
      ? undefined
      : 'the address in the text lacks its checksum (EIP-55)') ??
    differs('address', fields.address, address) ??
    differs('statement', fields.statement, SIGN_IN_STATEMENT) ??
    (uri?.origin === origin && uri.username === '' && uri.password === ''
      ? undefined
      : 'URI is of another origin') ??
    differs('version', fields.version, '1') ??
    (chainIds.includes(fields.chainId) ? undefined : `chain ${fields.chainId} is not allowed`) ??
    differs('nonce', fields.nonce, terms.nonce) ??
    wrongTime(fields, expected.nowMs) ??
    (isSame(fields.resources, terms.permissions.map(permissionUri))
      ? undefined
      : 'the resources are not the permissions that were asked for')
  if (wrong !== undefined) throw refused(wrong)
  return fields.chainId
}

function parse(text: string): SiweFields {
  try {
    return parseSiwe(text)
  } catch (error) {
    if (error instanceof SiweSyntaxError) throw refused(`not a text of EIP-4361: ${error.message}`)
    throw error
  }
}

function differs(what: string, got: string | undefined, expected: string): string | undefined {
  return got === expected ? undefined : `another ${what} than was issued`
}

function scheme(got: string, origin: string): string | undefined {
  return `${got}:` === new URL(origin).protocol ? undefined : 'another scheme than the origin has'
}

function wrongTime(fields: SiweFields, nowMs: number): string | undefined {
  const { issuedAtMs, expiresAtMs, notBeforeMs } = fields
  if (issuedAtMs > nowMs + MAX_SIGN_IN_SKEW_MS) return 'issued in the future'
  if (notBeforeMs !== undefined && notBeforeMs > nowMs + MAX_SIGN_IN_SKEW_MS) {
    return 'not valid yet'
  }
  if (expiresAtMs === undefined) return 'the text never expires'
  if (expiresAtMs <= nowMs) return 'the text is expired'
  if (expiresAtMs - issuedAtMs > MAX_SIGN_IN_VALIDITY_MS) return 'the text is valid for too long'
  return undefined
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, at) => text === b[at])
}
