/** The calls of one worker thread that are not answered yet: which of them it has been given, and whose turn is next. */
import { runtimeError } from '../errors.ts'
import type { GuestOutcome } from '../engine.ts'
import { MAX_QUEUED_BYTES, MAX_QUEUED_CALLS } from '../limits.ts'
import { moduleKey } from './loaded.ts'
import type { Job } from './messages.ts'

/** A call that is not answered yet. */
export interface Waiting {
  readonly job: Job | { readonly kind: 'forget'; readonly context: number }
  readonly bytes: number
  readonly signal: AbortSignal | undefined
  /** What to do when its signal fires: whoever has it says so. */
  onGivenUp: () => void
  resolve(outcome: GuestOutcome | undefined): void
  reject(error: Error): void
}

/** Local number of the context that a call is of. */
export function contextOf({ job }: Waiting): number {
  return job.kind === 'forget' ? job.context : job.call.context.number
}

/** The method that makes a context's first state. */
const FIRST_METHOD = 'init'

/** The module of a call that is the first of its context. */
function begins({ job }: Waiting): string | undefined {
  return job.kind === 'execute' && job.call.method === FIRST_METHOD
    ? moduleKey(job.call.module)
    : undefined
}

export class CallQueue {
  /** Calls that are posted at once. */
  readonly #depth: number
  /** Posted, oldest first. */
  readonly posted: Map<number, Waiting> = new Map()
  /** Not posted yet, of each context; the one whose turn is next comes first. */
  readonly #turns = new Map<number, Waiting[]>()
  /** Calls of each context. */
  readonly #counts = new Map<number, number>()
  #size = 0
  #bytes = 0
  #nextId = 0

  constructor(depth: number) {
    this.#depth = depth
  }

  /** How many contexts have calls here. */
  get contexts(): number {
    return this.#counts.size
  }

  countOf(context: number): number {
    return this.#counts.get(context) ?? 0
  }

  /** Refuses what is too much. @throws RUNTIME_QUEUE_FULL (limit) */
  assertRoom(bytes: number): void {
    if (this.#size < MAX_QUEUED_CALLS && this.#bytes + bytes <= MAX_QUEUED_BYTES) return
    throw runtimeError('RUNTIME_QUEUE_FULL', 'limit', 'too many guest calls are waiting', {
      calls: this.#size,
      bytes: this.#bytes,
      maxCalls: MAX_QUEUED_CALLS,
      maxBytes: MAX_QUEUED_BYTES,
    })
  }

  add(waiting: Waiting): void {
    const context = contextOf(waiting)
    this.#size++
    this.#bytes += waiting.bytes
    this.#counts.set(context, this.countOf(context) + 1)
    const turn = this.#turns.get(context)
    if (turn === undefined) this.#turns.set(context, [waiting])
    else turn.push(waiting)
  }

  /** Those that may be posted now, by a number of their own; they count as posted from here on. Contexts take turns, one call each. */
  next(): readonly (readonly [number, Waiting])[] {
    const due: [number, Waiting][] = []
    while (this.posted.size < this.#depth) {
      const [first] = this.#turns
      if (first === undefined) break
      const [context, turn] = first
      const waiting = turn.shift()
      this.#turns.delete(context)
      if (turn.length > 0) this.#turns.set(context, turn)
      if (waiting === undefined) break
      const id = this.#nextId++
      this.posted.set(id, waiting)
      due.push([id, waiting])
    }
    return due
  }

  /** Takes out a posted call. */
  take(id: number): Waiting | undefined {
    const waiting = this.posted.get(id)
    if (waiting === undefined) return undefined
    this.posted.delete(id)
    this.#uncount(waiting)
    return waiting
  }

  /** Takes out all calls of a context, oldest first. */
  takeOf(context: number): readonly Waiting[] {
    const posted = [...this.posted].filter(([, waiting]) => contextOf(waiting) === context)
    for (const [id] of posted) this.take(id)
    const later = this.#turns.get(context) ?? []
    this.#turns.delete(context)
    for (const waiting of later) this.#uncount(waiting)
    return [...posted.map(([, waiting]) => waiting), ...later]
  }

  /** Other contexts that begin with the same module as that of a call, where it is the first of its own. */
  beginningLike(waiting: Waiting): readonly number[] {
    const module = begins(waiting)
    if (module === undefined) return []
    const all = [...this.posted.values(), ...[...this.#turns.values()].flat()]
    const alike = all.filter((one) => begins(one) === module).map(contextOf)
    return [...new Set(alike)].filter((context) => context !== contextOf(waiting))
  }

  /** Takes out all. */
  clear(): readonly Waiting[] {
    const all = [...this.posted.values(), ...[...this.#turns.values()].flat()]
    this.posted.clear()
    this.#turns.clear()
    this.#counts.clear()
    this.#size = 0
    this.#bytes = 0
    return all
  }

  #uncount(waiting: Waiting): void {
    const context = contextOf(waiting)
    this.#size--
    this.#bytes -= waiting.bytes
    const left = this.countOf(context) - 1
    if (left > 0) this.#counts.set(context, left)
    else this.#counts.delete(context)
  }
}
