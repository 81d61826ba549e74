/** Errors of the local chains. */
import { type ErrorDetails, type ErrorKind, MerogateError } from '../../node/errors.ts'

/**
 * DEVNET_UNAVAILABLE Hardhat is not installed; DEVNET_LISTEN it cannot listen where it was told to; DEVNET_REQUEST it answers a
 * request with an error; DEVNET_TRANSACTION bytes are no signed transaction; DEVNET_STOPPED it was stopped, or its thread ended.
 */
export type DevnetErrorCode =
  | 'DEVNET_UNAVAILABLE'
  | 'DEVNET_LISTEN'
  | 'DEVNET_REQUEST'
  | 'DEVNET_TRANSACTION'
  | 'DEVNET_STOPPED'

const KINDS: Record<DevnetErrorCode, ErrorKind> = {
  DEVNET_UNAVAILABLE: 'missing',
  DEVNET_LISTEN: 'input',
  DEVNET_REQUEST: 'protocol',
  DEVNET_TRANSACTION: 'input',
  DEVNET_STOPPED: 'conflict',
}

/** An error of these rooms; its kind follows from its code. */
export function devnetError(
  code: DevnetErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, KINDS[code], message, details, options)
}
