/** Which deltas are wanted by their ids in one context, and whom to ask for them. Pure: no I/O and no timers. */
import type { PeerId } from '../../network/network.ts'
import { type DeltaId, idKey } from '../../primitives/ids.ts'
import { MAX_WANTED_IDS } from '../../codec/sync-frames.ts'
import { MAX_WANTED_PER_CONTEXT, RETRY_MAX_MS, RETRY_MIN_MS } from '../limits.ts'

/** An id that is wanted. */
export interface Wanted {
  readonly id: DeltaId
  /** When it was wanted last, in turns of whoever keeps this list. */
  turn: number
  /** Who showed us that it exists. */
  preferred: PeerId | undefined
  readonly tries: Map<PeerId, { count: number; next: number }>
  /** Who is being asked for it. */
  asked: PeerId | undefined
  total: number
}

export class WantedDeltas {
  readonly #wanted = new Map<string, Wanted>()

  get size(): number {
    return this.#wanted.size
  }

  /**
   * Notes an id; false when the context wants too many. Then the id that was asked for most often in vain gives way, so that made-up parents
   * cannot keep real ones out.
   */
  add(id: DeltaId, preferred: PeerId | undefined, turn: number): boolean {
    const key = idKey(id)
    const known = this.#wanted.get(key)
    if (known !== undefined) {
      if (preferred !== undefined) known.preferred = preferred
      return true
    }
    if (this.#wanted.size >= MAX_WANTED_PER_CONTEXT && !this.#evict()) return false
    this.#wanted.set(key, {
      ...{ id, turn, preferred, tries: new Map(), asked: undefined, total: 0 },
    })
    return true
  }

  /** Forgets ids that are no longer wanted. */
  prune(known: (id: DeltaId) => boolean): void {
    for (const [key, { id }] of this.#wanted) if (known(id)) this.#wanted.delete(key)
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

  /** Notes that a peer is being asked for some ids; returns those, at most as many as a request names. */
  ask(peer: PeerId, list: readonly Wanted[]): readonly DeltaId[] {
    const asked = list.slice(0, MAX_WANTED_IDS)
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

  /**
   * A peer answered without these ids. It is asked for them again only after 0.2 s, 0.4 s ... 60 s, less up to a quarter by `jitter` in 0..1.
   */
  missed(peer: PeerId, ids: readonly DeltaId[], now: number, jitter: number): void {
    for (const id of ids) {
      const wanted = this.#wanted.get(idKey(id))
      if (wanted === undefined) continue
      const tried = wanted.tries.get(peer) ?? { count: 0, next: 0 }
      tried.next = now + backoff(tried.count++, jitter)
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

  #evict(): boolean {
    let worst: [string, Wanted] | undefined
    for (const entry of this.#wanted) {
      if (entry[1].asked !== undefined || entry[1].total === 0) continue
      if (worst === undefined || entry[1].total > worst[1].total) worst = entry
    }
    return worst !== undefined && this.#wanted.delete(worst[0])
  }
}

/** The wait after `failures` tries that failed before this one, ms. */
export function backoff(failures: number, jitter: number): number {
  return Math.min(RETRY_MIN_MS * 2 ** Math.min(failures, 20), RETRY_MAX_MS) * (1 - jitter / 4)
}
