/** Errors of the network room. */
import { type ErrorDetails, type ErrorKind, MerogateError } from '../errors.ts'

/**
 * NETWORK_ADDRESS_IN_USE another process listens there; NETWORK_ADDRESS_INVALID not a multiaddr we can use; NETWORK_DIAL_FAILED nobody
 * answered; NETWORK_OPEN_FAILED connected, but the stream could not be opened; NETWORK_STREAM_CLOSED the stream ended early or was reset;
 * NETWORK_FRAME_TOO_LARGE a frame above the limit, ours or theirs; NETWORK_FRAME_TRUNCATED the stream ended inside a frame;
 * NETWORK_QUEUE_FULL more queued than a sender may; NETWORK_TIMEOUT the other side was silent too long; NETWORK_KEY_INVALID not an
 * ed25519 seed or libp2p key; NETWORK_KEPT_FULL too many peers kept; NETWORK_NOT_STARTED used before start or after stop;
 * NETWORK_LISTEN_FAILED any other reason not to listen.
 */
export type NetworkErrorCode =
  | 'NETWORK_ADDRESS_IN_USE'
  | 'NETWORK_ADDRESS_INVALID'
  | 'NETWORK_DIAL_FAILED'
  | 'NETWORK_OPEN_FAILED'
  | 'NETWORK_STREAM_CLOSED'
  | 'NETWORK_FRAME_TOO_LARGE'
  | 'NETWORK_FRAME_TRUNCATED'
  | 'NETWORK_QUEUE_FULL'
  | 'NETWORK_TIMEOUT'
  | 'NETWORK_KEY_INVALID'
  | 'NETWORK_KEPT_FULL'
  | 'NETWORK_NOT_STARTED'
  | 'NETWORK_LISTEN_FAILED'

const KINDS: Record<NetworkErrorCode, ErrorKind> = {
  NETWORK_ADDRESS_IN_USE: 'conflict',
  NETWORK_ADDRESS_INVALID: 'input',
  NETWORK_DIAL_FAILED: 'transport',
  NETWORK_OPEN_FAILED: 'transport',
  NETWORK_STREAM_CLOSED: 'transport',
  NETWORK_FRAME_TOO_LARGE: 'protocol',
  NETWORK_FRAME_TRUNCATED: 'protocol',
  NETWORK_QUEUE_FULL: 'limit',
  NETWORK_TIMEOUT: 'transport',
  NETWORK_KEY_INVALID: 'input',
  NETWORK_KEPT_FULL: 'limit',
  NETWORK_NOT_STARTED: 'internal',
  NETWORK_LISTEN_FAILED: 'transport',
}

/** An error of this room; its kind follows from its code. */
export function networkError(
  code: NetworkErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, KINDS[code], message, details, options)
}
