/** Errors of the relayer. What the contract refuses is no error here but an answer. */
import { type ErrorDetails, type ErrorKind, MerogateError } from '../../node/errors.ts'

/**
 * RELAYER_API_KEY no API key, or an unknown one; RELAYER_DENIED not on the allow-list: chain, network, contract or kind of operation;
 * RELAYER_MALFORMED not a request, an envelope or a signature; RELAYER_QUOTA beyond what a signer, a group or everybody may send for now;
 * RELAYER_BUSY too many operations under way; RELAYER_TOO_DEAR the operation needs more gas than one may; RELAYER_OPERATION_UNKNOWN no
 * operation of this id is remembered; RELAYER_CHAIN_UNREACHABLE the chain could not be asked; RELAYER_CONFIG the settings name what there is not.
 */
export type RelayerErrorCode =
  | 'RELAYER_API_KEY'
  | 'RELAYER_DENIED'
  | 'RELAYER_MALFORMED'
  | 'RELAYER_QUOTA'
  | 'RELAYER_BUSY'
  | 'RELAYER_TOO_DEAR'
  | 'RELAYER_OPERATION_UNKNOWN'
  | 'RELAYER_CHAIN_UNREACHABLE'
  | 'RELAYER_CONFIG'

const KINDS: Record<RelayerErrorCode, ErrorKind> = {
  RELAYER_API_KEY: 'unauthenticated',
  RELAYER_DENIED: 'denied',
  RELAYER_MALFORMED: 'input',
  RELAYER_QUOTA: 'limit',
  RELAYER_BUSY: 'limit',
  RELAYER_TOO_DEAR: 'denied',
  RELAYER_OPERATION_UNKNOWN: 'missing',
  RELAYER_CHAIN_UNREACHABLE: 'transport',
  RELAYER_CONFIG: 'input',
}

/** An error of this room; its kind follows from its code. */
export function relayerError(
  code: RelayerErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, KINDS[code], message, details, options)
}

/** What is wrong with a request by itself. */
export function malformed(message: string, details: ErrorDetails = {}): MerogateError {
  return relayerError('RELAYER_MALFORMED', message, details)
}
