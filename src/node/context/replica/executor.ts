/**
 * The serial executor of a context: one thing after another, bounded. There is no other lock in this room. Work of one kind that waits in a row may be
 * done together, so that a burst costs one trip to the guest's thread and one batch on disk instead of one each.
 */
import { abortError } from '../../errors.ts'
import { contextError } from '../errors.ts'

/** One piece of work and whoever waits for it. */
export interface Piece<I, R> {
  readonly item: I
  /** Whoever waited gave up before the piece was kept, and was told that nothing of it is done. */
  readonly isGivenUp: boolean
  /** From now on the piece is carried out, whatever its caller's signal says. False when it was given up before: then it must not be. */
  keep(): boolean
  resolve(result: R): void
  reject(error: unknown): void
}

/** A kind of work. `process` settles every piece it is given; pieces it leaves open are rejected with its own error. */
export interface Lane<I, R> {
  /** Pieces done together at most. */
  readonly max: number
  /**
   * Its pieces let those of other lanes go first, in turn, and for a while only a quarter as many are done at a time: nobody waits for as many as somebody
   * sends. @default false
   */
  readonly yields?: boolean
  process(pieces: readonly Piece<I, R>[]): Promise<void>
}

/** Runs of a lane that yields that are a quarter as long after one of another: whoever calls now and then does not wait for a whole one each time. */
const SHORT_RUNS = 16

interface Entry {
  readonly lane: Lane<unknown, unknown>
  readonly piece: Piece<unknown, unknown>
}

/** Runs a task by itself. */
const ALONE: Lane<() => Promise<unknown>, unknown> = {
  max: 1,
  async process([piece]) {
    piece?.resolve(await piece.item())
  },
}

export class Executor {
  readonly #max: number
  #queue: Entry[] = []
  #running: Promise<void> | undefined
  #closed = false
  /** The last run went before one that yields. */
  #hasOvertaken = false
  /** Runs of what yields that are still short, because of what came before them: more of it will come. */
  #shortRuns = 0

  constructor(max: number) {
    this.#max = max
  }

  /** Pieces that wait. */
  get waiting(): number {
    return this.#queue.length
  }

  /** Runs a task alone. @throws CONTEXT_BUSY, CONTEXT_NOT_FOUND once closed */
  run<T>(task: () => Promise<T>): Promise<T> {
    // ALONE resolves with what the task did
    return this.join(ALONE, task) as Promise<T>
  }

  /**
   * Does a piece of work, together with its neighbours of the same lane. @throws CONTEXT_BUSY; CONTEXT_NOT_FOUND once closed; ABORTED when the signal
   * fires before the lane keeps the piece
   */
  join<I, R>(
    lane: Lane<I, R>,
    item: I,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<R> {
    const { signal } = options
    if (signal?.aborted === true) return Promise.reject(abortError(signal))
    if (this.#closed) {
      return Promise.reject(contextError('CONTEXT_NOT_FOUND', 'the context is closed'))
    }
    if (this.#queue.length >= this.#max) {
      return Promise.reject(
        contextError('CONTEXT_BUSY', `${this.#max} calls wait for this context: try again later`, {
          max: this.#max,
        }),
      )
    }
    return new Promise<R>((resolve, reject) => {
      let fate: 'open' | 'kept' | 'given up' = 'open'
      const giveUp = (): void => {
        if (fate !== 'open') return
        fate = 'given up'
        const at = this.#queue.findIndex((one) => one === entry)
        if (at >= 0) this.#queue.splice(at, 1)
        reject(abortError(signal))
      }
      const settled = (): void => signal?.removeEventListener('abort', giveUp)
      signal?.addEventListener('abort', giveUp)
      const piece: Piece<I, R> = {
        item,
        get isGivenUp() {
          return fate === 'given up'
        },
        keep() {
          if (fate === 'open') fate = 'kept'
          return fate === 'kept'
        },
        resolve(result) {
          settled()
          resolve(result)
        },
        reject(error) {
          settled()
          reject(error)
        },
      }
      // a lane meets only pieces that were joined to it
      const entry: { lane: unknown; piece: unknown } = { lane, piece }
      this.#queue.push(entry as Entry)
      this.#running ??= this.#drain()
    })
  }

  /** Takes no more work; resolves when the last piece is done. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #drain(): Promise<void> {
    await Promise.resolve() // whoever joined has its promise before the work begins
    for (let at = this.#next(); at !== undefined; at = this.#next()) {
      const { lane, max } = at
      let count = 1
      while (count < max && this.#queue[at.index + count]?.lane === lane) count++
      const pieces = this.#queue.splice(at.index, count).map((entry) => entry.piece)
      try {
        await lane.process(pieces)
      } catch (error) {
        // settled pieces ignore this
        for (const piece of pieces) piece.reject(error)
      }
    }
    this.#running = undefined
  }

  /** Whose turn it is, and how many pieces: the first's, or that of another lane that the first lets go before it. What runs alone passes nobody. */
  #next(): { index: number; lane: Entry['lane']; max: number } | undefined {
    const [first] = this.#queue
    if (first === undefined) return undefined
    const { lane } = first
    const isTheirTurn = this.#hasOvertaken
    this.#hasOvertaken = false
    if (lane.yields !== true) {
      if (lane !== ALONE) this.#shortRuns = SHORT_RUNS
      return { index: 0, lane, max: lane.max }
    }
    const index = isTheirTurn ? -1 : this.#queue.findIndex((entry) => entry.lane.yields !== true)
    const other = this.#queue[index]?.lane
    if (other === undefined || other === ALONE) {
      const isShort = this.#shortRuns > 0
      if (isShort) this.#shortRuns--
      return { index: 0, lane, max: isShort ? Math.ceil(lane.max / 4) : lane.max }
    }
    this.#hasOvertaken = true
    this.#shortRuns = SHORT_RUNS
    return { index, lane: other, max: other.max }
  }
}
