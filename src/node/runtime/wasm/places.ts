/**
 * Where the guest of each context runs. At home in one of the pool's threads, always the same, where its rows are cached and its calls stay in
 * order. A guest that holds up those of other contexts there is hot: it moves to a thread that hot ones have to themselves, and when it holds up
 * those as well, on to another one, where contexts take turns. It comes home when it has not been in anybody's way for a while. Rows of a context
 * are cached in one thread at a time: the one it leaves ends, or forgets them. What comes new of a module whose guests were hot is hot from the start.
 */
import type { Clock } from '../../primitives/clock.ts'
import { HOT_MAX_MS, HOT_MIN_MS, MAX_HOT_MODULES } from '../limits.ts'
import type { Waiting } from './call-queue.ts'
import type { WorkerSlot } from './worker-slot.ts'

/** What is asked of a thread here. */
type Place = Pick<WorkerSlot, 'start' | 'stop' | 'forget' | 'adopt' | 'waitingOf'>

/** A context that is hot, or was of late. */
interface Heat<P> {
  /** The place among the hot ones; undefined: it has come home. */
  lane: P | undefined
  /** How long it stays this time, ms: doubled each time. */
  stayMs: number
  untilMs: number
}

export class Places<P extends Place = WorkerSlot> {
  readonly #clock: Clock
  readonly #home: readonly P[]
  readonly #hot: readonly P[]
  /** Index of each context's thread at home, by local number. */
  readonly #indexes = new Map<number, number>()
  readonly #heat = new Map<number, Heat<P>>()
  /** Until when new contexts of a module begin among the hot ones, ms; what was hot last comes last. */
  readonly #hotModules = new Map<string, number>()

  /** @param hot the first of them takes what comes from home; each next one what held up others in the one before */
  constructor(clock: Clock, home: readonly P[], hot: readonly P[]) {
    this.#clock = clock
    this.#home = home
    this.#hot = hot
  }

  get all(): readonly P[] {
    return [...this.#home, ...this.#hot]
  }

  /** Starts the threads at home; those for hot contexts start when there are such. */
  async start(): Promise<void> {
    await Promise.all(this.#home.map((slot) => slot.start()))
  }

  async stop(): Promise<void> {
    this.#heat.clear()
    await Promise.all(this.all.map((slot) => slot.stop()))
  }

  /** Where a context's next call goes. */
  of(context: number, module?: string): P | undefined {
    const isNew = !this.#heat.has(context) && !this.#indexes.has(context)
    if (isNew && module !== undefined && this.#isHot(module)) this.#heatUp(context)?.adopt([])
    return this.#heat.get(context)?.lane ?? this.#home[this.#indexOf(context)]
  }

  // Contexts take the threads in turn: the numbers themselves follow patterns, such as every second one being a group's, that would leave threads idle.
  #indexOf(context: number): number {
    const at = this.#indexes.get(context) ?? this.#indexes.size % this.#home.length
    this.#indexes.set(context, at)
    return at
  }

  #isHot(module: string): boolean {
    return (this.#hotModules.get(module) ?? -Infinity) > this.#clock.monotonicMs()
  }

  /** A context held up others where it was: its calls go on elsewhere. */
  move(context: number, calls: readonly Waiting[], module?: string): void {
    if (module !== undefined) {
      this.#hotModules.delete(module)
      this.#hotModules.set(module, this.#clock.monotonicMs() + HOT_MAX_MS)
      const [oldest] = this.#hotModules.keys()
      if (this.#hotModules.size > MAX_HOT_MODULES && oldest !== undefined) {
        this.#hotModules.delete(oldest)
      }
    }
    this.#heatUp(context)?.adopt(calls)
  }

  #heatUp(context: number): P | undefined {
    const heat = this.#heat.get(context)
    const at = heat?.lane === undefined ? -1 : this.#hot.indexOf(heat.lane)
    const lane = this.#hot[Math.min(at + 1, this.#hot.length - 1)]
    const stayMs = Math.min(HOT_MAX_MS, heat === undefined ? HOT_MIN_MS : heat.stayMs * 2)
    const next: Heat<P> = { lane, stayMs, untilMs: this.#clock.monotonicMs() + stayMs }
    this.#heat.set(context, next)
    this.#look(context, next)
    return lane
  }

  /** Looks at the end of its time whether a context may come home, or be forgotten to have been hot. */
  #look(context: number, heat: Heat<P>): void {
    const leftMs = Math.max(HOT_MIN_MS / 10, heat.untilMs - this.#clock.monotonicMs())
    this.#clock.after(leftMs, () => {
      if (this.#heat.get(context) !== heat) return
      const { lane } = heat
      if (lane === undefined) {
        this.#heat.delete(context)
        return
      }
      if (lane.waitingOf(context) === 0) {
        heat.lane = undefined
        heat.untilMs = this.#clock.monotonicMs() + HOT_MAX_MS
        this.#leave(context, lane)
      }
      this.#look(context, heat)
    })
  }

  #leave(context: number, lane: P): void {
    const isEmpty = ![...this.#heat.values()].some((heat) => heat.lane === lane)
    const left = isEmpty ? lane.stop() : lane.forget(context)
    left.catch(() => {}) // a thread that ends has forgotten everything
  }
}
