/** What nodes say while they are simulated: errors are kept, for a run without faults of ours has none; the rest is for whoever reads along. */
import type { Logger } from '../../src/node/primitives/logger.ts'

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error'

export interface SimLogInit {
  readonly name: string
  onLine(level: Level, text: string): void
}

/** A logger whose lines are plain text. Fields that no logger could write make an error of the line. */
export function simLogger(init: SimLogInit, fields: Record<string, unknown> = {}): Logger {
  const say = (level: Level) => (more: Record<string, unknown>, message: string) => {
    try {
      init.onLine(level, `${init.name} ${message}${describe({ ...fields, ...more })}`)
    } catch (error) {
      init.onLine('error', `${init.name} ${message}: a field cannot be written: ${String(error)}`)
    }
  }
  return {
    child: (more) => simLogger(init, { ...fields, ...more }),
    trace: say('trace'),
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
  }
}

function describe(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .filter(([key]) => key !== 'component')
    .map(([key, value]) => ` ${key}=${text(value)}`)
    .join('')
}

/** The first line of an error, and where it came from if it is a fault of the code. */
function text(value: unknown): string {
  if (!(value instanceof Error)) return typeof value === 'string' ? value : JSON.stringify(value)
  const code = 'code' in value ? String(value.code) : value.name
  const cause = value.cause === undefined ? '' : ` (${text(value.cause)})`
  const where = 'code' in value ? '' : ` ${(value.stack ?? '').split('\n')[1]?.trim() ?? ''}`
  return `${code} ${JSON.stringify(value.message)}${where}${cause}`
}
