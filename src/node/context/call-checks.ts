/** What every call of a method must be, whoever makes it. */
import { contextError } from './errors.ts'
import { MAX_INPUT_BYTES, MAX_METHOD_LENGTH } from './limits.ts'

/** Names a guest method may have; the host's own begin with two underscores. */
const METHOD = /^[A-Za-z0-9_]+$/

/** @throws METHOD_INVALID, CALL_TOO_LARGE */
export function checkCall(method: string, input: Uint8Array): void {
  const wellFormed = method.length > 0 && method.length <= MAX_METHOD_LENGTH && METHOD.test(method)
  if (!wellFormed || method.startsWith('__')) {
    throw contextError(
      'METHOD_INVALID',
      `expected a method name of 1 to ${MAX_METHOD_LENGTH} letters, digits and _, not the host's own, got ${JSON.stringify(method.slice(0, 64))}`,
    )
  }
  if (input.length > MAX_INPUT_BYTES) {
    throw contextError(
      'CALL_TOO_LARGE',
      `expected at most ${MAX_INPUT_BYTES} bytes of arguments, got ${input.length}`,
      { max: MAX_INPUT_BYTES, got: input.length },
    )
  }
}
