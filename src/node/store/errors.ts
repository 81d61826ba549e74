/** Errors of the store room. */
import { type ErrorDetails, type ErrorKind, MerogateError } from '../errors.ts'

/**
 * STORE_LOCKED another process has the folder open; STORE_TOO_NEW a newer version wrote it; STORE_CORRUPT a row does not decode;
 * STORE_FAILED the disk said no; STORE_CLOSED used after stop.
 */
export type StoreErrorCode =
  'STORE_LOCKED' | 'STORE_TOO_NEW' | 'STORE_CORRUPT' | 'STORE_FAILED' | 'STORE_CLOSED'

const KINDS: Record<StoreErrorCode, ErrorKind> = {
  STORE_LOCKED: 'conflict',
  STORE_TOO_NEW: 'conflict',
  STORE_CORRUPT: 'corrupt',
  STORE_FAILED: 'corrupt',
  STORE_CLOSED: 'internal',
}

export function storeError(
  code: StoreErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, KINDS[code], message, details, options)
}
