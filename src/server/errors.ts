/**
 * The server's own errors, and how any error of the node looks over HTTP: a status by kind, a body without stack or cause.
 */
import { MerogateError, isMerogateError } from '../node/errors.ts'
import type { ErrorDetails, ErrorKind } from '../node/errors.ts'

/** Codes of errors that begin in this room. SERVER_ADDRESS_NOT_LOOPBACK the server may listen on this machine's own addresses only, until clients can be authenticated; */
export type ServerErrorCode =
  | 'SERVER_ADDRESS_NOT_LOOPBACK'
  | 'SERVER_PORT_IN_USE'
  | 'SERVER_LISTEN_FAILED'
  | 'SERVER_NOT_STARTED'
  | 'SERVER_BAD_JSON'
  | 'SERVER_JSON_TOO_MANY'
  | 'SERVER_BODY_SLOW'
  | 'SERVER_BUSY'
  | 'SERVER_READER_LOST'
  | 'SERVER_BODY_INVALID'
  | 'SERVER_CONTENT_TYPE'
  | 'SERVER_BODY_TOO_LARGE'
  | 'SERVER_BAD_REQUEST'
  | 'SERVER_ROUTE_UNKNOWN'
  | 'SERVER_METHOD_NOT_ALLOWED'
  | 'SERVER_HOST_REFUSED'
  | 'SERVER_ORIGIN_REFUSED'
  | 'SERVER_RANGE_INVALID'
  | 'SERVER_DRAINING'
  | 'SERVER_TOO_MANY'
  | 'SERVER_TIMEOUT'
  | 'SERVER_OPERATION_UNKNOWN'
  | 'SERVER_KEY_REUSED'

/** Builds an error of this room. */
export function serverError(
  code: ServerErrorCode,
  kind: ErrorKind,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, kind, message, details, options)
}

const STATUS_BY_KIND: Readonly<Record<ErrorKind, number>> = {
  input: 400,
  unauthenticated: 401,
  denied: 403,
  missing: 404,
  conflict: 409,
  limit: 429,
  transport: 502,
  protocol: 502,
  guest: 422,
  chain: 422,
  corrupt: 500,
  aborted: 499,
  internal: 500,
}

/** Whatever is bigger than a bound is 413, whoever found out. */
const TOO_LARGE = /_TOO_LARGE$/

/** Where the kind alone would give the wrong status. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  SERVER_BODY_INVALID: 422,
  SERVER_JSON_TOO_MANY: 413,
  SERVER_BODY_SLOW: 408,
  SERVER_BUSY: 503,
  SERVER_CONTENT_TYPE: 415,
  SERVER_METHOD_NOT_ALLOWED: 405,
  SERVER_RANGE_INVALID: 416,
  SERVER_DRAINING: 503,
  SERVER_KEY_REUSED: 422, // as the draft of the header's standard says
  SERVER_TIMEOUT: 504,
  CONTEXT_KEY_PENDING: 503,
  STORE_FAILED: 503,
  STORE_UNAVAILABLE: 503,
}

/** Codes of the API (docs/api.md) that are not simply ours in lower case. */
const API_CODES: Readonly<Record<string, string>> = {
  SERVER_BAD_JSON: 'bad_json',
  SERVER_BODY_INVALID: 'invalid_request',
  SERVER_JSON_TOO_MANY: 'too_large',
  SERVER_BODY_SLOW: 'timeout',
  SERVER_BUSY: 'busy',
  SERVER_BAD_REQUEST: 'invalid_request',
  SERVER_CONTENT_TYPE: 'unsupported_media_type',
  SERVER_ROUTE_UNKNOWN: 'not_found',
  SERVER_METHOD_NOT_ALLOWED: 'method_not_allowed',
  SERVER_HOST_REFUSED: 'host_refused',
  SERVER_ORIGIN_REFUSED: 'origin_refused',
  SERVER_RANGE_INVALID: 'invalid_range',
  SERVER_DRAINING: 'draining',
  SERVER_TOO_MANY: 'rate_limited',
  SERVER_TIMEOUT: 'timeout',
  SERVER_OPERATION_UNKNOWN: 'operation_unknown',
  SERVER_KEY_REUSED: 'idempotency_key_reused',
  ID_INVALID: 'invalid_id',
  BYTES_NOT_BASE58: 'invalid_id',
  CONTEXT_UNINITIALIZED: 'uninitialized',
  CONTEXT_NOT_A_MEMBER: 'not_member',
  IDENTITY_NOT_OWNED: 'identity_unusable',
  IDENTITY_AMBIGUOUS: 'identity_unusable',
  BLOB_HASH_MISMATCH: 'hash_mismatch',
  BUNDLE_HASH_MISMATCH: 'hash_mismatch',
  INSTALL_HASH_MISMATCH: 'hash_mismatch',
  INSTALL_URL_REFUSED: 'fetch_refused',
  AUTH_REFUSED: 'authentication_failed',
  AUTH_BAD_REQUEST: 'invalid_request',
  AUTH_METHOD_UNKNOWN: 'invalid_request',
  AUTH_CHAIN_UNAVAILABLE: 'chain_unavailable',
  AUTH_LOCKED: 'rate_limited',
  AUTH_TOKEN_MISSING: 'missing_token',
  AUTH_TOKEN_INVALID: 'invalid_token',
  AUTH_TOKEN_EXPIRED: 'token_expired',
  AUTH_TOKEN_REVOKED: 'token_revoked',
  AUTH_TOKEN_REUSED: 'token_reuse',
  AUTH_TOKEN_STILL_VALID: 'token_still_valid',
  AUTH_INVALID_NODE: 'invalid_node',
  AUTH_PERMISSION_DENIED: 'permission_denied',
  AUTH_KEY_NOT_FOUND: 'key_not_found',
  AUTH_KEY_CONFLICT: 'conflict',
  AUTH_LIMIT: 'rate_limited',
  ANCHOR_UNREACHABLE: 'chain_unavailable',
  RELAYER_CHAIN_UNREACHABLE: 'chain_unavailable',
}

/** Body of every failed REST request. */
export interface ErrorBody {
  readonly error: string
  readonly code: string
  readonly requestId: string
  readonly details?: unknown
}

/** The HTTP status of an error. */
export function statusOf(error: MerogateError): number {
  if (TOO_LARGE.test(error.code)) return 413
  return STATUS_BY_CODE[error.code] ?? STATUS_BY_KIND[error.kind]
}

/** The `code` a REST body carries: snake_case, stable within a major version. */
export function apiCode(error: MerogateError): string {
  if (TOO_LARGE.test(error.code)) return 'too_large'
  return API_CODES[error.code] ?? error.code.toLowerCase()
}

/** Header that says what is wrong with a token: clients of the original refresh at `token_expired` and at nothing else. */
export const AUTH_ERROR_HEADER = 'x-auth-error'

const IN_HEADER: ReadonlySet<string> = new Set([
  'AUTH_TOKEN_MISSING',
  'AUTH_TOKEN_INVALID',
  'AUTH_TOKEN_EXPIRED',
  'AUTH_TOKEN_REVOKED',
  'AUTH_TOKEN_REUSED',
  'AUTH_INVALID_NODE',
  'AUTH_PERMISSION_DENIED',
  'AUTH_BAD_REQUEST',
])

/** Headers that an error brings along, in lower case. */
export function errorHeaders(error: MerogateError): Readonly<Record<string, string>> {
  const retryAfterMs = error.details['retryAfterMs']
  return {
    ...(IN_HEADER.has(error.code) ? { [AUTH_ERROR_HEADER]: apiCode(error) } : {}),
    // RFC 6750 3
    ...(statusOf(error) === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(typeof retryAfterMs === 'number'
      ? { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }
      : {}),
  }
}

/** Whether the message must stay in the log: it may tell about our own insides. */
export function isOpaque(error: MerogateError): boolean {
  return error.kind === 'internal' || error.kind === 'corrupt'
}

/** The body of a failed REST request. An internal error says no more than where to look. */
export function errorBody(error: MerogateError, requestId: string): ErrorBody {
  const code = apiCode(error)
  if (isOpaque(error)) {
    return { error: 'internal error: see the log of the node for this request id', code, requestId }
  }
  const body = { error: error.message, code, requestId }
  // `issues` of a body that has the wrong shape is the list itself
  const issues = error.details['issues']
  if (issues !== undefined) return { ...body, details: issues }
  return Object.keys(error.details).length > 0 ? { ...body, details: error.details } : body
}

/** What Express or a body parser threw, as ours. */
export function fromHttpError(value: unknown): MerogateError | undefined {
  if (isMerogateError(value)) return value
  if (typeof value !== 'object' || value === null) return undefined
  const status = 'status' in value ? value.status : undefined
  const type = 'type' in value ? value.type : undefined
  const cause = { cause: value }
  if (status === 413 || type === 'entity.too.large') {
    const limit = 'limit' in value ? value.limit : undefined
    return serverError(
      'SERVER_BODY_TOO_LARGE',
      'limit',
      `the body is larger than ${String(limit)} bytes`,
      { limit },
      cause,
    )
  }
  if (status === 415) {
    const message = 'the charset or content encoding of the body is not supported: send UTF-8 JSON'
    return serverError('SERVER_CONTENT_TYPE', 'input', message, {}, cause)
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return serverError('SERVER_BAD_REQUEST', 'input', 'the request cannot be read', {}, cause)
  }
  return undefined
}
