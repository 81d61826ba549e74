/** The logger a component is given: pino's calling convention, so that pino itself fits. Constant message, data as fields. */
export interface Logger {
  child(fields: Record<string, unknown>): Logger
  trace(fields: Record<string, unknown>, message: string): void
  debug(fields: Record<string, unknown>, message: string): void
  info(fields: Record<string, unknown>, message: string): void
  warn(fields: Record<string, unknown>, message: string): void
  error(fields: Record<string, unknown>, message: string): void
}

/** How much a log says: each less than the one before it. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const nothing = (): void => {}

/** Says nothing: the default of a library. */
export const silentLogger: Logger = {
  child: () => silentLogger,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
}
