/** Errors of the store room. */
import { type ErrorDetails, type ErrorKind, isMerogateError, MerogateError } from '../errors.ts'

/**
 * STORE_LOCKED another process has the folder open; STORE_TOO_NEW a newer version wrote it; STORE_CORRUPT a row does not decode;
 * STORE_FAILED the disk said no, nothing was stored; STORE_UNAVAILABLE the disk said no before and is being looked at, nothing was stored;
 * STORE_LOST the disk lost what it had acknowledged; STORE_CLOSED used after stop.
 */
export type StoreErrorCode =
  | 'STORE_LOCKED'
  | 'STORE_TOO_NEW'
  | 'STORE_CORRUPT'
  | 'STORE_FAILED'
  | 'STORE_UNAVAILABLE'
  | 'STORE_LOST'
  | 'STORE_CLOSED'

const KINDS: Record<StoreErrorCode, ErrorKind> = {
  STORE_LOCKED: 'conflict',
  STORE_TOO_NEW: 'conflict',
  STORE_CORRUPT: 'corrupt',
  STORE_FAILED: 'transport',
  STORE_UNAVAILABLE: 'transport',
  STORE_LOST: 'corrupt',
  STORE_CLOSED: 'internal',
}

/** Whether a batch was not stored for a reason that may pass: the same again may go through. */
export function isRefusedByDisk(error: unknown): boolean {
  return isMerogateError(error, 'STORE_FAILED') || isMerogateError(error, 'STORE_UNAVAILABLE')
}

/** How loud a failure is logged: that the disk takes nothing is told by the store, when it begins and when it ends. */
export function loudnessOf(error: unknown): 'debug' | 'warn' {
  return isRefusedByDisk(error) ? 'debug' : 'warn'
}

export function storeError(
  code: StoreErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, KINDS[code], message, details, options)
}
