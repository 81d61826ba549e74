/** Concurrent histories: what several members wrote, each knowing only part of the others' work. */
import type { SigningKey } from '../../src/node/crypto/sign.ts'
import type { Keyring } from '../../src/node/context/groups/keyring.ts'
import { compareBytes } from '../../src/node/primitives/bytes.ts'
import { craftDelta, type Crafted } from './craft-delta.ts'
import { seededRandom } from './hand-clock.ts'

/** `length` deltas by `authors`, the first one a genesis; parents are up to three of the last six, so heads split and join. */
export function concurrentHistory(
  seed: string,
  length: number,
  authors: readonly SigningKey[],
  keyring: Keyring,
): Crafted[] {
  const random = seededRandom(seed)
  const deltas: Crafted[] = []
  for (let i = 0; i < length; i++) {
    const parents = new Map<string, Uint8Array>()
    for (let n = 0; i > 0 && n <= random.below(3); n++) {
      const back = random.below(Math.min(6, i))
      const parent = deltas[i - 1 - back]
      if (parent !== undefined) parents.set(String(back), parent.id)
    }
    const author = authors[random.below(authors.length)]
    if (author === undefined) throw new RangeError('a history needs an author')
    // a few items are written by several
    const item = `item ${random.below(length * 2)}`
    const named = i === 0 ? {} : { parents: [...parents.values()].sort(compareBytes) }
    deltas.push(craftDelta({ author, keyring, item, step: i, ...named }))
  }
  return deltas
}
