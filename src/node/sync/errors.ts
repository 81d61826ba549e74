/** Errors of the sync room. */
import { type ErrorDetails, type ErrorKind, isMerogateError, MerogateError } from '../errors.ts'

/**
 * SYNC_JOIN_REFUSED the peers at the given addresses do not take us for a member; SYNC_NO_PEER none of them could be reached;
 * SYNC_REFUSED a peer answered a request with an error; SYNC_BAD_ANSWER a peer answered something it was not asked;
 * SYNC_BAD_PROOF a party could not be proved; SYNC_BLOB_MISMATCH downloaded bytes are not the blob; SYNC_BLOB_TOO_LARGE above the cap;
 * SYNC_CONTEXT_UNKNOWN this node does not replicate the context; SYNC_PEER_SILENT nothing came in time; SYNC_SESSION_CLOSED the stream
 * ended; SYNC_PROTOCOL the other side broke the protocol; SYNC_STOPPED the service is not running.
 */
export type SyncErrorCode =
  | 'SYNC_JOIN_REFUSED'
  | 'SYNC_NO_PEER'
  | 'SYNC_REFUSED'
  | 'SYNC_BAD_ANSWER'
  | 'SYNC_BAD_PROOF'
  | 'SYNC_BLOB_MISMATCH'
  | 'SYNC_BLOB_TOO_LARGE'
  | 'SYNC_CONTEXT_UNKNOWN'
  | 'SYNC_PEER_SILENT'
  | 'SYNC_SESSION_CLOSED'
  | 'SYNC_PROTOCOL'
  | 'SYNC_STOPPED'

const KINDS: Record<SyncErrorCode, ErrorKind> = {
  SYNC_JOIN_REFUSED: 'denied',
  SYNC_NO_PEER: 'transport',
  SYNC_REFUSED: 'transport',
  SYNC_BAD_ANSWER: 'protocol',
  SYNC_BAD_PROOF: 'protocol',
  SYNC_BLOB_MISMATCH: 'protocol',
  SYNC_BLOB_TOO_LARGE: 'limit',
  SYNC_CONTEXT_UNKNOWN: 'missing',
  SYNC_PEER_SILENT: 'transport',
  SYNC_SESSION_CLOSED: 'transport',
  SYNC_PROTOCOL: 'protocol',
  SYNC_STOPPED: 'internal',
}

/** An error of this room; its kind follows from its code. */
export function syncError(
  code: SyncErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, KINDS[code], message, details, options)
}

/** Whether an error is the other side's breach of the protocol, rather than a stream that ended. */
export function isBreach(error: unknown): boolean {
  return (
    isMerogateError(error) &&
    (error.kind === 'protocol' || error.code === 'CODEC_TOO_LARGE') &&
    error.code !== 'NETWORK_FRAME_TRUNCATED'
  )
}
