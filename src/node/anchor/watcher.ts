/** Follows the changes of a service: one question is always open, and after a failure it is asked again, ever more slowly. */
import { isMerogateError } from '../errors.ts'
import type { Clock } from '../primitives/clock.ts'
import { EMPTY } from '../primitives/bytes.ts'
import type { Logger } from '../primitives/logger.ts'
import type { AnchorChange, CursorStore } from './anchor.ts'
import type { Changes, EnvelopeService } from './service.ts'

/** How long a question for changes stays open, ms; shorter than the idle limits of common proxies. */
export const WATCH_WAIT_MS = 25_000
/** First and longest pause after a failure, ms. */
export const MIN_RECONNECT_MS = 100
/** Longest pause after a failure, ms. */
export const MAX_RECONNECT_MS = 5000

/** How long a start waits to learn the present height, ms; a service that hangs is asked again in the background. */
export const START_WAIT_MS = 2000

export interface WatcherInit {
  readonly service: EnvelopeService
  readonly clock: Clock
  readonly logger: Logger
  readonly onChange: (change: AnchorChange) => void
  /** Where it is remembered what was told, and under which name. @default nowhere */
  readonly cursor?: { readonly store: CursorStore; readonly name: string } | undefined
}

/** Resolves after a time of the clock, or as soon as the signal fires. */
export async function pause(
  clock: Clock,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal?.aborted === true) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.after(ms, done)
    signal?.addEventListener('abort', done)
  })
}

export class Watcher {
  readonly #init: WatcherInit
  #abort: AbortController | undefined
  #loop: Promise<void> = Promise.resolve()
  #told = 0n

  constructor(init: WatcherInit) {
    this.#init = init
  }

  /** Up to which height changes were told, by this run or by one before it; 0 when nobody knows. */
  get told(): bigint {
    return this.#told
  }

  /**
   * Begins to watch from where an earlier run left off, otherwise from the present height on. A service that is down is no failure: it is asked
   * again in the background.
   */
  async start(): Promise<void> {
    if (this.#abort !== undefined) return
    const abort = new AbortController()
    this.#abort = abort
    let cursor = await this.#load()
    if (cursor === undefined) {
      const present = await this.#askSoon(abort.signal)
      // also where it stops before anything changes, the next run begins here
      if (present !== undefined) cursor = await this.#save(present)
    }
    this.#loop = this.#run(cursor, abort.signal)
  }

  async stop(): Promise<void> {
    this.#abort?.abort()
    this.#abort = undefined
    await this.#loop
  }

  async #run(from: bigint | undefined, signal: AbortSignal): Promise<void> {
    let cursor = from
    let pauseMs = MIN_RECONNECT_MS
    while (!signal.aborted) {
      const next = await this.#ask(cursor, signal)
      if (next === undefined) {
        await pause(this.#init.clock, pauseMs, signal)
        pauseMs = Math.min(pauseMs * 2, MAX_RECONNECT_MS)
        continue
      }
      // the first answer after a start that found nobody: whatever was read before may be out of date
      if (cursor === undefined) this.#init.onChange({ subject: EMPTY, height: next.height })
      // nothing new: a service that does not wait must not make us spin
      if (cursor === cursorOf(next)) await pause(this.#init.clock, MIN_RECONNECT_MS, signal)
      pauseMs = MIN_RECONNECT_MS
      cursor = await this.#save(next)
    }
  }

  /** Asks for the present height, for as long as a start waits. */
  async #askSoon(signal: AbortSignal): Promise<Changes | undefined> {
    const late = new AbortController()
    const timer = this.#init.clock.after(START_WAIT_MS, () => late.abort())
    try {
      return await this.#ask(undefined, AbortSignal.any([signal, late.signal]))
    } finally {
      timer.cancel()
    }
  }

  async #load(): Promise<bigint | undefined> {
    const { cursor: kept } = this.#init
    if (kept === undefined) return undefined
    const cursor = await kept.store.load(kept.name)
    this.#told = (await kept.store.load(heightName(kept.name))) ?? cursor ?? 0n
    return cursor
  }

  /** After the changes were told: a crash in between tells them again. A cursor that cannot be stored costs no more than that. */
  async #save(changes: Changes): Promise<bigint> {
    const { height } = changes
    const cursor = cursorOf(changes)
    this.#told = height
    const { cursor: kept, logger } = this.#init
    try {
      if (cursor !== height) await kept?.store.save(heightName(kept.name), height)
      await kept?.store.save(kept.name, cursor)
    } catch (error) {
      // that the disk takes nothing is told by the store
      const isPassing = isMerogateError(error) && error.kind === 'transport'
      logger[isPassing ? 'debug' : 'warn'](
        { err: error },
        'cursor of the anchor could not be stored',
      )
    }
    return cursor
  }

  /** Asks once and tells the changes; undefined when there was no answer. */
  async #ask(since: bigint | undefined, signal: AbortSignal): Promise<Changes | undefined> {
    const { service, logger, onChange } = this.#init
    let answer: Changes
    try {
      answer = await service.waitForChanges(since, WATCH_WAIT_MS, { signal })
    } catch (error) {
      if (signal.aborted) return undefined
      const code = isMerogateError(error) ? error.code : 'INTERNAL'
      logger.debug({ code }, 'anchor does not answer, will ask again')
      return undefined
    }
    if (signal.aborted) return undefined
    if (answer.missed) onChange({ subject: EMPTY, height: answer.height })
    for (const change of answer.changes) onChange(change)
    return answer
  }
}

function cursorOf({ height, cursor = height }: Changes): bigint {
  return cursor
}

/** Where the height is remembered, for services whose cursors are no heights. */
function heightName(name: string): string {
  return `${name} height`
}
