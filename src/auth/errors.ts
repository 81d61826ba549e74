/** Errors of the auth room. */
import { type ErrorDetails, MerogateError } from '../node/errors.ts'

const KINDS = {
  /** The sign-in is refused: outwardly one message, whatever was wrong; `details.reason` is for the log. */
  AUTH_REFUSED: 'unauthenticated',
  /** A request that no client would make: a field is missing, too long, or of another shape. */
  AUTH_BAD_REQUEST: 'input',
  /** No provider of that name is configured. */
  AUTH_METHOD_UNKNOWN: 'input',
  /** A chain could not be asked: the sign-in may be tried again, with a new challenge. */
  AUTH_CHAIN_UNAVAILABLE: 'transport',
  /** Too many failures, or too many requests; `details.retryAfterMs`. */
  AUTH_LOCKED: 'limit',
  /** No token where one is needed. */
  AUTH_TOKEN_MISSING: 'unauthenticated',
  /** Not a token of this node, or not of this kind; or a refresh token that has expired. */
  AUTH_TOKEN_INVALID: 'unauthenticated',
  /** Its time is over: refresh. */
  AUTH_TOKEN_EXPIRED: 'unauthenticated',
  /** Its key, or the key above it, was revoked. */
  AUTH_TOKEN_REVOKED: 'denied',
  /** A refresh token that was used before: its whole family is revoked. */
  AUTH_TOKEN_REUSED: 'unauthenticated',
  /** The access token is still good; `Calimero-Refresh: early` refreshes all the same. */
  AUTH_TOKEN_STILL_VALID: 'unauthenticated',
  /** The token was made for another node. */
  AUTH_INVALID_NODE: 'denied',
  /** The token's key lacks the permission. */
  AUTH_PERMISSION_DENIED: 'denied',
  /** No such key. */
  AUTH_KEY_NOT_FOUND: 'missing',
  /** The last root key cannot be revoked, or a key exists already. */
  AUTH_KEY_CONFLICT: 'conflict',
  /** Keys, families or challenges beyond the bound. */
  AUTH_LIMIT: 'limit',
  /** A row of the sign-in database is not one, or another release wrote it. */
  AUTH_STORE_CORRUPT: 'corrupt',
} as const

export type AuthErrorCode = keyof typeof KINDS

export function authError(
  code: AuthErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, KINDS[code], message, details, options)
}

/** A sign-in that is refused. `reason` is for the log alone: a short, precise line without secrets. */
export function refused(reason: string, cause?: unknown): MerogateError {
  return authError('AUTH_REFUSED', 'Authentication failed', { reason }, { cause })
}
