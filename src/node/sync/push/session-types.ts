/** What a push session is given, what it tells, and what it knows of each context. */
import type { Timer } from '../../primitives/clock.ts'
import type { ContextId, PublicKey } from '../../primitives/ids.ts'
import type { Logger } from '../../primitives/logger.ts'
import type { ComparedClock } from '../compared-clock.ts'
import type { Background } from '../../primitives/background.ts'
import type { SyncMetrics } from '../metrics.ts'
import type { Budgets } from '../quotas.ts'
import type { proofEnds } from '../proof.ts'
import type { Frontier, Party, ReceiveResult, ReplicaSource } from '../replica.ts'
import type { Standing } from './standing.ts'

/** What a session tells the plane it belongs to. Never awaited: a slow plane must not hold up the stream. */
export interface SessionHooks<S> {
  /** The peer proved to be a member; deltas go to it from now on. */
  onProven(session: S, context: ContextId, party: Party, addresses: readonly string[]): void
  /** The peer proved a key that is no member's as far as we can see. */
  onStranger(
    session: S,
    context: ContextId,
    identity: PublicKey,
    addresses: readonly string[],
  ): void
  /** The peer takes us for a member, and we it. */
  onJoined(session: S, context: ContextId): void
  onFrontier(session: S, context: ContextId, frontier: Frontier): void
  onReceived(session: S, context: ContextId, result: ReceiveResult): void
  onRefused(session: S, context: ContextId, code: number): void
  /** Keys came that are nobody's here. */
  onFalseKeys(session: S): void
}

export interface SessionComponents<S> {
  readonly replica: ReplicaSource
  readonly clock: ComparedClock
  readonly logger: Logger
  readonly metrics: SyncMetrics
  readonly background: Background
  readonly budgets: Budgets
  readonly hooks: SessionHooks<S>
}

/** Where a stream stands: nothing is sent once it has ended. */
export type StreamState =
  /** The peer's Hello is not here. */
  | { readonly name: 'opening' }
  | {
      readonly name: 'open'
      /** What proofs are made of, ours and the peer's. */
      readonly ends: ReturnType<typeof proofEnds>
      /** Where the peer can be dialled, by its word. */
      readonly addresses: readonly string[]
    }
  | { readonly name: 'ended'; readonly wasOpen: boolean }

/** What a stream knows of one context. */
export interface Shared {
  readonly context: ContextId
  standing: Standing
  ackTimer: Timer | undefined
  repliedAt: number
}
