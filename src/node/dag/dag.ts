/**
 * The causal order of one context's deltas, pure: no I/O, no clock. It knows the heads and the deltas that wait; whether an id is applied it
 * asks of an injected function, so history stays on disk.
 *
 * A waiting delta is `pending` (a parent is not applied), `held` (something outside the DAG is missing: key, member, application, due time)
 * or `quarantined` (valid, but its guest failed). Only pending deltas move by themselves, when their last parent is applied.
 *
 * @packageDocumentation
 */
import { compareBytes, equalBytes, fromHex } from '../primitives/bytes.ts'
import { compareHlc } from '../primitives/hlc.ts'
import { DeltaId, idKey, isZero } from '../primitives/ids.ts'
import { AuthorNumbers } from './numbers.ts'
import {
  MAX_AUTHOR_SHARE,
  MAX_AUTHOR_UNKNOWN_PARENTS,
  MAX_WAITING_BYTES,
  MAX_WAITING_DELTAS,
} from './limits.ts'

/** What the DAG keeps of a delta that waits. */
export interface DagNode {
  readonly id: DeltaId
  /** As in the header: 1..64 ids ascending, or the zero id alone. */
  readonly parents: readonly DeltaId[]
  /** 24 bytes; decides the order among deltas that become ready together. */
  readonly hlc: Uint8Array
  readonly author: Uint8Array
  /** The author's own number. */
  readonly sequence: bigint
  /** Whose share of the bounds it takes: the author's, or one that many have together. */
  readonly share: Uint8Array
  /** Bytes of the envelope, for the bounds. */
  readonly size: number
}

export type WaitingStatus = 'pending' | 'held' | 'quarantined'

export interface DagInit {
  readonly heads: readonly DeltaId[]
  isApplied(id: DeltaId): boolean
  /** @default MAX_WAITING_DELTAS */
  readonly maxWaiting?: number
  /** @default MAX_WAITING_BYTES */
  readonly maxWaitingBytes?: number
}

interface Waiting {
  readonly node: DagNode
  status: WaitingStatus
  why: string
  /** Keys of parents that are not applied yet. */
  readonly open: Set<string>
  /** How many of them nobody had named before. */
  readonly unknown: number
}

/** What one author has waiting. */
interface Share {
  count: number
  bytes: number
  unknown: number
}

const NO_SHARE: Readonly<Share> = { count: 0, bytes: 0, unknown: 0 }

/** Order in which deltas that are ready at once are applied: smallest (hlc, id) first, the same on every node. */
export function compareNodes(a: DagNode, b: DagNode): number {
  return compareHlc(a.hlc, b.hlc) || compareBytes(a.id, b.id)
}

export class Dag {
  readonly #isApplied: (id: DeltaId) => boolean
  readonly #maxWaiting: number
  readonly #maxWaitingBytes: number
  readonly #waiting = new Map<string, Waiting>()
  /** parent key -> keys of waiting children */
  readonly #children = new Map<string, Set<string>>()
  /** Pending deltas all of whose parents are applied. */
  readonly #ready = new Set<string>()
  readonly #shares = new Map<string, Share>()
  /** Numbers of the deltas that wait. */
  readonly #numbers = new AuthorNumbers()
  #heads: readonly DeltaId[]
  #bytes = 0

  constructor(init: DagInit) {
    this.#isApplied = (id) => init.isApplied(id)
    this.#heads = [...init.heads].sort(compareBytes)
    this.#maxWaiting = init.maxWaiting ?? MAX_WAITING_DELTAS
    this.#maxWaitingBytes = init.maxWaitingBytes ?? MAX_WAITING_BYTES
  }

  /** Applied deltas that no applied delta names as parent, ascending. */
  get heads(): readonly DeltaId[] {
    return this.#heads
  }

  /** Where a delta stands, or undefined when it is unknown. */
  status(id: DeltaId): 'applied' | WaitingStatus | undefined {
    return this.waitingStatus(id) ?? (this.#isApplied(id) ? 'applied' : undefined)
  }

  /** Why a delta waits, or undefined when it does not. */
  waitingStatus(id: DeltaId): WaitingStatus | undefined {
    return this.#waiting.get(idKey(id))?.status
  }

  /** How many wait, by status. */
  count(): Record<WaitingStatus, number> {
    const counts = { pending: 0, held: 0, quarantined: 0 }
    for (const { status } of this.#waiting.values()) counts[status]++
    return counts
  }

  /** How many wait, by status and then by what they wait for, as {@link wait} was told. */
  reasons(): Record<WaitingStatus, Record<string, number>> {
    const reasons: Record<WaitingStatus, Record<string, number>> = {
      pending: {},
      held: {},
      quarantined: {},
    }
    for (const { status, why } of this.#waiting.values()) {
      reasons[status][why] = (reasons[status][why] ?? 0) + 1
    }
    return reasons
  }

  /** The latest timestamp of those that wait for one thing. */
  latest(status: WaitingStatus, why: string): Uint8Array | undefined {
    let latest: Uint8Array | undefined
    for (const { node, status: its, why: itsWhy } of this.#waiting.values()) {
      if (its !== status || itsWhy !== why) continue
      if (latest === undefined || compareHlc(node.hlc, latest) > 0) latest = node.hlc
    }
    return latest
  }

  /**
   * Parents that are not applied. Empty: the delta may be applied now. Each that is not known costs a look at the disk: of those that nobody has named
   * before no more than one above `most` are found, and what comes after them is not looked at.
   */
  openParents(parents: readonly DeltaId[], most: number = Infinity): readonly DeltaId[] {
    const open: DeltaId[] = []
    let unnamed = 0
    for (const parent of parents) {
      if (isZero(parent)) continue
      // what waits, or is waited for, is not applied: that saves a look at the disk
      if (this.#isNamed(idKey(parent))) {
        open.push(parent)
      } else if (!this.#isApplied(parent)) {
        open.push(parent)
        if (++unnamed > most) break
      }
    }
    return open
  }

  /** Parents nobody has named before that this share's deltas may name. */
  roomForUnknown(of: Uint8Array): number {
    return MAX_AUTHOR_UNKNOWN_PARENTS - (this.#shares.get(idKey(of)) ?? NO_SHARE).unknown
  }

  /** Numbers of an author's deltas that wait. */
  numbers(author: Uint8Array): Iterable<bigint> {
    return this.#numbers.of(author)
  }

  /** Whether a delta of this size and with these open parents may wait at this share, or would break a bound. */
  hasRoom(of: Uint8Array, size: number, open: readonly DeltaId[] = []): boolean {
    const share = this.#shares.get(idKey(of)) ?? NO_SHARE
    return (
      this.#unnamed(open) <= this.roomForUnknown(of) &&
      this.#waiting.size < this.#maxWaiting &&
      this.#bytes + size <= this.#maxWaitingBytes &&
      share.count < this.#maxWaiting * MAX_AUTHOR_SHARE &&
      share.bytes + size <= this.#maxWaitingBytes * MAX_AUTHOR_SHARE
    )
  }

  /** Lets a delta wait, or changes why it waits; `why` names what it waits for, one of few words. */
  wait(
    node: DagNode,
    status: WaitingStatus,
    why = '',
    openParents: readonly DeltaId[] = this.openParents(node.parents),
  ): void {
    const key = idKey(node.id)
    const known = this.#waiting.get(key)
    if (known !== undefined) {
      known.status = status
      known.why = why
      this.#noteReady(key, known)
      return
    }
    const open = new Set(openParents.map(idKey))
    const entry = { node, status, why, open, unknown: this.#unnamed(openParents) }
    this.#waiting.set(key, entry)
    this.#noteReady(key, entry)
    for (const parent of open) {
      let children = this.#children.get(parent)
      if (children === undefined) this.#children.set(parent, (children = new Set()))
      children.add(key)
    }
    this.#account(entry, 1)
  }

  /** Takes a delta out without applying it. */
  remove(id: DeltaId): void {
    const key = idKey(id)
    const entry = this.#waiting.get(key)
    if (entry === undefined) return
    this.#waiting.delete(key)
    this.#ready.delete(key)
    for (const parent of entry.open) this.#unlink(parent, key)
    this.#account(entry, -1)
  }

  /** Notes that a delta was applied and stored: children that waited only for it are ready now. */
  applied(id: DeltaId, parents: readonly DeltaId[]): void {
    this.#heads = headsAfter(this.#heads, id, parents)
    this.remove(id)
    const key = idKey(id)
    for (const child of this.#children.get(key) ?? []) {
      const entry = this.#waiting.get(child)
      entry?.open.delete(key)
      if (entry !== undefined) this.#noteReady(child, entry)
    }
    this.#children.delete(key)
  }

  /** Pending deltas that may be applied one after the other now, in order: their parents are applied, or come before them in the list. */
  ready(max: number): readonly DagNode[] {
    const list: DagNode[] = []
    const before = new Set<string>()
    // the next one last
    const queue = [...this.#ready].flatMap((key) => this.#waiting.get(key)?.node ?? [])
    queue.sort((a, b) => compareNodes(b, a))
    while (list.length < max) {
      const next = queue.pop()
      if (next === undefined) break
      const key = idKey(next.id)
      before.add(key)
      list.push(next)
      for (const child of this.#children.get(key) ?? []) {
        const entry = this.#waiting.get(child)
        if (entry?.status !== 'pending' || !isSubset(entry.open, before)) continue
        const { node } = entry
        const place = queue.findLastIndex((other) => compareNodes(other, node) > 0)
        queue.splice(place + 1, 0, node)
      }
    }
    return list
  }

  /** Whether some may be applied now. */
  get hasReady(): boolean {
    return this.#ready.size > 0
  }

  /** Parents that nobody has shown us: neither applied nor waiting. */
  missing(limit: number = Infinity): readonly DeltaId[] {
    const missing: DeltaId[] = []
    for (const parent of this.#children.keys()) {
      if (missing.length >= limit) break
      if (this.#waiting.has(parent)) continue
      missing.push(DeltaId.from(fromHex(parent)))
    }
    return missing
  }

  /** Whether a delta that passed every check but the DAG's names this one as parent. */
  hasPendingChild(id: DeltaId): boolean {
    for (const child of this.#children.get(idKey(id)) ?? []) {
      if (this.#waiting.get(child)?.status === 'pending') return true
    }
    return false
  }

  /** Waiting deltas of one status, in order. */
  waiting(status: WaitingStatus): readonly DagNode[] {
    return [...this.#waiting.values()]
      .filter((entry) => entry.status === status)
      .map((entry) => entry.node)
      .sort(compareNodes)
  }

  #noteReady(key: string, { status, open }: Waiting): void {
    if (status === 'pending' && open.size === 0) this.#ready.add(key)
    else this.#ready.delete(key)
  }

  #unlink(parent: string, child: string): void {
    const children = this.#children.get(parent)
    children?.delete(child)
    if (children?.size === 0) this.#children.delete(parent)
  }

  /** Whether a delta waits, or one that waits has it as parent. */
  #isNamed(key: string): boolean {
    return this.#waiting.has(key) || this.#children.has(key)
  }

  #unnamed(open: readonly DeltaId[]): number {
    return open.filter((parent) => !this.#isNamed(idKey(parent))).length
  }

  #account({ node, unknown }: Waiting, sign: 1 | -1): void {
    this.#bytes += sign * node.size
    const key = idKey(node.share)
    const share = this.#shares.get(key) ?? { ...NO_SHARE }
    share.count += sign
    share.bytes += sign * node.size
    share.unknown += sign * unknown
    if (share.count === 0) this.#shares.delete(key)
    else this.#shares.set(key, share)
    if (sign === 1) this.#numbers.add(node.author, node.sequence)
    else this.#numbers.remove(node.author, node.sequence)
  }
}

function isSubset(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  for (const item of part) if (!whole.has(item)) return false
  return true
}

/** Heads once `id` with `parents` is applied: heads - parents + id, ascending. */
export function headsAfter(
  heads: readonly DeltaId[],
  id: DeltaId,
  parents: readonly DeltaId[],
): readonly DeltaId[] {
  const left = heads.filter((head) => !parents.some((parent) => equalBytes(parent, head)))
  return [...left, id].sort(compareBytes)
}

/** Why a parent list is not one, or undefined: 1..max ids, ascending, unique, without `self`, the zero id only alone. */
export function parentsFault(
  parents: readonly Uint8Array[],
  self: Uint8Array,
  max: number,
): string | undefined {
  if (parents.length === 0) return 'no parents'
  if (parents.length > max) return `${parents.length} parents, at most ${max} allowed`
  for (const [i, parent] of parents.entries()) {
    if (isZero(parent) && parents.length > 1) return 'the zero id beside other parents'
    if (compareBytes(parent, self) === 0) return 'itself as parent'
    const before = parents[i - 1]
    if (before !== undefined && compareBytes(before, parent) >= 0) {
      return 'parents that are not ascending and unique'
    }
  }
  return undefined
}
