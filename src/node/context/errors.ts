/** Errors of the context room. */
import { type ErrorDetails, isMerogateError, MerogateError } from '../errors.ts'
import { type GroupId, idText } from '../primitives/ids.ts'

const KINDS = {
  /** No such context on this node. */
  CONTEXT_NOT_FOUND: 'missing',
  /** Joined, but no state has arrived yet. */
  CONTEXT_UNINITIALIZED: 'conflict',
  /** This node's identity is no longer a member. */
  CONTEXT_LEFT: 'denied',
  /** It is being deleted here: it can be joined again when that is done. */
  CONTEXT_DELETING: 'transport',
  /** Rows of the context are damaged; it takes no calls. */
  CONTEXT_STOPPED: 'corrupt',
  /** Members that applied the same deltas have different roots, and replaying the history did not help. */
  CONTEXT_DIVERGED: 'corrupt',
  /** The history has more deltas than are replayed. */
  CONTEXT_TOO_LONG: 'limit',
  /** More of the state differs after a replay than is taken over at once. */
  CONTEXT_TOO_LARGE: 'limit',
  /** Too many calls wait for this context. */
  CONTEXT_BUSY: 'limit',
  /** Somebody who holds the group's key has gone and the next key is not here yet; nothing was written: try again. */
  CONTEXT_KEY_PENDING: 'transport',
  /** The application is not installed on this node. */
  APPLICATION_NOT_INSTALLED: 'missing',
  /** The context exists here already. */
  CONTEXT_EXISTS: 'conflict',
  /** The identity is not a member of the context's group. */
  CONTEXT_NOT_A_MEMBER: 'denied',
  /** The identity is a member that may not write. */
  CONTEXT_READ_ONLY: 'denied',
  /** The guest changed its root without saying how: nobody could follow. */
  CONTEXT_EMPTY_ARTIFACT: 'guest',
  /** The app's init returned nothing to store, or a value. */
  CONTEXT_INIT_INVALID: 'guest',
  /** This node does not hold the identity's private key. */
  IDENTITY_NOT_OWNED: 'denied',
  /** Several identities would do; name one. */
  IDENTITY_AMBIGUOUS: 'input',
  /** A method that only the host may call, or a name that is none. */
  METHOD_INVALID: 'input',
  /** A context called a method of another that its application does not declare as an entry point. */
  CALL_NOT_DECLARED: 'denied',
  /** A context called an entry point of another that is for contexts of the same application. */
  CALL_OTHER_APPLICATION: 'denied',
  /** A context called one of another group, whose application declares no entry points. */
  CALL_OTHER_GROUP: 'denied',
  /** Contexts that call each other: the call would be one more than is allowed in a row. */
  CALL_TOO_DEEP: 'limit',
  /** The alias names something else already. */
  ALIAS_EXISTS: 'conflict',
  /** More aliases in one scope than are kept. */
  ALIAS_LIMIT: 'limit',
  /** Call or payload larger than the limit. */
  CALL_TOO_LARGE: 'limit',
  /** The invitation's bytes are none, or it is for somebody else. */
  INVITATION_INVALID: 'input',
  /** No anchor of that protocol is configured. */
  ANCHOR_UNKNOWN: 'input',
  /** The anchor does not know the context. */
  ANCHOR_NO_CONTEXT: 'missing',
  /** The anchor does not show yet what was decided. */
  ANCHOR_BEHIND: 'transport',
  /** An applied delta whose envelope is gone from the database. */
  DELTA_MISSING: 'corrupt',
  /** An envelope that no honest node could have made. */
  DELTA_INVALID: 'protocol',
  /** A body that no key we have of its epoch opens: two members may have made the epoch at once, or the body is false. */
  DELTA_SEALED: 'missing',
} as const

export type ContextErrorCode = keyof typeof KINDS

export function contextError(
  code: ContextErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, KINDS[code], message, details, options)
}

/** A view of the members that does not show an admission which is known of. */
export function anchorBehind(revision: bigint): MerogateError {
  return contextError(
    'ANCHOR_BEHIND',
    `the anchor's view of the members, revision ${revision}, is older than the admission`,
    { revision: String(revision) },
  )
}

/** What the node itself could not do: it says nothing of the application, and the same again may go through. */
const OWN_FAILURES: ReadonlySet<string> = new Set([
  'STORE_FAILED',
  'STORE_UNAVAILABLE',
  'STORE_CLOSED',
  'RUNTIME_QUEUE_FULL',
  'RUNTIME_STOPPED',
])

/** Whether a guest's run ended because the node could not go on with it: its disk refuses, its queue is full, it stops. */
export function isOwnFailure(error: unknown): boolean {
  return isMerogateError(error) && OWN_FAILURES.has(error.code)
}

/** A call met a departure whose key is not here yet. */
export function keyPending(group: GroupId, sealFrom: bigint): Error {
  return contextError(
    'CONTEXT_KEY_PENDING',
    'a member has gone and the key that it does not have is not here yet: nothing was written, try again',
    { group: idText(group), membersRevision: String(sealFrom) },
  )
}
