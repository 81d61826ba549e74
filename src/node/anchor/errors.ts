/** Errors of the anchor room, and the numbered refusals that every anchor shares. */
import { type ErrorDetails, type ErrorKind, isMerogateError, MerogateError } from '../errors.ts'
import { MAX_CLOCK_SKEW_SECONDS } from './limits.ts'

/**
 * Number of each refusal, the same on every chain (docs/protocol.md, Anchor). The local model knows those of membership and packages; some chains
 * alone have those of what is made for nothing (20, 21), of what is stored and not paid for (23) and of bound accounts (24, 25), as
 * `contracts/interface.json` says. 22 and 30 to 39 belong to governance.
 */
export const REFUSALS = {
  Malformed: 1,
  LimitExceeded: 2,
  WrongDomain: 3,
  Expired: 4,
  ContextNotFound: 5,
  ContextExists: 6,
  ContextIdMismatch: 7,
  Sealed: 8,
  BadSignature: 9,
  WeakKey: 10,
  NotAMember: 11,
  BadNonce: 12,
  Unauthorized: 13,
  RevisionMismatch: 14,
  LastManager: 15,
  TargetNotMember: 16,
  InvitationInvalid: 17,
  InvitationUsed: 18,
  InvitationRevoked: 19,
  DailyLimit: 20,
  CyclesLow: 21,
  InsufficientDeposit: 23,
  NotBound: 24,
  BindStale: 25,
  AlreadyMember: 26,
  RoleForbids: 27,
  Barred: 28,
  Moved: 29,
  PackageNotFound: 40,
  PackageExists: 41,
  PackageIdMismatch: 42,
  ReleaseNotFound: 43,
  VersionTooLow: 44,
  LastOwner: 45,
} as const

/** Name of a refusal. */
export type RefusalName = keyof typeof REFUSALS

/** Why an operation had no effect. */
export interface Refusal {
  readonly name: RefusalName
  readonly number: number
  /** With `BadNonce`: the nonce that would have been right. */
  readonly expected?: bigint
}

/** A refusal by its name. */
export function refusal(name: RefusalName, expected?: bigint): Refusal {
  const number = REFUSALS[name]
  return expected === undefined ? { name, number } : { name, number, expected }
}

/** A refusal by its number, for contracts whose errors carry no more; undefined for a number that none has. */
export function refusalNumbered(number: number): Refusal | undefined {
  const found = Object.entries(REFUSALS).find(([, each]) => each === number)
  return found === undefined ? undefined : refusal(found[0] as RefusalName) // a key of the table
}

/** Whether a text names a refusal. */
export function isRefusalName(name: string): name is RefusalName {
  return Object.hasOwn(REFUSALS, name)
}

/**
 * ANCHOR_REJECTED the anchor said no; ANCHOR_UNREACHABLE it could not be asked, or its answer was lost; ANCHOR_LIMIT beyond its bounds,
 * not sent; ANCHOR_BAD_ANSWER what answers is no anchor; ANCHOR_TICKET_INVALID not an invitation ticket; ANCHOR_BUSY too much at once;
 * ANCHOR_FATE_UNKNOWN it was signed, and whether it takes effect shows by the time that is named; ANCHOR_CLOCK the anchor's clock and this machine's
 * differ too much; ANCHOR_NONCE an endpoint names a nonce that nothing bears out;
 * ANCHOR_STOPPED the local authority does not run; ANCHOR_LOG_CORRUPT its file was changed; ANCHOR_LOG_FAILED its disk said no.
 */
export type AnchorErrorCode =
  | 'ANCHOR_REJECTED'
  | 'ANCHOR_UNREACHABLE'
  | 'ANCHOR_LIMIT'
  | 'ANCHOR_BAD_ANSWER'
  | 'ANCHOR_TICKET_INVALID'
  | 'ANCHOR_BUSY'
  | 'ANCHOR_FATE_UNKNOWN'
  | 'ANCHOR_CLOCK'
  | 'ANCHOR_NONCE'
  | 'ANCHOR_STOPPED'
  | 'ANCHOR_LOG_CORRUPT'
  | 'ANCHOR_LOG_FAILED'

const KINDS: Record<AnchorErrorCode, ErrorKind> = {
  ANCHOR_REJECTED: 'chain',
  ANCHOR_UNREACHABLE: 'transport',
  ANCHOR_LIMIT: 'input',
  ANCHOR_BAD_ANSWER: 'protocol',
  ANCHOR_TICKET_INVALID: 'input',
  ANCHOR_BUSY: 'limit',
  ANCHOR_FATE_UNKNOWN: 'transport',
  ANCHOR_CLOCK: 'protocol',
  ANCHOR_NONCE: 'transport',
  ANCHOR_STOPPED: 'transport',
  ANCHOR_LOG_CORRUPT: 'corrupt',
  ANCHOR_LOG_FAILED: 'corrupt',
}

/** An error of this room; its kind follows from its code. */
export function anchorError(
  code: AnchorErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, KINDS[code], message, details, options)
}

/** The anchor said no. `details.error` has number, name and, for `BadNonce`, the expected nonce as decimal text. */
export function rejected(reason: Refusal, operation: string): MerogateError {
  const error = {
    number: reason.number,
    name: reason.name,
    ...(reason.expected === undefined ? {} : { expected: String(reason.expected) }),
  }
  return anchorError(
    'ANCHOR_REJECTED',
    `the anchor refused ${operation}: E${reason.number} ${reason.name}`,
    { error, operation },
  )
}

/** Whether an error is the anchor's refusal of this name. */
export function isRejectedAs(error: unknown, name: RefusalName): boolean {
  if (!isMerogateError(error, 'ANCHOR_REJECTED')) return false
  const { error: reason } = error.details
  return typeof reason === 'object' && reason !== null && 'name' in reason && reason.name === name
}

/** The anchor could not be asked, or its answer was lost. */
export function unreachable(where: string, cause?: unknown): MerogateError {
  return anchorError(
    'ANCHOR_UNREACHABLE',
    `the anchor at ${where} could not be reached; is it running?`,
    { where },
    { cause },
  )
}

/**
 * The time to go by where an anchor says one and this machine another: the anchor's, which judges, as long as it can be right. Unix seconds.
 * @throws ANCHOR_CLOCK (protocol) when they differ by more than MAX_CLOCK_SKEW_SECONDS
 */
export function agreedTime(where: string, theirs: bigint, ours: bigint): bigint {
  const skew = theirs > ours ? theirs - ours : ours - theirs
  if (skew <= MAX_CLOCK_SKEW_SECONDS) return theirs
  const limit = Number(MAX_CLOCK_SKEW_SECONDS)
  const details = { where, theirs: iso(theirs), ours: iso(ours), limitSeconds: limit }
  throw anchorError(
    'ANCHOR_CLOCK',
    `expected a time within ${limit} s of this machine's ${details.ours} from ${where}, got ${details.theirs}: set the clock right (NTP), or use another endpoint`,
    details,
  )
}

/** Seconds beyond what a date can be are told as they are. */
function iso(seconds: bigint): string {
  const date = new Date(Number(seconds) * 1000)
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : date.toISOString()
}

/** The service answered something that is not of its protocol. */
export function badAnswer(where: string, got: string): MerogateError {
  return anchorError('ANCHOR_BAD_ANSWER', `expected an anchor at ${where}, got ${got}`, { where })
}
