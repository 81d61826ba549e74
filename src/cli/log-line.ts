/** A line of a node's log, as `merogate dev` passes it on. */
import { printable } from '../node/primitives/text.ts'

/** Characters of one field, and of a line that is no JSON, such as the last words of a process. */
const MAX_FIELD_CHARS = 800

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}

/** What every line has, and people need not see. */
const USUAL: ReadonlySet<string> = new Set(['level', 'time', 'pid', 'hostname', 'component', 'msg'])

/** A line of a log, read. */
export interface LogLine {
  readonly fields: Readonly<Record<string, unknown>>
  /** For people: whose it is, how bad, what, and the facts. */
  readonly text: string
}

/** Reads what the node of this name wrote. */
export function readLogLine(node: string, line: string): LogLine {
  const fields = fieldsOf(line)
  if (fields === undefined) {
    const text = printable(line, MAX_FIELD_CHARS)
    return { fields: { node, msg: text }, text: `${node}: ${text}` }
  }
  const level = LEVELS[Number(fields['level'])] ?? 'log'
  const facts = Object.entries(fields)
    .filter(([key]) => !USUAL.has(key))
    .map(([key, value]) => `${key}=${factText(value)}`)
  const head = `${node}: ${level} ${fieldText(fields['msg'])}`
  return { fields: { node, ...fields }, text: [head, ...facts].join('  ') }
}

function fieldsOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** An error by its code and text: its stack is in the JSON. */
function factText(value: unknown): string {
  if (typeof value !== 'object' || value === null || !('message' in value)) return fieldText(value)
  const code = 'code' in value ? `${fieldText(value.code)} ` : ''
  return `${code}${fieldText(value.message)}`
}

function fieldText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return printable(text, MAX_FIELD_CHARS)
}
