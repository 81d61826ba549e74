/** Codes of failures: tests assert these, never messages. */
import { isMerogateError, type MerogateError } from '../../src/node/errors.ts'

/** The code a promise fails with; `'none'` when it does not. Anything that is not a typed error of ours is thrown on. */
export async function rejectionCode(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (isMerogateError(error)) return error.code
    throw error
  }
  return 'none'
}

/** The code a function throws; see {@link rejectionCode}. */
export function thrownCode(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (isMerogateError(error)) return error.code
    throw error
  }
  return 'none'
}

/** The typed error of ours that a promise fails with. */
export async function failure(work: Promise<unknown> | undefined): Promise<MerogateError> {
  try {
    await work
  } catch (error) {
    if (isMerogateError(error)) return error
    throw error
  }
  throw new TypeError('expected a rejection, the promise resolved')
}
