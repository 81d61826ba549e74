/** How many bytes of bodies are in the server at once, in all and for each address they come from. */
import { serverError } from '../errors.ts'
import { MAX_BODY_BYTES, MAX_BODY_BYTES_PER_ADDRESS, SMALL_BODIES_BYTES } from '../limits.ts'
import { isLoopback } from '../loopback.ts'

export interface BodyBudget {
  /**
   * Takes this many bytes for a body from an address until the returned function is called. Small bodies have a part of their own, so that large ones
   * never keep them out. Addresses of this machine share what there is.
   * @throws SERVER_TOO_MANY (limit): this address has too many; SERVER_BUSY (transport): all have
   */
  take(address: string, bytes: number, size: 'small' | 'large'): () => void
}

export function bodyBudget(): BodyBudget {
  const byAddress = new Map<string, number>()
  let all = 0
  return {
    take(address, bytes, size) {
      const own = (byAddress.get(address) ?? 0) + bytes
      if (own > MAX_BODY_BYTES_PER_ADDRESS && !isLoopback(address)) {
        const message = `expected at most ${MAX_BODY_BYTES_PER_ADDRESS} bytes of bodies at once from one address, got more`
        const details = { limit: MAX_BODY_BYTES_PER_ADDRESS, retryAfterMs: 1000 }
        throw serverError('SERVER_TOO_MANY', 'limit', message, details)
      }
      const room = size === 'small' ? MAX_BODY_BYTES + SMALL_BODIES_BYTES : MAX_BODY_BYTES
      if (all + bytes > room) {
        const message = 'too many large bodies are being worked on: try again later'
        throw serverError('SERVER_BUSY', 'transport', message, { retryAfterMs: 1000 })
      }
      byAddress.set(address, own)
      all += bytes
      return () => {
        all -= bytes
        const left = (byAddress.get(address) ?? 0) - bytes
        if (left > 0) byAddress.set(address, left)
        else byAddress.delete(address)
      }
    },
  }
}
