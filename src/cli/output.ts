/** What the command line prints: results to stdout, errors to stderr, for people or as JSON. */
import { stringifyJson } from '../client/json.ts'
import { toMerogateError } from '../node/errors.ts'
import { hintFor } from './errors.ts'

export type OutputFormat = 'human' | 'json'

export interface Output {
  readonly format: OutputFormat
  /** Prints a result; people get `human`, or a plain rendering of the value. */
  result(value: unknown, human?: string): void
  /** One thing that happened in a command that goes on: a line of JSON, or of text. */
  event(value: Readonly<Record<string, unknown>>, human: string): void
  /** A line of a log, on stderr: what commands print as results stays by itself. */
  log(value: Readonly<Record<string, unknown>>, human: string): void
  /** A word on the side; says nothing in JSON. */
  note(text: string): void
  /** Prints a failure with its code and what to do next. */
  failure(error: unknown): void
}

/** Where text goes. */
export interface Streams {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

const PROCESS: Streams = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
}

export function output(format: OutputFormat, streams: Streams = PROCESS): Output {
  const { out, err } = streams
  const isJson = format === 'json'
  return {
    format,
    result(value, human) {
      out(isJson ? `${stringifyJson(value, 2)}\n` : `${human ?? render(value)}\n`)
    },
    event: (value, human) => out(isJson ? `${stringifyJson(value)}\n` : `${human}\n`),
    log: (value, human) => err(isJson ? `${JSON.stringify(value)}\n` : `${human}\n`),
    note(text) {
      if (!isJson) err(`${text}\n`)
    },
    failure(thrown) {
      const error = toMerogateError(thrown)
      const { code, kind, message, details } = error
      const hint = hintFor(error)
      if (isJson) {
        const body = { code, kind, message, details, ...(hint === undefined ? {} : { hint }) }
        err(`${JSON.stringify({ error: body })}\n`)
        return
      }
      err(`error: ${message} (${code})\n`)
      const more = factsOf(details)
      if (more !== '') err(`  ${more}\n`)
      if (hint !== undefined) err(`  next: ${hint}\n`)
    },
  }
}

/** The facts that help a reader, on one line. */
function factsOf(details: Readonly<Record<string, unknown>>): string {
  return ['apiCode', 'type', 'requestId', 'details']
    .flatMap((key) => {
      const value = details[key]
      if (value === undefined || value === '') return []
      return [`${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`]
    })
    .join(', ')
}

/** A value for people: a line per field, or the value itself. */
export function render(value: unknown): string {
  if (value === null || value === undefined) return 'done'
  if (typeof value !== 'object') return cell(value)
  if (Array.isArray(value)) return value.map(cell).join('\n')
  const entries = Object.entries(value).filter(([, field]) => field !== undefined)
  const width = Math.max(0, ...entries.map(([key]) => key.length))
  return entries.map(([key, field]) => `${key.padEnd(width)}  ${cell(field)}`).join('\n')
}

/** Rows under headings, columns aligned; `empty` when there are none. */
export function table<T>(
  rows: readonly T[],
  columns: Readonly<Record<string, (row: T) => unknown>>,
  empty: string,
): string {
  if (rows.length === 0) return empty
  const names = Object.keys(columns)
  const lines = [names, ...rows.map((row) => Object.values(columns).map((get) => cell(get(row))))]
  const widths = names.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)))
  return lines
    .map((line) =>
      line
        .map((text, i) => text.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function cell(value: unknown): string {
  return typeof value === 'string' ? value : (stringifyJson(value) ?? '')
}
