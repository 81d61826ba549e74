/** Errors of the blob room. */
import { type ErrorDetails, type ErrorKind, MerogateError } from '../errors.ts'

/**
 * BLOB_TOO_LARGE more bytes than the store takes; BLOB_HASH_MISMATCH the bytes are not those the caller announced; BLOB_NOT_FOUND nothing
 * is stored under the id; BLOB_CORRUPT a chunk or a row on disk is not what it was; BLOB_DISK_FAILED the disk said no, nothing was stored;
 * BLOB_STORE_STOPPED used before start or after stop.
 */
export type BlobErrorCode =
  | ('BLOB_TOO_LARGE' | 'BLOB_HASH_MISMATCH' | 'BLOB_NOT_FOUND')
  | ('BLOB_CORRUPT' | 'BLOB_DISK_FAILED' | 'BLOB_STORE_STOPPED')

const KINDS: Record<BlobErrorCode, ErrorKind> = {
  BLOB_TOO_LARGE: 'limit',
  BLOB_HASH_MISMATCH: 'input',
  BLOB_NOT_FOUND: 'missing',
  BLOB_CORRUPT: 'corrupt',
  BLOB_DISK_FAILED: 'transport',
  BLOB_STORE_STOPPED: 'internal',
}

export function blobError(
  code: BlobErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, KINDS[code], message, details, options)
}
