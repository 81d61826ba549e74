/**
 * The key epochs of one group. Bodies are sealed under a key derived per context and author, so one epoch serves all contexts of the group
 * and random nonces stay safe. A key carries up to which membersRevision nobody who has gone holds it; what is sealed asks for one that covers
 * every departure known here. Two keys of one epoch (two members rotated at once): of those that cover, the smaller SHA-256 seals; all open.
 */
import type { KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Signer } from '../../anchor/anchor.ts'
import type { AtRest } from '../../crypto/at-rest.ts'
import { boxOpen, boxSeal, deriveKey, open } from '../../crypto/seal.ts'
import { type SigningKey, verifySignature } from '../../crypto/sign.ts'
import { compareBytes, concat, equalBytes, toHex, utf8 } from '../../primitives/bytes.ts'
import type { Random } from '../../primitives/clock.ts'
import { domainTag, sha256 } from '../../primitives/hash.ts'
import { type GroupId, isZero, type PublicKey, ZERO_ID } from '../../primitives/ids.ts'
import type { EpochRow, GroupRows } from '../../store/repositories/groups.ts'
import type { BatchOp } from '../../store/store.ts'
import type { KeyGrant } from '../../sync/replica.ts'
import { u32be, u64be } from '../../store/keys.ts'
import {
  MAX_DOUBTFUL_EPOCHS,
  MAX_EPOCH_JUMP,
  MAX_KEYS_PER_EPOCH,
  MAX_KEYS_PER_GIVER,
  MAX_UNOPENED_EPOCHS,
} from '../limits.ts'

const SEAL_INFO = utf8('cali/seal/1')
const GRANT_TAG = domainTag('cali/key-grant/1')
/** Derived keys kept imported. */
const CACHED_KEYS = 1024

/** What is known of who holds a key. */
export interface Standing {
  /** The membersRevision its maker had seen, by whoever gave it: nobody gets it from who has seen less. */
  readonly madeAt: bigint
  /** The membersRevision up to which nobody who has gone holds it; 0 while nobody who may make keys vouched for it: then it seals nothing. */
  readonly coversTo: bigint
}

interface EpochKey extends Standing {
  readonly key: Uint8Array
  readonly hash: Uint8Array
  /** Who gave it first; zeros: it was made here. */
  readonly giver: Uint8Array
}

/** A key, and what was learned of it. */
export interface LearntKey {
  readonly epoch: number
  readonly key: Uint8Array
  readonly standing: Standing
  /** Undefined: it was made here. */
  readonly giver?: Uint8Array | undefined
}

/** The same where nobody is believed about it. */
export function unvouched(learnt: LearntKey): LearntKey {
  return { ...learnt, standing: { ...learnt.standing, coversTo: 0n } }
}

/** A key to seal with, and its epoch. */
export interface SealingKey {
  readonly epoch: number
  readonly key: KeyObject
}

export class Keyring {
  readonly #group: GroupId
  readonly #number: number
  readonly #rows: GroupRows
  readonly #atRest: AtRest
  readonly #random: Random
  readonly #epochs = new Map<number, EpochKey[]>()
  /** The epochs held, newest first. */
  #order: readonly number[] = []
  readonly #derived = new LRUCache<string, KeyObject>({ max: CACHED_KEYS })
  /** Epochs of which somebody seems to have a key, or a word, that we have not. */
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
    for (const row of rows)
      this.remember(row.epoch, components.atRest.open(row.sealed), row, row.giver)
  }

  /** Newest epoch with a key that somebody who may make keys vouched for; -1 for none. */
  get newest(): number {
    return this.#newest
  }

  /** The number of the next epoch made here. */
  get next(): number {
    return (this.#order[0] ?? -1) + 1
  }

  has(epoch: number): boolean {
    return this.#epochs.has(epoch)
  }

  /** Notes that of an epoch another key, or somebody's word for one, is worth asking for. */
  want(epoch: number): void {
    if (this.#wanted.size < MAX_UNOPENED_EPOCHS && !this.#isTooFar(epoch)) this.#wanted.add(epoch)
  }

  /** Epochs whose keys are worth asking for, whether or not we have one: until another one comes. */
  get wanted(): readonly number[] {
    return [...this.#wanted]
  }

  /** Epochs about which members may know more than we do when no key covers a departure: the newest, and the one after them. */
  get doubtful(): readonly number[] {
    return [this.next, ...this.#order.slice(0, MAX_DOUBTFUL_EPOCHS - 1)]
  }

  get epochs(): readonly number[] {
    return this.#order.toReversed()
  }

  /** Whether there is a key that nobody who went by a membersRevision holds. */
  covers(revision: bigint): boolean {
    return this.#covering(revision) !== undefined
  }

  /**
   * The row that stores a key, or what was learned of it; undefined when it says nothing new, there are too many of its epoch, by whoever or by the same
   * giver, or the epoch lies too far ahead of all others.
   */
  row(
    epoch: number,
    key: Uint8Array,
    standing: Standing,
    giver: Uint8Array = ZERO_ID,
  ): BatchOp | undefined {
    const hash = sha256(key)
    const keys = this.#epochs.get(epoch) ?? []
    if (this.#isTooFar(epoch)) return undefined
    const known = keys.find((entry) => compareBytes(entry.hash, hash) === 0)
    if (known !== undefined && !adds(known, standing)) return undefined
    // counted apart: keys that nobody vouched for must not keep out those that seal
    const alike = keys.filter((key) => key !== known && isVouched(key) === isVouched(standing))
    if (alike.length >= MAX_KEYS_PER_EPOCH) return undefined
    const first = known?.giver ?? giver
    const ofGiver = isZero(first) ? [] : alike.filter((key) => equalBytes(key.giver, first))
    if (ofGiver.length >= MAX_KEYS_PER_GIVER) return undefined
    const { madeAt, coversTo } = known === undefined ? standing : merged(known, standing)
    const sealed = this.#atRest.seal(key)
    return this.#rows.putEpoch(this.#number, hash, {
      ...{ epoch, madeAt, coversTo, sealed },
      giver: first,
    })
  }

  /** Rows that store what is news of some keys, of which no epoch comes twice. */
  rows(keys: readonly LearntKey[]): { readonly news: LearntKey[]; readonly ops: BatchOp[] } {
    const ops: BatchOp[] = []
    const news = keys.filter(({ epoch, key, standing, giver }) => {
      const op = this.row(epoch, key, standing, giver)
      if (op !== undefined) ops.push(op)
      return op !== undefined
    })
    return { news, ops }
  }

  /**
   * From now on no key is known to be out of the hands of who had gone by `revision`, nor to be made later: what was read of the members was not so.
   * @returns rows that say so; that they cannot be stored does no harm here
   */
  doubt(revision: bigint): readonly BatchOp[] {
    const ops: BatchOp[] = []
    for (const [epoch, keys] of this.#epochs) {
      const doubted = keys.map((known) => {
        const { key, hash, giver, madeAt, coversTo } = known
        if (coversTo < revision && madeAt <= revision) return known
        const standing = {
          madeAt: madeAt < revision ? madeAt : revision,
          coversTo: coversTo < revision ? coversTo : revision - 1n,
        }
        const sealed = this.#atRest.seal(key)
        ops.push(this.#rows.putEpoch(this.#number, hash, { epoch, ...standing, giver, sealed }))
        return { key, hash, giver, ...standing }
      })
      this.#epochs.set(epoch, doubted)
    }
    this.#newest = this.#order.find((epoch) => this.#epochs.get(epoch)?.some(isVouched)) ?? -1
    return ops
  }

  #isTooFar(epoch: number): boolean {
    return epoch > Math.max(this.#newest, 0) + MAX_EPOCH_JUMP
  }

  /** The key that seals bodies of `author` in `context`: of the newest epoch that covers `revision`. */
  sealing(context: Uint8Array, author: Uint8Array, revision: bigint): SealingKey | undefined {
    const found = this.#covering(revision)
    return found && { epoch: found.epoch, key: this.#derive(found.entry, context, author) }
  }

  #covering(revision: bigint): { epoch: number; entry: EpochKey } | undefined {
    for (const epoch of this.#order) {
      const entry = this.#epochs
        .get(epoch)
        ?.find((key) => isVouched(key) && key.coversTo >= revision)
      if (entry !== undefined) return { epoch, entry }
    }
    return undefined
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

  /**
   * Keys for a member, sealed to it and signed by the giver, who has watched the members up to `view.to` and knows of no departure after
   * `view.from`. Of all epochs when `epochs` is empty. A key that was made at a later revision than we have read is not ours to give: who made
   * it may know of a departure that we have not heard of.
   */
  grant(
    recipient: PublicKey,
    epochs: readonly number[],
    giver: Signer,
    view: { readonly from: bigint; readonly to: bigint },
  ): KeyGrant[] {
    const wanted = epochs.length === 0 ? this.epochs : epochs.filter((epoch) => this.has(epoch))
    const isOurs = ({ madeAt }: Standing): boolean => madeAt <= view.to
    return wanted.flatMap((epoch) =>
      (this.#epochs.get(epoch) ?? []).filter(isOurs).map(({ key, madeAt, ...known }) => {
        const isCurrent = isVouched(known) && known.coversTo >= view.from
        const coversTo = isCurrent ? view.to : known.coversTo
        const aad = this.#aad({ epoch, madeAt, coversTo }, recipient)
        const sealed = boxSeal(recipient, aad, key, this.#random)
        const signature = giver.sign(concat(aad, sealed))
        return { epoch, madeAt, coversTo, sealed, giver: giver.publicKey, signature }
      }),
    )
  }

  /** The key in a grant for one of our identities, when its signature holds. Whether the giver is a member is the caller's question. */
  unwrap(grant: KeyGrant, recipient: SigningKey): Uint8Array | undefined {
    const aad = this.#aad(grant, recipient.publicKey)
    if (!verifySignature(grant.giver, concat(aad, grant.sealed), grant.signature)) return undefined
    const key = boxOpen(recipient.seed, recipient.publicKey, aad, grant.sealed)
    return key?.length === 32 ? key : undefined
  }

  #aad(grant: Standing & { readonly epoch: number }, recipient: PublicKey): Uint8Array {
    const { epoch, madeAt, coversTo } = grant
    return concat(GRANT_TAG, this.#group, u32be(epoch), u64be(madeAt), u64be(coversTo), recipient)
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

  /** Takes a key into use, or what was learned of it, once {@link row} is stored. */
  remember(epoch: number, key: Uint8Array, standing: Standing, giver: Uint8Array = ZERO_ID): void {
    const hash = sha256(key)
    const keys = this.#epochs.get(epoch) ?? []
    const known = keys.find((entry) => compareBytes(entry.hash, hash) === 0)
    const { madeAt, coversTo } = known === undefined ? standing : merged(known, standing)
    const entry = { key, hash, giver: known?.giver ?? giver, madeAt, coversTo }
    const all = [...keys.filter((other) => other !== known), entry]
    this.#epochs.set(
      epoch,
      all.sort((a, b) => compareBytes(a.hash, b.hash)),
    )
    this.#wanted.delete(epoch)
    this.#order = [...this.#epochs.keys()].sort((a, b) => b - a)
    if (isVouched(entry)) this.#newest = Math.max(this.#newest, epoch)
  }
}

function isVouched({ coversTo }: Pick<Standing, 'coversTo'>): boolean {
  return coversTo > 0n
}

/** Whether a standing says more than what is known. */
function adds(known: Standing, said: Standing): boolean {
  return said.coversTo > known.coversTo || said.madeAt < known.madeAt
}

/** What is known after a word. */
function merged(known: Standing, said: Standing): Standing {
  return {
    madeAt: said.madeAt < known.madeAt ? said.madeAt : known.madeAt,
    coversTo: said.coversTo > known.coversTo ? said.coversTo : known.coversTo,
  }
}
