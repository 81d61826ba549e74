/** Lists longer than one operation may name become several operations. */
import type { BatchLimits } from './anchor.ts'
import { MAX_BATCH } from './limits.ts'
import type { Operation } from './operations.ts'

function each<T>(
  list: readonly T[],
  max: number | undefined,
  make: (part: readonly T[]) => Operation,
): [Operation, ...Operation[]] {
  const size = Math.min(max ?? MAX_BATCH, MAX_BATCH)
  const rest: Operation[] = []
  for (let at = size; at < list.length; at += size) rest.push(make(list.slice(at, at + size)))
  return [make(list.slice(0, size)), ...rest]
}

/**
 * The operation in parts that name at most MAX_BATCH identities each, or as many as the chain takes, in order. Each part is an operation of its
 * own: all or nothing ends there.
 */
export function splitOperation(
  operation: Operation,
  limits: BatchLimits = {},
): [Operation, ...Operation[]] {
  switch (operation.kind) {
    case 'addMembers':
    case 'removeMembers':
    case 'setRole':
      return each(operation.ids, limits[operation.kind], (ids) => ({ ...operation, ids }))
    case 'grant':
    case 'revoke':
      return each(operation.changes, limits[operation.kind], (changes) => ({
        ...operation,
        changes,
      }))
    default:
      return [operation]
  }
}
