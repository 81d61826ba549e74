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

export interface JoinOptions {
  readonly signal?: AbortSignal | undefined
  /** Whose piece it is: those of a lane that wait together take turns, and one party has a quarter of the places. @default nobody's in particular */
  readonly party?: string | undefined
}

interface Entry {
  readonly lane: Lane<unknown, unknown>
  readonly piece: Piece<unknown, unknown>
  readonly party: string
  /** Which one of its party it is, counted from the round that ran when that party had nothing here. */
  readonly round: number
}

/** Runs a task by itself. */
const ALONE: Lane<() => Promise<unknown>, unknown> = {
  max: 1,
  async process([piece]) {
    piece?.resolve(await piece.item())
  },
}

/** A party may have this part of the places, and what is done together is this part of what it may be while several wait. */
const PARTY_SHARE = 4

export class Executor {
  readonly #max: number
  #queue: Entry[] = []
  #running: Promise<void> | undefined
  #closed = false
  /** The last run went before one that yields. */
  #hasOvertaken = false
  /** Runs of what yields that are still short, because of what came before them: more of it will come. */
  #shortRuns = 0
  /** Round of the piece that ran last. */
  #round = 0
  /** Of parties that have pieces here: how many, and the round of the last one. */
  readonly #parties = new Map<string, { count: number; round: number }>()

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
  join<I, R>(lane: Lane<I, R>, item: I, options: JoinOptions = {}): Promise<R> {
    const { signal, party } = options
    if (signal?.aborted === true) return Promise.reject(abortError(signal))
    if (this.#closed) {
      return Promise.reject(contextError('CONTEXT_NOT_FOUND', 'the context is closed'))
    }
    const max = party === undefined ? this.#max : Math.ceil(this.#max / PARTY_SHARE)
    const own = party === undefined ? 0 : (this.#parties.get(party)?.count ?? 0)
    if (this.#queue.length >= this.#max || own >= max) {
      const whose = own >= max ? ' of this caller' : ''
      const message = `${max} calls${whose} wait for this context: try again later`
      return Promise.reject(contextError('CONTEXT_BUSY', message, { max }))
    }
    return new Promise<R>((resolve, reject) => {
      let fate: 'open' | 'kept' | 'given up' = 'open'
      const giveUp = (): void => {
        if (fate !== 'open') return
        fate = 'given up'
        const at = this.#queue.findIndex((one) => one.piece === piece)
        for (const gone of at >= 0 ? this.#queue.splice(at, 1) : []) this.#left(gone)
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
      this.#insert({ lane, piece }, party)
      this.#running ??= this.#drain()
    })
  }

  /** Puts a piece behind those that wait, but for those of parties that have had more turns, back to the next one of another lane. */
  #insert({ lane, piece }: Pick<Entry, 'lane' | 'piece'>, party = ''): void {
    const known = this.#parties.get(party) ?? { count: 0, round: this.#round }
    known.count++
    known.round = Math.max(known.round, this.#round) + 1
    this.#parties.set(party, known)
    const entry = { lane, piece, party, round: known.round }
    let at = this.#queue.length
    for (; at > 0; at--) {
      const before = this.#queue[at - 1]
      if (before?.lane !== lane || before.round <= entry.round) break
    }
    this.#queue.splice(at, 0, entry)
  }

  /** A piece waits no more. */
  #left({ party }: Entry): void {
    const known = this.#parties.get(party)
    if (known === undefined) return
    known.count--
    if (known.count === 0) this.#parties.delete(party)
  }

  /** Takes no more work; resolves when the last piece is done. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #drain(): Promise<void> {
    await Promise.resolve() // whoever joined has its promise before the work begins
    for (let at = this.#next(); at !== undefined; at = this.#next()) {
      const { lane } = at
      // where several wait, none waits for as many of another
      const named = this.#parties.size - (this.#parties.has('') ? 1 : 0)
      const max = named > 1 ? Math.ceil(at.max / PARTY_SHARE) : at.max
      let count = 1
      while (count < max && this.#queue[at.index + count]?.lane === lane) count++
      const taken = this.#queue.splice(at.index, count)
      for (const entry of taken) {
        this.#left(entry)
        this.#round = Math.max(this.#round, entry.round)
      }
      const pieces = taken.map(({ piece }) => piece)
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
