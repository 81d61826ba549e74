/** The move of a group to another contract, for people. */
import type { Migration } from '../client/index.ts'
import { type Clock, systemClock } from '../node/primitives/clock.ts'

/** Latest time that a `Date` can hold, s. */
const MAX_DATE_SECONDS = 8_640_000_000_000

/** One line: where to, when, and whether that is past. */
export function migrationText(
  { successor, movesAt }: Migration,
  { nowMs }: Pick<Clock, 'nowMs'> = systemClock,
): string {
  const at = movesAt <= MAX_DATE_SECONDS ? new Date(movesAt * 1000).toISOString() : String(movesAt)
  return movesAt * 1000 > nowMs()
    ? `moves to ${successor} at ${at}`
    : `moved to ${successor} at ${at}, where nobody took it over yet`
}
