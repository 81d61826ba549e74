/** `[log]`: how much the node says. */
import { z } from 'zod'
import { LOG_LEVELS, type LogLevel } from '../../../node/primitives/logger.ts'
import type { OptionGroup } from '../option-group.ts'

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
  schema: z.strictObject({ level: z.enum(LOG_LEVELS).optional() }),
  options: [{ key: 'level', kind: 'text', text: LOG_LEVELS.join(', ') }],
  resolve: (user) => ({ level: user.level ?? DEFAULT_LOG_LEVEL }),
}
