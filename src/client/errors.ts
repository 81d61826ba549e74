/** What goes wrong between a client and a node. */
import type { ErrorKind } from '../node/errors.ts'

/**
 * CLIENT_REFUSED the node answered with an error status; CLIENT_NOT_SIGNED_IN there is no token, or one that is not good any more; CLIENT_SIGN_IN_REFUSED the
 * node does not believe the password or the wallet; CLIENT_PERMISSION_DENIED the key may not do this; CLIENT_CALL_FAILED a call was answered with an error; CLIENT_UNREACHABLE nobody
 * answered; CLIENT_ANSWER_INVALID the answer is not what a node says; CLIENT_SOCKET_CLOSED the WebSocket was refused or closed for good.
 */
export type ClientErrorCode =
  | 'CLIENT_REFUSED'
  | 'CLIENT_NOT_SIGNED_IN'
  | 'CLIENT_SIGN_IN_REFUSED'
  | 'CLIENT_PERMISSION_DENIED'
  | 'CLIENT_CALL_FAILED'
  | 'CLIENT_UNREACHABLE'
  | 'CLIENT_ANSWER_INVALID'
  | 'CLIENT_SOCKET_CLOSED'

/** Facts about a failed request; all of them as far as the node told. */
export interface ClientErrorDetails {
  /** HTTP status. */
  readonly status?: number
  /** The node's own code: `context_not_found`. */
  readonly apiCode?: string
  /** What is wrong with the token, as the node says: `token_expired`, `permission_denied`, ... */
  readonly authError?: string
  /** Of a call: `FunctionCallError`, `ContextNotFound`, ... */
  readonly type?: string
  /** Of a call: what the original API answers. */
  readonly data?: unknown
  /** Finds the request in the node's log. */
  readonly requestId?: string
  /** Whatever else the node said. */
  readonly details?: unknown
  readonly url?: string
}

/** Same brand as the errors of a node, without a line of its code: `isMerogateError` recognises both. */
export class ClientError extends Error {
  override readonly name: string = 'ClientError'
  readonly isMerogateError: boolean = true
  readonly code: ClientErrorCode
  readonly kind: ErrorKind
  readonly details: ClientErrorDetails

  constructor(
    code: ClientErrorCode,
    kind: ErrorKind,
    message: string,
    details: ClientErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.code = code
    this.kind = kind
    this.details = details
  }
}

/** What an HTTP status says about who is at fault. */
export function kindOfStatus(status: number): ErrorKind {
  switch (status) {
    case 401:
      return 'unauthenticated'
    case 403:
      return 'denied'
    case 404:
      return 'missing'
    case 409:
      return 'conflict'
    case 413:
    case 429:
      return 'limit'
    case 502:
    case 503:
    case 504:
      return 'transport'
    default:
      return status >= 500 ? 'internal' : 'input'
  }
}

/** What the type of a call's error says about who is at fault. */
export function kindOfType(type: string): ErrorKind {
  switch (type) {
    case 'ParseError':
    case 'AliasResolutionFailed':
      return 'input'
    case 'FunctionCallError':
    case 'SerdeError':
      return 'guest'
    case 'ContextNotFound':
    case 'ApplicationNotInstalled':
      return 'missing'
    case 'Uninitialized':
      return 'conflict'
    case 'Unauthorized':
    case 'PermissionDenied':
      return 'denied'
    case 'RateLimited':
      return 'limit'
    case 'Timeout':
      return 'aborted'
    default:
      return 'internal'
  }
}
