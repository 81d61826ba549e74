/** Errors of the local service. */
import { type ErrorDetails, type ErrorKind, MerogateError } from '../../node/errors.ts'

/**
 * LOCAL_CHAIN_REQUEST not a request of its protocol; LOCAL_CHAIN_TOO_LARGE a body beyond the bound; LOCAL_CHAIN_ROUTE an unknown path;
 * LOCAL_CHAIN_BUSY too many watchers; LOCAL_CHAIN_LISTEN it cannot listen where it was told to.
 */
export type LocalChainErrorCode =
  | 'LOCAL_CHAIN_REQUEST'
  | 'LOCAL_CHAIN_TOO_LARGE'
  | 'LOCAL_CHAIN_ROUTE'
  | 'LOCAL_CHAIN_BUSY'
  | 'LOCAL_CHAIN_LISTEN'

const KINDS: Record<LocalChainErrorCode, ErrorKind> = {
  LOCAL_CHAIN_REQUEST: 'input',
  LOCAL_CHAIN_TOO_LARGE: 'limit',
  LOCAL_CHAIN_ROUTE: 'missing',
  LOCAL_CHAIN_BUSY: 'limit',
  LOCAL_CHAIN_LISTEN: 'input',
}

/** An error of this room; its kind follows from its code. */
export function localChainError(
  code: LocalChainErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, KINDS[code], message, details, options)
}
