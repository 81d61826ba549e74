/** libp2p's log lines through our logger: its general lines at trace, its errors at debug. */
import type { ComponentLogger, Logger as Libp2pLogger } from '@libp2p/interface'
import type { Logger } from '../primitives/logger.ts'

/**
 * libp2p logs several lines per frame, formatted or not, so a line must cost next to nothing while nobody reads it: its arguments are
 * turned into text only when a logger serialises them.
 */
export function libp2pLogger(logger: Logger): ComponentLogger {
  return { forComponent: (name) => scoped(logger, name) }
}

const nothing = (): void => {}

function scoped(parent: Logger, scope: string): Libp2pLogger {
  const logger = parent.child({ scope })
  const line = (format: unknown, ...args: unknown[]): void => {
    logger.trace({ args: lazyText(args) }, String(format))
  }
  return Object.assign(line, {
    error: (format: unknown, ...args: unknown[]): void => {
      logger.debug({ args: lazyText(args) }, String(format))
    },
    trace: nothing, // per frame and per buffer: no use to anyone who does not debug libp2p itself
    enabled: false,
    newScope: (name: string): Libp2pLogger => scoped(parent, `${scope}:${name}`),
  })
}

/** What a line's arguments say, at the time someone asks. */
function lazyText(args: readonly unknown[]): { toJSON(): string[] } {
  return { toJSON: () => args.map((arg) => (arg instanceof Error ? arg.message : String(arg))) }
}
