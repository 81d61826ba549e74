/** What a node has begun, as it is shown. */
import type { ContextId, PublicKey } from '../../primitives/ids.ts'

/** What a node may have begun: see {@link IntentInfo}. */
export type IntentKind =
  'join' | 'claim' | 'create' | 'application' | 'handler' | 'call' | 'rotation' | 'operation'

/**
 * `waiting` until it is tried again; `running` now; `refused` for good, kept until it is withdrawn or asked for again; `done` while nobody
 * waited, kept until the same call asks for its outcome.
 */
export type IntentState = 'waiting' | 'running' | 'refused' | 'done'

/**
 * Something this node has begun and goes on with until it is done, refused for good, or withdrawn; over restarts too. `join` becoming part of
 * a context, `claim` using an open invitation, `create` making a context, `application` fetching what a context runs, `handler` running an event's
 * handler, `call` the calls into other contexts that a call asked for, `rotation` making a group's next key, `operation` finding out what became of an operation that was signed and sent: `nextMs` says until when
 * it may take effect.
 */
export interface IntentInfo {
  /** Text by which it is withdrawn. */
  readonly id: string
  readonly kind: IntentKind
  readonly context: ContextId
  /** Identity of this node it is about. */
  readonly identity?: PublicKey
  readonly state: IntentState
  /** Tries that failed. */
  readonly tries: number
  /** When it was begun, ms since the Unix epoch. */
  readonly sinceMs: number
  /** About when it is tried again, ms since the Unix epoch, while it waits. Events that may help bring it forward. */
  readonly nextMs?: number
  /** Why the last try failed. */
  readonly reason?: { readonly code: string; readonly message: string }
}
