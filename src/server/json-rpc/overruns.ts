/**
 * What calls cost that come to nothing: those that use up their fuel or their time. Each caller may have a few of them in each context, and then one
 * from time to time; until then its calls there are refused, the other ones of a batch too.
 */
import { isMerogateError } from '../../node/errors.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import { serverError } from '../errors.ts'
import { MAX_OVERRUNS, MAX_OVERRUNNERS, OVERRUN_REFILL_MS } from '../limits.ts'

interface Bucket {
  left: number
  filledMs: number
}

export class Overruns {
  readonly #clock: Clock
  /** By context and caller; who overran last comes last. */
  readonly #buckets = new Map<string, Bucket>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Does something that counts. @throws SERVER_TOO_MANY (limit) with `retryAfterMs`; what the work does */
  async counting<T>(
    whose: readonly [keyId: string | undefined, context: string],
    work: () => Promise<T>,
  ): Promise<T> {
    this.assertRoom(...whose)
    try {
      return await work()
    } catch (error) {
      this.failed(...whose, error)
      throw error
    }
  }

  /** @throws SERVER_TOO_MANY (limit) with `retryAfterMs` */
  assertRoom(keyId: string | undefined, context: string): void {
    const bucket = this.#filled(keyId, context)
    if (bucket === undefined || bucket.left >= 1) return
    const message = `too many calls into this context used up their fuel or their time: try again later`
    const retryAfterMs = Math.ceil((1 - bucket.left) * OVERRUN_REFILL_MS)
    throw serverError('SERVER_TOO_MANY', 'limit', message, { limit: MAX_OVERRUNS, retryAfterMs })
  }

  /** Counts a call that failed, if it is one of those. */
  failed(keyId: string | undefined, context: string, error: unknown): void {
    if (!isMerogateError(error, 'RUNTIME_FUEL') && !isMerogateError(error, 'RUNTIME_DEADLINE')) {
      return
    }
    const bucket = this.#filled(keyId, context) ?? {
      left: MAX_OVERRUNS,
      filledMs: this.#clock.monotonicMs(),
    }
    bucket.left = Math.max(0, bucket.left - 1)
    const name = nameOf(keyId, context)
    this.#buckets.delete(name)
    this.#buckets.set(name, bucket)
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > MAX_OVERRUNNERS && oldest !== undefined) this.#buckets.delete(oldest)
  }

  #filled(keyId: string | undefined, context: string): Bucket | undefined {
    const bucket = this.#buckets.get(nameOf(keyId, context))
    if (bucket === undefined) return undefined
    const nowMs = this.#clock.monotonicMs()
    const gained = (nowMs - bucket.filledMs) / OVERRUN_REFILL_MS
    bucket.left = Math.min(MAX_OVERRUNS, bucket.left + gained)
    bucket.filledMs = nowMs
    return bucket
  }
}

function nameOf(keyId = '', context: string): string {
  return `${context} ${keyId}`
}
