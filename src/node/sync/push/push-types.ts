/** What the push plane is given, and what it tells. */
import type { Network, PeerId } from '../../network/network.ts'
import type { Random } from '../../primitives/clock.ts'
import type { ContextId, PublicKey } from '../../primitives/ids.ts'
import type { Logger } from '../../primitives/logger.ts'
import type { ComparedClock } from '../compared-clock.ts'
import type { Directory } from '../address-book.ts'
import type { Background } from '../../primitives/background.ts'
import type { SyncMetrics } from '../metrics.ts'
import type { Budgets, Misbehaviour } from '../quotas.ts'
import type { Frontier, Party, ReceiveResult, ReplicaSource } from '../replica.ts'

/** A member at the far end of a push stream. */
export interface OnlineMember {
  readonly peer: PeerId
  readonly party: Party
}

export interface PushEvents {
  /** A peer proved a membership; `addresses` are where it says it listens. */
  proven: { context: ContextId; peer: PeerId; party: Party; addresses: readonly string[] }
  /** A peer proved a key that is no member's as far as we can see, which may be less than the anchor knows. */
  stranger: { context: ContextId; peer: PeerId; identity: PublicKey; addresses: readonly string[] }
  /** Both ends take each other for members. */
  joined: { context: ContextId; peer: PeerId }
  frontier: { context: ContextId; peer: PeerId; frontier: Frontier }
  received: { context: ContextId; peer: PeerId; result: ReceiveResult }
  /** A stream is ready for joins. */
  opened: { peer: PeerId }
  /** A join came to its end; `code` says why when it failed, 0 when the stream ended. Without a context: of all of them. */
  ended: { peer: PeerId; context: ContextId | undefined; code: number | undefined }
}

export interface PushComponents {
  readonly network: Network
  readonly replica: ReplicaSource
  readonly directory: Directory
  readonly misbehaviour: Misbehaviour
  readonly budgets: Budgets
  readonly clock: ComparedClock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: SyncMetrics
  readonly background: Background
}
