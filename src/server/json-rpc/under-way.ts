/** Calls that are not answered yet, by whose they are: nobody has so many that others wait for all of them. */
import { serverError } from '../errors.ts'
import { MAX_CALLS_PER_KEY } from '../limits.ts'

export class UnderWay {
  readonly #counts = new Map<string, number>()

  /** One more, until what it returns is called. Where nobody signs in nothing is counted. @throws SERVER_TOO_MANY (limit) */
  begin(keyId: string | undefined): () => void {
    if (keyId === undefined) return () => {}
    const count = this.#counts.get(keyId) ?? 0
    if (count >= MAX_CALLS_PER_KEY) {
      const message = `expected at most ${MAX_CALLS_PER_KEY} unanswered calls of a key, got one more`
      const details = { limit: MAX_CALLS_PER_KEY, retryAfterMs: 100 }
      throw serverError('SERVER_TOO_MANY', 'limit', message, details)
    }
    this.#counts.set(keyId, count + 1)
    return () => {
      const left = (this.#counts.get(keyId) ?? 0) - 1
      if (left > 0) this.#counts.set(keyId, left)
      else this.#counts.delete(keyId)
    }
  }
}
