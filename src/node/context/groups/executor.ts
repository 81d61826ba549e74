/** As which of this node's identities something is done in a group. */
import type { SigningKey } from '../../crypto/sign.ts'
import { equalBytes } from '../../primitives/bytes.ts'
import { idText, type PublicKey } from '../../primitives/ids.ts'
import { contextError } from '../errors.ts'
import type { Group } from './group.ts'

/** One of our identities in a group: the only one when none is named. @throws IDENTITY_NOT_OWNED, IDENTITY_AMBIGUOUS, CONTEXT_LEFT */
export function executorOf(group: Group, wanted: PublicKey | undefined): SigningKey {
  const owned = group.owned()
  if (wanted !== undefined) {
    const key = owned.find(({ publicKey }) => equalBytes(publicKey, wanted))
    if (key !== undefined) return key
    throw contextError(
      'IDENTITY_NOT_OWNED',
      `expected an identity of this node in the context, got ${idText(wanted)}`,
      { publicKey: idText(wanted), group: idText(group.id) },
    )
  }
  const [first, ...others] = owned
  if (first === undefined) {
    throw contextError('CONTEXT_LEFT', 'this node has no identity left in the context')
  }
  if (others.length > 0) {
    throw contextError(
      'IDENTITY_AMBIGUOUS',
      `expected which of ${owned.length} identities to use, got none named`,
    )
  }
  return first
}

/** One of our identities to read as: also after it has left; `bound` are those that ever were in the group. @throws IDENTITY_NOT_OWNED */
export function readerOf(
  group: Group,
  bound: readonly SigningKey[],
  wanted: PublicKey | undefined,
): SigningKey {
  if (group.owned().length > 0) return executorOf(group, wanted)
  const key =
    wanted === undefined ? bound[0] : bound.find((one) => equalBytes(one.publicKey, wanted))
  return key ?? executorOf(group, wanted)
}
