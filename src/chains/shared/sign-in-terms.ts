/** Whether a text that a client made says what the node's terms say. */
import { refused } from '../../auth/errors.ts'
import type { ChallengeTerms } from '../../auth/wallet-verifier.ts'
import { permissionUri, SIGN_IN_STATEMENT } from './sign-in-text.ts'
import { MAX_SIGN_IN_SKEW_MS, MAX_SIGN_IN_VALIDITY_MS } from './limits.ts'
import {
  parseSignInText,
  type SignInFields,
  type SignInForm,
  SignInSyntaxError,
} from './sign-in-parse.ts'

/** What the text has to say beside the terms. */
export interface TextTerms {
  readonly terms: ChallengeTerms
  /** As the chain writes it. */
  readonly account: string
  /** Chains that may be named. */
  readonly chainIds: readonly string[]
  readonly nowMs: number
}

/** The chain that a text names. @throws AUTH_REFUSED */
export function checkText(text: string, form: SignInForm, expected: TextTerms): string {
  const fields = parse(text, form)
  const { terms, account, chainIds } = expected
  const { origin } = terms
  const { chainId } = fields
  const uri = URL.canParse(fields.uri) ? new URL(fields.uri) : undefined
  const wrong =
    differs('domain', fields.domain, terms.domain) ??
    (fields.scheme === undefined ? undefined : scheme(fields.scheme, origin)) ??
    form.problemOf?.(fields.account) ??
    differs('address', fields.account, account) ??
    differs('statement', fields.statement, SIGN_IN_STATEMENT) ??
    (uri?.origin === origin && uri.username === '' && uri.password === ''
      ? undefined
      : 'URI is of another origin') ??
    differs('version', fields.version, '1') ??
    (chainIds.includes(chainId) ? undefined : `chain ${chainId} is not allowed`) ??
    differs('nonce', fields.nonce, terms.nonce) ??
    wrongTime(fields, expected.nowMs) ??
    (isSame(fields.resources, terms.permissions.map(permissionUri))
      ? undefined
      : 'the resources are not the permissions that were asked for')
  if (wrong !== undefined) throw refused(wrong)
  return chainId
}

function parse(text: string, form: SignInForm): SignInFields {
  try {
    return parseSignInText(text, form)
  } catch (error) {
    if (error instanceof SignInSyntaxError)
      throw refused(`not a text of ${form.standard}: ${error.message}`)
    throw error
  }
}

function differs(what: string, got: string | undefined, expected: string): string | undefined {
  return got === expected ? undefined : `another ${what} than was issued`
}

function scheme(got: string, origin: string): string | undefined {
  return `${got}:` === new URL(origin).protocol ? undefined : 'another scheme than the origin has'
}

function wrongTime(fields: SignInFields, nowMs: number): string | undefined {
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
