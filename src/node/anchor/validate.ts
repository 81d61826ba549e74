/** Bounds and shape of an operation, before anything is looked up: the same here, in an adapter that sends, and on every chain. */
import { utf8 } from '../primitives/bytes.ts'
import { idKey, type PublicKey } from '../primitives/ids.ts'
import { CAPABILITIES, type ApplicationRecord } from './anchor.ts'
import type { RefusalName } from './errors.ts'
import { MAX_BATCH, MAX_CONTRACT_BYTES, MAX_METADATA_BYTES, MAX_SOURCE_BYTES } from './limits.ts'
import type { CapabilityChange, Operation } from './operations.ts'

/** Every capability bit. */
export const ALL_CAPABILITIES: number = Object.values(CAPABILITIES).reduce(
  (all, bit) => all | bit,
  0,
)

/** Whether a number is a sum of capability bits. */
export function isCapabilities(bits: number): boolean {
  return (bits & ~ALL_CAPABILITIES) === 0
}

function validateApplication(application: ApplicationRecord): RefusalName | undefined {
  const isTooLong =
    utf8(application.source).length > MAX_SOURCE_BYTES ||
    application.metadata.length > MAX_METADATA_BYTES
  return isTooLong ? 'LimitExceeded' : undefined
}

function validateIds(ids: readonly PublicKey[]): RefusalName | undefined {
  if (ids.length > MAX_BATCH) return 'LimitExceeded'
  const isList = ids.length > 0 && new Set(ids.map(idKey)).size === ids.length
  return isList ? undefined : 'Malformed'
}

function validateChanges(changes: readonly CapabilityChange[]): RefusalName | undefined {
  const wrong = validateIds(changes.map((change) => change.identity))
  if (wrong !== undefined) return wrong
  const areBits = changes.every(
    ({ capabilities }) => capabilities !== 0 && isCapabilities(capabilities),
  )
  return areBits ? undefined : 'Malformed'
}

/**
 * What is wrong with an operation by itself: `LimitExceeded` for what is too large, `Malformed` for empty or repeating lists and unknown
 * or missing capability bits; undefined when nothing is.
 */
export function validateOperation(operation: Operation): RefusalName | undefined {
  switch (operation.kind) {
    case 'createContext':
    case 'updateApplication':
      return validateApplication(operation.application)
    case 'addMembers':
    case 'removeMembers':
    case 'setRole':
      return validateIds(operation.ids)
    case 'grant':
    case 'revoke':
      return validateChanges(operation.changes)
    case 'claimInvitation':
    case 'revokeInvitation':
      return isCapabilities(operation.terms.capabilities) ? undefined : 'Malformed'
    case 'migrateTo':
      return operation.contract.length > MAX_CONTRACT_BYTES ? 'LimitExceeded' : undefined
    case 'leave':
    case 'bumpNonce':
    case 'seal':
    case 'setOptions':
    case 'voidInvitations':
      return undefined
  }
}
