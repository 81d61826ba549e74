/**
 * What the anchor told of and a context has not read yet. A hint is told once, while the reading it asks for may fail, or be answered by an endpoint
 * that lags behind the one that told: it is read again until an answer is as new as the hint. Kept in memory, for a start reads everything.
 */
import { isMerogateError } from '../errors.ts'
import type { Clock, Timer } from '../primitives/clock.ts'
import { type ContextId, idKey, idText } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import { NEWS_RETRY_MAX_MS, NEWS_RETRY_MIN_MS } from './limits.ts'

export interface AnchorNewsComponents {
  readonly clock: Clock
  readonly logger: Logger
  background(work: Promise<void>): void
  /** Reads a context's members and application again; the height of the oldest answer. Undefined when it is not here any more. @throws ANCHOR_* */
  read(context: ContextId): Promise<bigint | undefined>
}

interface Owed {
  readonly context: ContextId
  /** Answers below it are too old. */
  height: bigint
  /** Readings under way: one that fetches an application may take long, and a hint that comes meanwhile does not wait for it. */
  readings: number
  failures: number
  timer: Timer | undefined
}

export class AnchorNews {
  readonly #c: AnchorNewsComponents
  readonly #owed = new Map<string, Owed>()
  #isStopped = false

  constructor(components: AnchorNewsComponents) {
    this.#c = components
  }

  /** Contexts whose reading is still to come. */
  get size(): number {
    return this.#owed.size
  }

  /** Height below which answers about a context are too old; 0 when nothing is known to have moved. */
  owed(context: ContextId): bigint {
    return this.#owed.get(idKey(context))?.height ?? 0n
  }

  /**
   * A context moved, at some height of the anchor. When all of the anchor `isOther`, for its history is another, what was known of heights before
   * means nothing any more.
   */
  heard(context: ContextId, height: bigint, isOther = false): void {
    if (this.#isStopped) return
    const key = idKey(context)
    const known = this.#owed.get(key)
    const owed = known ?? { context, height, readings: 0, failures: 0, timer: undefined }
    this.#owed.set(key, owed)
    if (isOther || height > owed.height) owed.height = height
    owed.failures = 0
    this.#begin(owed)
  }

  stop(): void {
    this.#isStopped = true
    for (const { timer } of this.#owed.values()) timer?.cancel()
    this.#owed.clear()
  }

  #begin(owed: Owed): void {
    owed.timer?.cancel()
    owed.timer = undefined
    owed.readings++
    this.#c.background(this.#read(owed))
  }

  async #read(owed: Owed): Promise<void> {
    const isNewEnough = await this.#isReadAt(owed)
    owed.readings--
    // a hint may have come meanwhile that another reading answers
    if (this.#isStopped || owed.readings > 0 || owed.timer !== undefined) return
    if (isNewEnough) {
      this.#owed.delete(idKey(owed.context))
      return
    }
    const doubled = NEWS_RETRY_MIN_MS * 2 ** Math.min(owed.failures++, 20)
    owed.timer = this.#c.clock.after(Math.min(doubled, NEWS_RETRY_MAX_MS), () => this.#begin(owed))
  }

  async #isReadAt(owed: Owed): Promise<boolean> {
    const context = idText(owed.context)
    try {
      const height = await this.#c.read(owed.context)
      if (height === undefined || height >= owed.height) return true
      this.#c.logger.debug(
        { context, height: String(height), expected: String(owed.height) },
        'anchor answers late',
      )
    } catch (error) {
      const isAway = isMerogateError(error) && error.kind === 'transport'
      this.#c.logger[isAway ? 'debug' : 'warn']({ err: error, context }, 'anchor not read')
    }
    return false
  }
}
