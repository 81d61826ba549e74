/** What may be done after a try failed, by its error. */
import type { MerogateError } from '../../errors.ts'

/**
 * `later`: it did not come to pass yet, or whether it did is not known. `refused`: it did not, and the same again would end the same way.
 */
export type Fate = 'later' | 'refused'

/** Refusals by code, whatever their kind says of the caller. */
const REFUSED: ReadonlySet<string> = new Set([
  'CONTEXT_NOT_A_MEMBER',
  'CONTEXT_EXISTS',
  'CONTEXT_NO_PROPOSALS',
  'IDENTITY_NOT_OWNED',
])

/** What another configuration, or a wait, may cure, though a caller is told of it as a mistake. */
const NOT_YET: ReadonlySet<string> = new Set(['ANCHOR_UNKNOWN', 'CHAIN_KEY', 'CHAIN_READ_ONLY'])

/** Refusals by the anchor that are about when and how something was sent, not about what. */
const UNTIMELY: ReadonlySet<unknown> = new Set(['BadNonce', 'Expired', 'WrongDomain'])

/** The contract's no, a caller's mistake and the app's no are for good; everything else may be otherwise the next time. */
export function fateOf(failure: MerogateError): Fate {
  if (REFUSED.has(failure.code)) return 'refused'
  if (NOT_YET.has(failure.code)) return 'later'
  switch (failure.kind) {
    case 'chain':
      // what failed on the way to the contract is no word of it: an account without funds, a transaction that was overtaken
      return isFinalWord(failure) ? 'refused' : 'later'
    case 'input':
    case 'guest':
      return 'refused'
    case 'unauthenticated':
    case 'denied':
    case 'missing':
    case 'conflict':
    case 'limit':
    case 'transport':
    case 'protocol':
    case 'corrupt':
    case 'aborted':
    case 'internal':
      return 'later'
  }
}

function isFinalWord(failure: MerogateError): boolean {
  return failure.code === 'ANCHOR_REJECTED' && !UNTIMELY.has(refusalName(failure))
}

/** Name of the anchor's refusal. */
export function refusalName({ code, details }: MerogateError): unknown {
  const { error } = details
  if (code !== 'ANCHOR_REJECTED' || typeof error !== 'object' || error === null) return undefined
  return 'name' in error ? error.name : undefined
}
