/** A logger that remembers, for tests of what operators see. */
import type { Logger } from '../../src/node/primitives/logger.ts'

/** One line of a log. */
export interface LogLine {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface RecordLogger extends Logger {
  /** Lines of this logger and its children, oldest first. */
  readonly lines: LogLine[]
}

export function recordLogger(): RecordLogger {
  const lines: LogLine[] = []
  const under = (bound: Readonly<Record<string, unknown>>): Logger => {
    const at =
      (level: LogLine['level']) =>
      (fields: Record<string, unknown>, message: string): void =>
        void lines.push({ level, message, fields: { ...bound, ...fields } })
    return {
      child: (fields) => under({ ...bound, ...fields }),
      trace: at('trace'),
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
    }
  }
  return { ...under({}), lines }
}
