/**
 * What the clocks of members say, one sample each. Members may lie: one alone is heard where it can do no harm, and of several the median counts, which
 * more than half of them would have to move. See {@link MembersTime.near}.
 */
import { aheadMs, type Reckoning } from './steady-time.ts'

/** Members whose clocks are remembered; those heard last. */
export const MAX_TIME_SAMPLES = 64
/** How long a member's word about the time counts, ms. */
export const TIME_SAMPLE_MS = 600_000
/** Members within this of each other say the same, ms. */
export const AGREEING_MS = 5_000

interface Sample {
  readonly theirs: Reckoning
  /** When the member was asked, by our monotonic clock. */
  readonly askedMs: number
}

export class MembersTime {
  /** Who was heard last comes last. */
  readonly #samples = new Map<string, Sample>()
  /** What they say, ascending; undefined when it must be sorted anew. */
  #sorted: readonly Reckoning[] | undefined

  /** A member's time, by our monotonic clock. Its former word counts no more. */
  heard(member: string, theirs: Reckoning, askedMs: number): void {
    this.#sorted = undefined
    this.#samples.delete(member)
    this.#samples.set(member, { theirs, askedMs })
    for (const oldest of this.#samples.keys()) {
      if (this.#samples.size <= MAX_TIME_SAMPLES) break
      this.#samples.delete(oldest)
    }
  }

  /** Words of those asked before `ms` say nothing any more. */
  forgetBefore(ms: number): void {
    for (const [member, { askedMs }] of this.#samples) {
      if (askedMs >= ms) continue
      this.#samples.delete(member)
      this.#sorted = undefined
    }
  }

  /** Members whose word counts. */
  get size(): number {
    return this.#samples.size
  }

  /**
   * The median of what members say; of an even number of them that of the two in the middle which is nearer to ours. Undefined when none was heard.
   * @param fromMs only of those asked since
   */
  near(ours: Reckoning, fromMs: number = -Infinity): Reckoning | undefined {
    const all =
      fromMs === -Infinity
        ? (this.#sorted ??= sorted(this.#samples.values()))
        : sorted([...this.#samples.values()].filter(({ askedMs }) => askedMs >= fromMs))
    const high = all[all.length >> 1]
    const low = all[(all.length - 1) >> 1]
    if (high === undefined || low === undefined) return undefined
    return Math.abs(aheadMs(low, ours)) <= Math.abs(aheadMs(high, ours)) ? low : high
  }

  /** How many say about the same. */
  agreeing(median: Reckoning): number {
    let count = 0
    for (const { theirs } of this.#samples.values()) {
      if (Math.abs(aheadMs(theirs, median)) <= AGREEING_MS) count++
    }
    return count
  }
}

function sorted(samples: Iterable<Sample>): readonly Reckoning[] {
  return Array.from(samples, ({ theirs }) => theirs).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}
