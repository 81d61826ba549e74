/** Concurrent histories: what several members wrote, each knowing only part of the others' work. */
import type { SigningKey } from '../../src/node/crypto/sign.ts'
import type { Keyring } from '../../src/node/context/groups/keyring.ts'
import { compareBytes } from '../../src/node/primitives/bytes.ts'
import { type DeltaId, idKey } from '../../src/node/primitives/ids.ts'
import { craftDelta, type Crafted } from './craft-delta.ts'
import { seededRandom } from './hand-clock.ts'

/**
 * `length` deltas by `authors`, the first one a genesis; parents are up to three of the last six, so heads split and join, and the author's
 * own last one, which its next is always built on.
 */
export function concurrentHistory(
  seed: string,
  length: number,
  authors: readonly SigningKey[],
  keyring: Keyring,
): Crafted[] {
  const random = seededRandom(seed)
  const deltas: Crafted[] = []
  const last = new Map<SigningKey, { id: DeltaId; sequence: number }>()
  for (let i = 0; i < length; i++) {
    const parents = new Map<string, Uint8Array>()
    for (let n = 0; i > 0 && n <= random.below(3); n++) {
      const back = random.below(Math.min(6, i))
      const parent = deltas[i - 1 - back]
      if (parent !== undefined) parents.set(idKey(parent.id), parent.id)
    }
    const author = authors[random.below(authors.length)]
    if (author === undefined) throw new RangeError('a history needs an author')
    const own = last.get(author)
    if (own !== undefined) parents.set(idKey(own.id), own.id)
    const sequence = (own?.sequence ?? 0) + 1
    // a few items are written by several
    const item = `item ${random.below(length * 2)}`
    const named = i === 0 ? {} : { parents: [...parents.values()].sort(compareBytes) }
    const delta = craftDelta({ author, keyring, item, step: i, sequence, ...named })
    last.set(author, { id: delta.id, sequence })
    deltas.push(delta)
  }
  return deltas
}
