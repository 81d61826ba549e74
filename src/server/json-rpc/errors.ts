/** Errors as JSON-RPC and WebSocket answers carry them: the original's `type` and `data`, and code, message and details of ours. */
import { toMerogateError } from '../../node/errors.ts'
import type { ErrorKind, MerogateError } from '../../node/errors.ts'
import { fromUtf8 } from '../../node/primitives/bytes.ts'
import { isOpaque } from '../errors.ts'

/** Discriminates the errors of a call (docs/api.md). */
export type RpcErrorType =
  | 'ParseError'
  | 'InternalError'
  | 'FunctionCallError'
  | 'SerdeError'
  | 'ContextNotFound'
  | 'Uninitialized'
  | 'Unauthorized'
  | 'ApplicationNotInstalled'
  | 'AliasResolutionFailed'
  | 'PermissionDenied'
  | 'RateLimited'
  | 'Timeout'

/** The `error` member of an answer. `data` is always there: a string, or the object the original has. */
export interface RpcError {
  readonly type: RpcErrorType
  readonly data: unknown
  readonly code: number
  readonly message: string
  readonly details?: Readonly<Record<string, unknown>>
}

/** JSON-RPC codes by type (docs/api.md). `ParseError` has three: see {@link parseError}. */
export const RPC_CODES: Readonly<Record<RpcErrorType, number>> = {
  ParseError: -32602,
  InternalError: -32603,
  FunctionCallError: -32000,
  SerdeError: -32001,
  ContextNotFound: -32010,
  Uninitialized: -32011,
  Unauthorized: -32012,
  ApplicationNotInstalled: -32013,
  AliasResolutionFailed: -32014,
  PermissionDenied: -32020,
  RateLimited: -32029,
  Timeout: -32030,
}

/** Which request of a failed call did not fit: the envelope, the method's name, or its parameters. */
export const INVALID_REQUEST = -32600
export const METHOD_UNKNOWN = -32601
export const PARAMS_INVALID = -32602

/** A client is told to come back after this long when one of our bounds was hit, ms. */
const RETRY_AFTER_MS = 1000

const TYPE_BY_CODE: Readonly<Record<string, RpcErrorType>> = {
  CONTEXT_NOT_FOUND: 'ContextNotFound',
  CONTEXT_UNINITIALIZED: 'Uninitialized',
  IDENTITY_NOT_OWNED: 'Unauthorized',
  IDENTITY_AMBIGUOUS: 'Unauthorized',
  CALL_TOO_LARGE: 'ParseError',
  RUNTIME_DEADLINE: 'Timeout',
  APPLICATION_NOT_INSTALLED: 'ApplicationNotInstalled',
  APPLICATION_NOT_FOUND: 'ApplicationNotInstalled',
  ALIAS_NOT_FOUND: 'AliasResolutionFailed',
  RPC_OUTPUT_NOT_JSON: 'SerdeError',
  SERVER_TIMEOUT: 'Timeout',
  SERVER_BUSY: 'RateLimited',
  AUTH_PERMISSION_DENIED: 'PermissionDenied',
}

const TYPE_BY_KIND: Readonly<Record<ErrorKind, RpcErrorType>> = {
  input: 'ParseError',
  unauthenticated: 'Unauthorized',
  denied: 'Unauthorized',
  missing: 'InternalError',
  conflict: 'InternalError',
  limit: 'RateLimited',
  transport: 'InternalError',
  protocol: 'InternalError',
  guest: 'FunctionCallError',
  chain: 'InternalError',
  corrupt: 'InternalError',
  aborted: 'Timeout',
  internal: 'InternalError',
}

/** What a call was about, for error data that names it. */
export interface CallSubject {
  readonly requestId: string
  readonly contextId?: string | undefined
  readonly executor?: string | undefined
}

/** A request that does not fit; `text` is what the original answers as `data`. */
export function parseError(code: number, text: string): RpcError {
  return { type: 'ParseError', data: text, code, message: text }
}

/** An error of a type with its usual code. */
export function rpcError(
  type: RpcErrorType,
  message: string,
  data: unknown,
  details?: Readonly<Record<string, unknown>>,
): RpcError {
  const error = { type, data, code: RPC_CODES[type], message }
  return details === undefined ? error : { ...error, details }
}

/** Whatever a call threw, as its answer. Our own failures say only where to look. */
export function toRpcError(thrown: unknown, subject: CallSubject): RpcError {
  const error = toMerogateError(thrown)
  const type = TYPE_BY_CODE[error.code] ?? TYPE_BY_KIND[error.kind]
  if (isOpaque(error)) {
    const text = `internal error: see the log of the node for request ${subject.requestId}`
    return rpcError('InternalError', 'internal error', text, { code: error.code, kind: error.kind })
  }
  return rpcError(type, error.message, dataOf(type, error, subject), detailsOf(error))
}

function dataOf(type: RpcErrorType, error: MerogateError, subject: CallSubject): unknown {
  switch (type) {
    case 'Unauthorized':
      return { context_id: subject.contextId ?? '', public_key: subject.executor ?? '' }
    case 'ApplicationNotInstalled':
      return { application_id: textOf(error.details['application']) }
    case 'RateLimited':
      return { retryAfterMs: retryAfterOf(error) }
    case 'SerdeError':
      return { message: error.message }
    case 'AliasResolutionFailed':
      return { alias: textOf(error.details['alias']) }
    case 'ParseError':
    case 'InternalError':
    case 'FunctionCallError':
    case 'ContextNotFound':
    case 'Uninitialized':
    case 'PermissionDenied':
    case 'Timeout':
      return error.message
  }
}

function retryAfterOf({ details }: MerogateError): number {
  const { retryAfterMs } = details
  return typeof retryAfterMs === 'number' ? retryAfterMs : RETRY_AFTER_MS
}

function textOf(fact: unknown): string {
  return typeof fact === 'string' ? fact : ''
}

/** Our code, kind and facts; the value an app returned as its error is decoded when it is JSON (docs/api.md). */
function detailsOf(error: MerogateError): Record<string, unknown> {
  const base = { ...error.details, code: error.code, kind: error.kind }
  if (error.details['type'] !== 'ExecutionError') return base
  const json = decodeReturned(error.details['data'])
  return json === undefined ? base : { code: error.code, kind: 'app', json }
}

/** The bytes a guest returned as its error, as the JSON they usually are. */
function decodeReturned(bytes: unknown): unknown {
  if (!Array.isArray(bytes)) return undefined
  try {
    return JSON.parse(fromUtf8(Uint8Array.from(bytes)))
  } catch {
    return undefined // not JSON: the message holds the bytes as the original prints them
  }
}
