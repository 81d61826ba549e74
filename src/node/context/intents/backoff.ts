/** How long to wait before the same is tried again. */
import type { Random } from '../../primitives/clock.ts'
import { INTENT_WAIT_MIN_MS } from '../limits.ts'

/** Doublings after which a wait is longer than any bound. */
const MAX_DOUBLINGS = 24

/** The wait after so many failed tries, ms: doubles with each, between half and whole so that many do not march in step. */
export function backoffMs(
  tries: number,
  {
    minMs = INTENT_WAIT_MIN_MS,
    maxMs,
  }: { readonly minMs?: number | undefined; readonly maxMs: number },
  random: Random,
): number {
  const doubled = minMs * 2 ** Math.min(Math.max(0, tries - 1), MAX_DOUBLINGS)
  const [byte = 0] = random.bytes(1)
  return Math.min(doubled, maxMs) * (0.5 + byte / 510)
}
