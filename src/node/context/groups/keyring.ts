/**
 * The key epochs of one group. Bodies are sealed under a key derived per context and author, so one epoch serves all contexts of the group
 * and random nonces stay safe. Two keys of one epoch (two members rotated at once): the smaller SHA-256 seals, both open.
 */
import type { KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Signer } from '../../anchor/anchor.ts'
import type { AtRest } from '../../crypto/at-rest.ts'
import { boxOpen, boxSeal, deriveKey, open } from '../../crypto/seal.ts'
import { type SigningKey, verifySignature } from '../../crypto/sign.ts'
import { compareBytes, concat, toHex, utf8 } from '../../primitives/bytes.ts'
import type { Random } from '../../primitives/clock.ts'
import { domainTag, sha256 } from '../../primitives/hash.ts'
import type { GroupId, PublicKey } from '../../primitives/ids.ts'
import type { EpochRow, GroupRows } from '../../store/repositories/groups.ts'
import type { BatchOp } from '../../store/store.ts'
import type { KeyGrant } from '../../sync/replica.ts'
import { u32be } from '../../store/keys.ts'

const SEAL_INFO = utf8('cali/seal/1')
const GRANT_TAG = domainTag('cali/key-grant/1')
/** Derived keys kept imported. */
const CACHED_KEYS = 1024
/** Keys one epoch may have: more than two members rotating at once is no accident. */
const MAX_KEYS_PER_EPOCH = 8
/**
 * How far ahead of the newest epoch a given one may lie. Each exit of a member makes one; without a bound a single grant could use up the
 * numbers for ever.
 */
export const MAX_EPOCH_JUMP = 1024
/** Epochs asked for at once because a body came that nothing opens: any member may name any. */
export const MAX_UNOPENED_EPOCHS = 64

interface EpochKey {
  readonly key: Uint8Array
  readonly hash: Uint8Array
}

export class Keyring {
  readonly #group: GroupId
  readonly #number: number
  readonly #rows: GroupRows
  readonly #atRest: AtRest
  readonly #random: Random
  readonly #epochs = new Map<number, EpochKey[]>()
  readonly #derived = new LRUCache<string, KeyObject>({ max: CACHED_KEYS })
  /** Epochs of which somebody seems to have a key that we have not. */
  readonly #wanted = new Set<number>()
  #newest = -1

  constructor(
    group: GroupId,
    number: number,
    components: { rows: GroupRows; atRest: AtRest; random: Random },
    rows: readonly EpochRow[],
  ) {
    this.#group = group
    this.#number = number
    this.#rows = components.rows
    this.#atRest = components.atRest
    this.#random = components.random
    for (const row of rows) this.remember(row.epoch, components.atRest.open(row.sealed))
  }

  /** Newest epoch held; -1 for none. */
  get newest(): number {
    return this.#newest
  }

  has(epoch: number): boolean {
    return this.#epochs.has(epoch)
  }

  /** Notes that a body of an epoch came that no key we have opens; more than one member may have made the epoch. */
  want(epoch: number): void {
    if (this.#wanted.size < MAX_UNOPENED_EPOCHS && !this.#isTooFar(epoch)) this.#wanted.add(epoch)
  }

  /** Epochs whose keys are worth asking for, whether or not we have one: until another one comes. */
  get wanted(): readonly number[] {
    return [...this.#wanted]
  }

  get epochs(): readonly number[] {
    return [...this.#epochs.keys()].sort((a, b) => a - b)
  }

  /** The row that stores a key; undefined when it is known, there are too many of its epoch, or the epoch lies too far ahead of all others. */
  row(epoch: number, key: Uint8Array): BatchOp | undefined {
    const hash = sha256(key)
    const known = this.#epochs.get(epoch) ?? []
    if (this.#isTooFar(epoch)) return undefined
    if (known.length >= MAX_KEYS_PER_EPOCH) return undefined
    if (known.some((entry) => compareBytes(entry.hash, hash) === 0)) return undefined
    return this.#rows.putEpoch(this.#number, hash, { epoch, sealed: this.#atRest.seal(key) })
  }

  #isTooFar(epoch: number): boolean {
    return epoch > Math.max(this.#newest, 0) + MAX_EPOCH_JUMP
  }

  /** The key that seals bodies of `author` in `context` under an epoch we hold. */
  sealing(context: Uint8Array, author: Uint8Array, epoch: number): KeyObject | undefined {
    const entry = this.#epochs.get(epoch)?.[0]
    return entry === undefined ? undefined : this.#derive(entry, context, author)
  }

  /** Opens a body with whichever key of its epoch fits. */
  open(
    context: Uint8Array,
    author: Uint8Array,
    body: { epoch: number; nonce: Uint8Array; aad: Uint8Array; sealed: Uint8Array },
  ): Uint8Array | undefined {
    for (const entry of this.#epochs.get(body.epoch) ?? []) {
      const plain = open(this.#derive(entry, context, author), body.nonce, body.aad, body.sealed)
      if (plain !== undefined) return plain
    }
    return undefined
  }

  /** Keys for a member, sealed to it and signed by the giver. Of all epochs when `epochs` is empty. */
  grant(recipient: PublicKey, epochs: readonly number[], giver: Signer): KeyGrant[] {
    const wanted = epochs.length === 0 ? this.epochs : epochs.filter((epoch) => this.has(epoch))
    return wanted.flatMap((epoch) =>
      (this.#epochs.get(epoch) ?? []).map(({ key }) => {
        const sealed = boxSeal(recipient, this.#aad(epoch, recipient), key, this.#random)
        const signature = giver.sign(concat(this.#aad(epoch, recipient), sealed))
        return { epoch, sealed, giver: giver.publicKey, signature }
      }),
    )
  }

  /** The key in a grant for one of our identities, when its signature holds. Whether the giver is a member is the caller's question. */
  unwrap(grant: KeyGrant, recipient: SigningKey): Uint8Array | undefined {
    const aad = this.#aad(grant.epoch, recipient.publicKey)
    if (!verifySignature(grant.giver, concat(aad, grant.sealed), grant.signature)) return undefined
    const key = boxOpen(recipient.seed, recipient.publicKey, aad, grant.sealed)
    return key?.length === 32 ? key : undefined
  }

  #aad(epoch: number, recipient: PublicKey): Uint8Array {
    return concat(GRANT_TAG, this.#group, u32be(epoch), recipient)
  }

  #derive(entry: EpochKey, context: Uint8Array, author: Uint8Array): KeyObject {
    const cacheKey = toHex(concat(entry.hash.subarray(0, 16), context.subarray(0, 16), author))
    let key = this.#derived.get(cacheKey)
    if (key === undefined) {
      key = deriveKey(entry.key, concat(SEAL_INFO, context, author))
      this.#derived.set(cacheKey, key)
    }
    return key
  }

  /** Takes a key into use, once {@link row} is stored. */
  remember(epoch: number, key: Uint8Array): void {
    const keys = [...(this.#epochs.get(epoch) ?? []), { key, hash: sha256(key) }]
    keys.sort((a, b) => compareBytes(a.hash, b.hash))
    this.#epochs.set(epoch, keys)
    this.#wanted.delete(epoch)
    if (epoch > this.#newest) this.#newest = epoch
  }
}
