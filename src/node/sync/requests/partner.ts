/** What is known of one peer as somebody to pull from, in one context: how far its copy goes, and how it answered so far. Pure. */
import type { AuthorHeight } from '../../codec/frontier.ts'
import type { PeerId } from '../../network/network.ts'
import { type DeltaId, idKey } from '../../primitives/ids.ts'
import { FIRST_PACE, MAX_WINDOW, MIN_WINDOW } from '../limits.ts'
import { backoff } from './wanted.ts'

/** An author of whose deltas a peer says it has more than we. */
export interface Claim {
  readonly author: Uint8Array
  readonly height: bigint
  /** Numbers the peer was asked for and did not have: its author left them out, or the peer lies. */
  readonly absent: Set<bigint>
}

export class Partner {
  readonly peer: PeerId
  /** By author. */
  readonly claims: Map<string, Claim> = new Map()
  /** Heads it told us last that were not applied here. */
  heads: readonly DeltaId[] = []
  /** It told us something that its frontier must be asked for. */
  hasNews = false
  /** When its frontier was asked for last, ms, and in which turn. */
  lookedAt: number = -Infinity
  lookedTurn = -1
  /** Not to be asked before, ms. */
  notBefore = 0
  /** Wanted deltas it brought, per second; the newest answers count most. */
  #pace = FIRST_PACE
  /** When all that it brought last was looked at, ms. */
  #doneAt = -Infinity
  #failures = 0

  constructor(peer: PeerId) {
    this.peer = peer
  }

  /** Who is asked first: the greater the better. */
  get rank(): number {
    return this.#pace / (1 + this.#failures)
  }

  /** Deltas to ask for at once: about what it brings in a second. */
  get window(): number {
    return Math.round(Math.min(Math.max(this.#pace, MIN_WINDOW), MAX_WINDOW))
  }

  /** Takes its frontier: what it has above ours is what can be asked of it. */
  tell(heights: readonly AuthorHeight[], own: (author: Uint8Array) => bigint): void {
    const before = new Map(this.claims)
    this.claims.clear()
    for (const { author, height } of heights) {
      if (height <= own(author)) continue
      const key = idKey(author)
      const absent = before.get(key)?.absent ?? new Set<bigint>()
      this.claims.set(key, { author, height, absent })
    }
  }

  /** It answered with `brought` wanted deltas. What was asked of it while what it brought before was looked at began when that was done. */
  brought(brought: number, askedAt: number, now: number): void {
    const ms = now - Math.max(askedAt, this.#doneAt)
    this.#doneAt = now
    this.#pace = (this.#pace + (brought * 1000) / Math.max(ms, 5)) / 2
    if (brought > 0) this.#failures = 0
  }

  answered(): void {
    this.#failures = 0
  }

  /** It did not answer, or with nothing of use: it is left alone for 0.2 s, 0.4 s ... 60 s. */
  failed(now: number, jitter: number): void {
    this.notBefore = now + backoff(this.#failures++, jitter)
  }
}
