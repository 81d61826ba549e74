/** `[log]`: how much the node says. */
import { z } from 'zod'
import type { OptionGroup } from '../option-group.ts'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LEVELS)[number]

/** Rare milestones, and what is wrong. */
export const DEFAULT_LOG_LEVEL: LogLevel = 'info'

export interface LogUser {
  level?: LogLevel | undefined
}

export interface LogConfig {
  /** @default DEFAULT_LOG_LEVEL */
  readonly level: LogLevel
}

export const log: OptionGroup<LogUser, LogConfig> = {
  table: 'log',
  schema: z.strictObject({ level: z.enum(LEVELS).optional() }),
  options: [{ key: 'level', kind: 'text', text: LEVELS.join(', ') }],
  resolve: (user) => ({ level: user.level ?? DEFAULT_LOG_LEVEL }),
}
