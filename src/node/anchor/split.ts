/** Lists longer than one operation may name become several operations. */
import { MAX_BATCH } from './limits.ts'
import type { Operation } from './operations.ts'

function chunks<T>(list: readonly T[]): [readonly T[], ...(readonly T[])[]] {
  const rest: (readonly T[])[] = []
  for (let at = MAX_BATCH; at < list.length; at += MAX_BATCH) {
    rest.push(list.slice(at, at + MAX_BATCH))
  }
  return [list.slice(0, MAX_BATCH), ...rest]
}

function each<T>(
  list: readonly T[],
  make: (part: readonly T[]) => Operation,
): [Operation, ...Operation[]] {
  const [first, ...rest] = chunks(list)
  return [make(first), ...rest.map(make)]
}

/** The operation in parts of at most MAX_BATCH identities, in order. Each part is an operation of its own: all or nothing ends there. */
export function splitOperation(operation: Operation): [Operation, ...Operation[]] {
  switch (operation.kind) {
    case 'addMembers':
    case 'removeMembers':
    case 'setRole':
      return each(operation.ids, (ids) => ({ ...operation, ids }))
    case 'grant':
    case 'revoke':
      return each(operation.changes, (changes) => ({ ...operation, changes }))
    default:
      return [operation]
  }
}
