/** What a queue of intents is given. */
import type { Clock, Random } from '../../primitives/clock.ts'
import type { Logger } from '../../primitives/logger.ts'
import type { Store } from '../../store/store.ts'
import type { ContextMetrics } from '../metrics.ts'

export interface QueueComponents {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: ContextMetrics
  background(work: Promise<void>): void
}
