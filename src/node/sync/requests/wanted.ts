/** Which deltas are wanted in one context, and whom to ask for them next. Pure: no I/O and no timers. */
import type { PeerId } from '../../network/network.ts'
import { type DeltaId, idKey } from '../../primitives/ids.ts'
import { MAX_WANTED_PER_CONTEXT, RETRY_MAX_MS, RETRY_MIN_MS } from '../limits.ts'

interface Wanted {
  readonly id: DeltaId
  /** Who showed us that it exists. */
  preferred: PeerId | undefined
  readonly tries: Map<PeerId, { count: number; next: number }>
  asking: boolean
  total: number
}

/** Ids to ask one peer for. */
export interface Batch {
  readonly peer: PeerId
  readonly ids: readonly DeltaId[]
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
  add(id: DeltaId, preferred: PeerId | undefined): boolean {
    const key = idKey(id)
    const known = this.#wanted.get(key)
    if (known !== undefined) {
      if (preferred !== undefined) known.preferred = preferred
      return true
    }
    if (this.#wanted.size >= MAX_WANTED_PER_CONTEXT && !this.#evict()) return false
    this.#wanted.set(key, { id, preferred, tries: new Map(), asking: false, total: 0 })
    return true
  }

  /** Forgets ids that are no longer wanted. */
  prune(known: (id: DeltaId) => boolean): void {
    for (const [key, { id, asking }] of this.#wanted) {
      if (!asking && known(id)) this.#wanted.delete(key)
    }
  }

  /** The next batch for one of `peers`: who showed us an id comes first, then whoever may be asked for most. Marks it as asked. */
  next(peers: readonly PeerId[], now: number, max: number): Batch | undefined {
    const ready = new Map<PeerId, Wanted[]>(peers.map((peer) => [peer, []]))
    let best: PeerId | undefined
    for (const wanted of this.#wanted.values()) {
      if (wanted.asking) continue
      const { preferred } = wanted
      const first =
        preferred !== undefined && !wanted.tries.has(preferred) ? ready.get(preferred) : undefined
      if (first !== undefined) {
        first.push(wanted)
        best ??= preferred
        continue
      }
      for (const [peer, list] of ready) {
        if ((wanted.tries.get(peer)?.next ?? 0) <= now) list.push(wanted)
      }
    }
    for (const [peer, list] of ready) {
      if (best === undefined || list.length > (ready.get(best)?.length ?? 0)) best = peer
    }
    const batch = (best === undefined ? [] : (ready.get(best) ?? [])).slice(0, max)
    if (best === undefined || batch.length === 0) return undefined
    for (const wanted of batch) wanted.asking = true
    return { peer: best, ids: batch.map(({ id }) => id) }
  }

  /**
   * A batch came back. Ids that are still unknown are asked of this peer again only after 0.2 s, 0.4 s ... 60 s, less up to a quarter by
   * `jitter` in 0..1.
   */
  done(
    batch: Batch,
    outcome: { readonly now: number; readonly jitter: number },
    known: (id: DeltaId) => boolean,
  ): void {
    for (const id of batch.ids) {
      const wanted = this.#wanted.get(idKey(id))
      if (wanted === undefined) continue
      wanted.asking = false
      if (known(id)) this.#wanted.delete(idKey(id))
      else backOff(wanted, batch.peer, outcome.now, outcome.jitter)
    }
  }

  /** When the next id may be asked of one of `peers`; undefined when nothing waits. */
  nextTime(peers: readonly PeerId[]): number | undefined {
    let time: number | undefined
    for (const { asking, tries } of this.#wanted.values()) {
      if (asking) continue
      for (const peer of peers) {
        const next = tries.get(peer)?.next ?? 0
        if (time === undefined || next < time) time = next
      }
    }
    return time
  }

  #evict(): boolean {
    let worst: [string, Wanted] | undefined
    for (const entry of this.#wanted) {
      if (entry[1].asking || entry[1].total === 0) continue
      if (worst === undefined || entry[1].total > worst[1].total) worst = entry
    }
    return worst !== undefined && this.#wanted.delete(worst[0])
  }
}

function backOff(wanted: Wanted, peer: PeerId, now: number, jitter: number): void {
  const tried = wanted.tries.get(peer) ?? { count: 0, next: 0 }
  const wait = Math.min(RETRY_MIN_MS * 2 ** Math.min(tried.count, 20), RETRY_MAX_MS)
  tried.count++
  tried.next = now + wait * (1 - jitter / 4)
  wanted.total++
  wanted.tries.set(peer, tried)
}
