/** What a node has begun and goes on with, for people. */
import type { Intent } from '../client/index.ts'

/** Some words: what, and why it is not done. */
export function intentText({ kind, state, tries, reason }: Intent): string {
  if (state === 'running' || state === 'done') return `${kind} (${state})`
  const why = reason === undefined ? '' : `: ${reason.code}`
  if (state === 'refused') return `${kind} refused${why}`
  return tries === 0 ? kind : `${kind}${why}, tried ${tries === 1 ? 'once' : `${tries} times`}`
}

/** When it is tried again. */
export function nextText({ state, nextMs }: Intent): string {
  if (state === 'running') return 'now'
  return nextMs === undefined ? '' : new Date(nextMs).toISOString()
}
