/**
 * Endpoints of one service, in the order of preference: asked one after the other until one answers. An endpoint that failed is passed
 * over for a while, longer each time, unless nothing else is left.
 */
import { throwIfAborted } from '../../node/errors.ts'
import type { Clock } from '../../node/primitives/clock.ts'

/** First and longest time an endpoint that failed is passed over, ms. */
export const MIN_REST_MS = 1000
/** Longest time an endpoint that failed is passed over, ms. */
export const MAX_REST_MS = 60_000

/** An endpoint and how it fares. */
interface Candidate<E> {
  readonly endpoint: E
  failures: number
  restsUntilMs: number
}

export class Failover<E> {
  readonly #candidates: readonly Candidate<E>[]
  readonly #clock: Clock

  constructor(endpoints: readonly E[], clock: Clock) {
    this.#candidates = endpoints.map((endpoint) => ({ endpoint, failures: 0, restsUntilMs: 0 }))
    this.#clock = clock
  }

  /** All endpoints, those that are well first. */
  get endpoints(): readonly E[] {
    return this.#inOrder().map(({ endpoint }) => endpoint)
  }

  /**
   * Runs the whole task on one endpoint, and again from its beginning on the next while `isFailure` says that it was the endpoint's fault; those that
   * `isLast` names are asked after all others. Rejects with the last failure.
   */
  async run<T>(
    task: (endpoint: E) => Promise<T>,
    isFailure: (error: unknown) => boolean,
    signal?: AbortSignal,
    isLast: (endpoint: E) => boolean = () => false,
  ): Promise<T> {
    let last: unknown
    const order = this.#inOrder()
    const [later, sooner] = [
      order.filter(({ endpoint }) => isLast(endpoint)),
      order.filter(({ endpoint }) => !isLast(endpoint)),
    ]
    for (const candidate of [...sooner, ...later]) {
      throwIfAborted(signal)
      try {
        const value = await task(candidate.endpoint)
        candidate.failures = 0
        candidate.restsUntilMs = 0
        return value
      } catch (error) {
        throwIfAborted(signal)
        if (!isFailure(error)) throw error
        this.#rest(candidate)
        last = error
      }
    }
    throw last
  }

  /** Many questions that fail together are one failure: an endpoint that rests already rests no longer for it. */
  #rest(candidate: Candidate<E>): void {
    const now = this.#clock.monotonicMs()
    if (rests(candidate, now)) return
    const ms = Math.min(MIN_REST_MS * 2 ** candidate.failures, MAX_REST_MS)
    candidate.failures++
    candidate.restsUntilMs = now + ms
  }

  #inOrder(): Candidate<E>[] {
    const now = this.#clock.monotonicMs()
    const [resting, well] = [
      this.#candidates.filter((candidate) => rests(candidate, now)),
      this.#candidates.filter((candidate) => !rests(candidate, now)),
    ]
    return [...well, ...resting]
  }
}

function rests({ restsUntilMs }: Candidate<unknown>, now: number): boolean {
  return restsUntilMs > now
}
