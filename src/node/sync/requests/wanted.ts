/** Which deltas are wanted by their ids in one context, and whom to ask for them. Pure: no I/O and no timers. */
import type { PeerId } from '../../network/network.ts'
import { type DeltaId, idKey } from '../../primitives/ids.ts'
import {
  DOUBTED_TRIES,
  MAX_ASKED_IDS,
  MAX_WANTED_PER_CONTEXT,
  MAX_WANTED_PER_PEER,
  RETRY_MAX_MS,
  RETRY_MIN_MS,
} from '../limits.ts'

/** An id that is wanted. */
export interface Wanted {
  readonly id: DeltaId
  /** When it was wanted last, in turns of whoever keeps this list. */
  turn: number
  /** Who showed us that it exists. */
  preferred: PeerId | undefined
  /** Whose share it takes: of who named it first. */
  readonly share: PeerId | undefined
  readonly tries: Map<PeerId, { count: number; next: number }>
  /** Who is being asked for it. */
  asked: PeerId | undefined
  /** Who showed it has it not: somebody named what nobody made, or lost it. */
  isDoubted: boolean
  total: number
}

export class WantedDeltas {
  readonly #wanted = new Map<string, Wanted>()
  /** How many each peer named that are still wanted. */
  readonly #shares = new Map<PeerId, number>()
  /** Where the last sweep ended. */
  #sweep: Iterator<Wanted, undefined> | undefined

  get size(): number {
    return this.#wanted.size
  }

  /**
   * Notes an id; false when the context, or who names it, wants too many. Then the id that was asked for most often in vain gives way, so that
   * made-up parents cannot keep real ones out: in a share that is used up one of the same share.
   */
  add(id: DeltaId, preferred: PeerId | undefined, turn: number): boolean {
    const key = idKey(id)
    const known = this.#wanted.get(key)
    if (known !== undefined) {
      if (preferred !== undefined) known.preferred = preferred
      return true
    }
    const share = preferred
    const taken = share === undefined ? 0 : (this.#shares.get(share) ?? 0)
    if (taken >= MAX_WANTED_PER_PEER && !this.#evict(share)) return false
    if (this.#wanted.size >= MAX_WANTED_PER_CONTEXT && !this.#evict()) return false
    this.#wanted.set(key, {
      ...{
        id,
        turn,
        preferred,
        share,
        tries: new Map(),
        asked: undefined,
        isDoubted: false,
        total: 0,
      },
    })
    if (share !== undefined) this.#shares.set(share, (this.#shares.get(share) ?? 0) + 1)
    return true
  }

  /** An id is here: it is wanted no more. */
  drop(id: DeltaId): void {
    const key = idKey(id)
    const wanted = this.#wanted.get(key)
    if (wanted === undefined) return
    this.#wanted.delete(key)
    const { share } = wanted
    if (share === undefined) return
    const left = (this.#shares.get(share) ?? 1) - 1
    if (left > 0) this.#shares.set(share, left)
    else this.#shares.delete(share)
  }

  /** Looks at so many ids, others each time, and forgets those that are here. Each costs a look at the disk, and most are told of by {@link drop}. */
  prune(known: (id: DeltaId) => boolean, most: number): void {
    for (let left = Math.min(most, this.#wanted.size); left > 0; left--) {
      this.#sweep ??= this.#wanted.values()
      const next: IteratorResult<Wanted, undefined> = this.#sweep.next()
      if (next.done === true) this.#sweep = undefined
      else if (known(next.value.id)) this.drop(next.value.id)
    }
  }

  /** What a peer may be asked for now: ids that it showed us, and those that who showed them did not have or cannot be asked for. */
  ready(peer: PeerId, now: number, canAsk: (peer: PeerId) => boolean): readonly Wanted[] {
    const ready: Wanted[] = []
    for (const wanted of this.#wanted.values()) {
      const { preferred, tries } = wanted
      if (wanted.asked !== undefined || (tries.get(peer)?.next ?? 0) > now) continue
      const others =
        preferred !== undefined && preferred !== peer && !tries.has(preferred) && canAsk(preferred)
      if (!others) ready.push(wanted)
    }
    return ready
  }

  /** Notes that a peer is being asked for some ids; returns those, at most as many as a request names, and none that is here. */
  ask(
    peer: PeerId,
    list: readonly Wanted[],
    known: (id: DeltaId) => boolean = () => false,
  ): readonly DeltaId[] {
    const asked: Wanted[] = []
    for (const wanted of list) {
      if (asked.length >= MAX_ASKED_IDS) break
      if (known(wanted.id)) this.drop(wanted.id)
      else asked.push(wanted)
    }
    for (const wanted of asked) wanted.asked = peer
    return asked.map(({ id }) => id)
  }

  /** A peer that is being asked fell silent: somebody else may be asked for the same. */
  release(peer: PeerId, ids: readonly DeltaId[]): void {
    for (const id of ids) {
      const wanted = this.#wanted.get(idKey(id))
      if (wanted?.asked === peer) wanted.asked = undefined
    }
  }

  has(id: DeltaId): boolean {
    return this.#wanted.has(idKey(id))
  }

  /**
   * A peer answered without these ids, or not to the end. It is asked for them again only after 0.2 s, 0.4 s ... 60 s, less up to a quarter by `jitter` in
   * 0..1: who shows a delta has what it builds on, so for one that even that peer lacks all are asked as if they had lacked it some times already.
   */
  missed(
    peer: PeerId,
    ids: readonly DeltaId[],
    { now, jitter, isWhole }: { now: number; jitter: number; isWhole: boolean },
  ): void {
    for (const id of ids) {
      const wanted = this.#wanted.get(idKey(id))
      if (wanted === undefined) continue
      const tried = wanted.tries.get(peer) ?? { count: 0, next: 0 }
      wanted.isDoubted ||= isWhole && wanted.share === peer
      const failures = tried.count++ + (wanted.isDoubted ? DOUBTED_TRIES : 0)
      tried.next = now + backoff(failures, jitter)
      wanted.total++
      wanted.tries.set(peer, tried)
    }
  }

  /** When the next id may be asked of a peer; undefined when nothing waits. */
  nextTime(peer: PeerId): number | undefined {
    let time: number | undefined
    for (const { asked, tries } of this.#wanted.values()) {
      const next = tries.get(peer)?.next ?? 0
      if (asked === undefined && (time === undefined || next < time)) time = next
    }
    return time
  }

  /** Of one share, or of all. */
  #evict(share?: PeerId): boolean {
    let worst: Wanted | undefined
    for (const wanted of this.#wanted.values()) {
      if (wanted.asked !== undefined || wanted.total === 0) continue
      if (share !== undefined && wanted.share !== share) continue
      if (worst === undefined || wanted.total > worst.total) worst = wanted
    }
    if (worst !== undefined) this.drop(worst.id)
    return worst !== undefined
  }
}

/** The wait after `failures` tries that failed before this one, ms. */
export function backoff(failures: number, jitter: number): number {
  return Math.min(RETRY_MIN_MS * 2 ** Math.min(failures, 20), RETRY_MAX_MS) * (1 - jitter / 4)
}
