/** What a command waits for, for people. */
import type { LongOperation } from '../client/index.ts'
import { intentText } from './intent-text.ts'

/** One line: what, for how long by now, and how long that usually takes. */
export function waitingText(
  { what, sinceMs, usuallyMs, intents }: LongOperation,
  nowMs: number,
): string {
  const usually = usuallyMs === null ? '' : `, usually ${timeText(usuallyMs)}`
  const goesOn = intents.length === 0 ? '' : `: ${intents.map(intentText).join('; ')}`
  return `waiting for ${what}, ${timeText(nowMs - sinceMs)} by now${usually}${goesOn}`
}

function timeText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}
