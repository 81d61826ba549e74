/** Errors of the applications room. */
import { type ErrorDetails, type ErrorKind, MerogateError } from '../errors.ts'

/**
 * BUNDLE_*: an `.mpk` archive is malformed, too large once unpacked, names a file outside itself, does not hold what its manifest says,
 * or is badly signed. INSTALL_*: the bytes could not be had: URL malformed or refused (private address), fetch failed or took too long,
 * too many bytes, file unreadable, other bytes than announced. APPLICATION_*: unknown id; still run by a context; the same package and
 * version is in use with other content; a package that is signed comes unsigned, or from another signer; its blob holds another application than the anchor says; it has several services and none of them is named, or one it lacks; an option is too long; its row is damaged.
 */
export type ApplicationErrorCode =
  | 'BUNDLE_INVALID'
  | 'BUNDLE_TOO_LARGE'
  | 'BUNDLE_PATH_UNSAFE'
  | 'BUNDLE_HASH_MISMATCH'
  | 'BUNDLE_SIGNATURE_INVALID'
  | 'INSTALL_URL_INVALID'
  | 'INSTALL_URL_REFUSED'
  | 'INSTALL_FETCH_FAILED'
  | 'INSTALL_TIMEOUT'
  | 'INSTALL_TOO_LARGE'
  | 'INSTALL_FILE_UNREADABLE'
  | 'INSTALL_HASH_MISMATCH'
  | 'APPLICATION_NOT_FOUND'
  | 'APPLICATION_IN_USE'
  | 'APPLICATION_VERSION_TAKEN'
  | 'APPLICATION_SIGNER'
  | 'APPLICATION_MISMATCH'
  | 'APPLICATION_SERVICE'
  | 'APPLICATION_LIMIT'
  | 'APPLICATION_CORRUPT'

const KINDS: Record<ApplicationErrorCode, ErrorKind> = {
  BUNDLE_INVALID: 'input',
  BUNDLE_TOO_LARGE: 'limit',
  BUNDLE_PATH_UNSAFE: 'input',
  BUNDLE_HASH_MISMATCH: 'input',
  BUNDLE_SIGNATURE_INVALID: 'input',
  INSTALL_URL_INVALID: 'input',
  INSTALL_URL_REFUSED: 'denied',
  INSTALL_FETCH_FAILED: 'transport',
  INSTALL_TIMEOUT: 'transport',
  INSTALL_TOO_LARGE: 'limit',
  INSTALL_FILE_UNREADABLE: 'input',
  INSTALL_HASH_MISMATCH: 'input',
  APPLICATION_NOT_FOUND: 'missing',
  APPLICATION_IN_USE: 'conflict',
  APPLICATION_VERSION_TAKEN: 'conflict',
  APPLICATION_SIGNER: 'denied',
  APPLICATION_MISMATCH: 'protocol',
  APPLICATION_SERVICE: 'input',
  APPLICATION_LIMIT: 'limit',
  APPLICATION_CORRUPT: 'corrupt',
}

export function applicationError(
  code: ApplicationErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, KINDS[code], message, details, options)
}
