/** Keys that follow from a name, and the means to seal under any of them as an author would. */
import type { KeyObject } from 'node:crypto'
import type { Keyring, Standing } from '../../src/node/context/groups/keyring.ts'
import { deriveKey } from '../../src/node/crypto/seal.ts'
import { compareBytes, concat, utf8 } from '../../src/node/primitives/bytes.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'
import type { BatchOp } from '../../src/node/store/store.ts'

/** Keys that tests put into keyrings, by epoch: a keyring itself seals under the newest only. */
const KEYS = new WeakMap<Keyring, Map<number, Uint8Array[]>>()

/** The key of an epoch, the same on every node of a test. */
export function epochKey(epoch: number): Uint8Array {
  return sha256(utf8(`test bytes epoch ${epoch}`))
}

/** What is known of a key that a writer made at a membersRevision. */
export function madeAt(revision: bigint): Standing {
  return { madeAt: revision, coversTo: revision }
}

/** Puts a key into use; returns the row that would store it, or undefined when it is refused. */
export function addKey(
  keyring: Keyring,
  epoch: number,
  key: Uint8Array,
  standing: Standing = madeAt(1n),
  giver?: Uint8Array,
): BatchOp | undefined {
  const op = keyring.row(epoch, key, standing, giver)
  if (op === undefined) return undefined
  keyring.remember(epoch, key, standing, giver)
  const keys = KEYS.get(keyring) ?? new Map<number, Uint8Array[]>()
  keys.set(epoch, [...(keys.get(epoch) ?? []), key])
  KEYS.set(keyring, keys)
  return op
}

/** The key that seals bodies of an author under an epoch that {@link addKey} put in. */
export function sealingKey(
  keyring: Keyring,
  context: Uint8Array,
  author: Uint8Array,
  epoch: number,
): KeyObject {
  const [key] = (KEYS.get(keyring)?.get(epoch) ?? []).toSorted((a, b) =>
    compareBytes(sha256(a), sha256(b)),
  )
  if (key === undefined) throw new RangeError('the test keyring lacks the epoch')
  return deriveKey(key, concat(utf8('cali/seal/1'), context, author))
}
