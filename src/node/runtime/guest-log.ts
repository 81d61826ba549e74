/** What applications write with `app::log!`: into the node's log, bounded, with the context, the method and whose call or delta it was. */
import { LRUCache } from 'lru-cache'
import type { Clock } from '../primitives/clock.ts'
import { type ContextId, idText, type PublicKey } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import { printable } from '../primitives/text.ts'
import type { ApplyCall, ContextRef, GuestCall, GuestEngine, GuestOutcome } from './engine.ts'
import { logsOf } from './errors.ts'
import {
  LOG_BURST_LINES,
  LOG_LINES_PER_SECOND,
  MAX_LOGGED_CONTEXTS,
  MAX_SHOWN_LINE_CHARS,
  MAX_SHOWN_LINES,
} from './limits.ts'

type Runs = Pick<GuestEngine, 'execute' | 'apply' | 'forget'>

/** An engine whose guests' lines are logged, of calls and of deltas, whether they end well or not. */
export function logged(engine: Runs, { logger, clock }: { logger: Logger; clock: Clock }): Runs {
  const log = new GuestLog(logger.child({ component: 'application' }), clock)
  const watch = async (work: Promise<GuestOutcome>, of: Speaker): Promise<GuestOutcome> => {
    try {
      const outcome = await work
      log.write(of, outcome.logs)
      return outcome
    } catch (error) {
      log.write(of, logsOf(error))
      throw error
    }
  }
  return {
    execute: (call) => watch(engine.execute(call), speakerOf(call)),
    apply: (call) => watch(engine.apply(call), applierOf(call)),
    forget: (context) => engine.forget(context),
  }
}

/** Whose lines they are. */
interface Speaker {
  readonly context: ContextRef
  readonly author: PublicKey | undefined
  /** The method called; without, somebody's delta was applied. */
  readonly method?: string
  /** The context that called it. */
  readonly origin?: ContextId | undefined
}

const speakerOf = ({ context, executor, method, origin }: GuestCall): Speaker => ({
  ...{ context, author: executor, method, origin },
})
const applierOf = ({ context, author }: ApplyCall): Speaker => ({ context, author })

/** Lines that may pass, as a bucket that fills with time. */
interface Bucket {
  lines: number
  filledMs: number
  /** Lines left out and not told of. */
  leftOut: number
}

const MESSAGES = {
  call: 'an application said',
  apply: 'an application said while it applied a delta',
}

class GuestLog {
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #buckets = new LRUCache<number, Bucket>({ max: MAX_LOGGED_CONTEXTS })

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger
    this.#clock = clock
  }

  write({ context, author, method, origin }: Speaker, lines: readonly string[]): void {
    if (lines.length === 0) return
    const bucket = this.#bucket(context)
    const room = Math.min(MAX_SHOWN_LINES, Math.floor(bucket.lines), lines.length)
    bucket.lines -= room
    bucket.leftOut += lines.length - room
    const whose = {
      context: idText(context.id),
      ...(method === undefined ? {} : { method: printable(method, MAX_SHOWN_LINE_CHARS) }),
      ...(author === undefined ? {} : { author: idText(author) }),
      ...(origin === undefined ? {} : { origin: idText(origin) }),
    }
    for (const [at, text] of lines.slice(0, room).entries()) {
      const line = printable(text, MAX_SHOWN_LINE_CHARS)
      const { leftOut } = bucket
      const isLast = at === room - 1
      if (isLast) bucket.leftOut = 0
      const rest = isLast && leftOut > 0 ? { leftOut } : {}
      this.#logger.info(
        { ...whose, line, ...rest },
        MESSAGES[method === undefined ? 'apply' : 'call'],
      )
    }
  }

  #bucket({ number }: ContextRef): Bucket {
    const nowMs = this.#clock.monotonicMs()
    const bucket = this.#buckets.get(number) ?? {
      lines: LOG_BURST_LINES,
      filledMs: nowMs,
      leftOut: 0,
    }
    const gained = ((nowMs - bucket.filledMs) / 1000) * LOG_LINES_PER_SECOND
    bucket.lines = Math.min(LOG_BURST_LINES, bucket.lines + gained)
    bucket.filledMs = nowMs
    this.#buckets.set(number, bucket)
    return bucket
  }
}
