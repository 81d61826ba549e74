/** The port to a clock that is compared with those of members. */
import type { Clock } from '../primitives/clock.ts'
import type { Listenable } from '../primitives/emitter.ts'

export interface ComparedClock extends Clock {
  /** What is told to members who ask: our own reckoning, whatever they say, ms since the Unix epoch; 0 while it is in doubt. */
  toldMs(): number
  /** A member was asked for the time at `askedMs` of the monotonic clock, and this is what it said; 0: it does not know. */
  heard(member: string, theirsMs: number, askedMs: number): void
  /** `questionable`: members should be asked for the time now. */
  readonly events: Listenable<{ questionable: Record<never, never> }>
}
