/** What failed in a context, for people. */
import type { Failure } from '../client/index.ts'

/** Digits of a delta's id that are shown. */
const ID_CHARS = 8

/** One line: what, why, whose delta, how often, and when it is tried again. */
export function failureText(failure: Failure): string {
  const { what, code, message, method, delta, author, tries, nextTryMs } = failure
  const facts = [
    ...(method === undefined ? [] : [method]),
    ...(delta === undefined ? [] : [`delta ${delta.slice(0, ID_CHARS)}`]),
    ...(author === undefined ? [] : [`author ${author}`]),
    tries === 1 ? 'tried once' : `tried ${tries} times`,
    nextTryMs === undefined ? 'not tried again by itself' : `again at ${timeText(nextTryMs)}`,
  ]
  return `${what}: ${message} (${code}; ${facts.join(', ')})`
}

function timeText(ms: number): string {
  return new Date(ms).toISOString()
}
