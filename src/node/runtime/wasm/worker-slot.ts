/**
 * One place of the pool: a worker thread, the calls it was given, and a watch on the first of them. Calls are answered in the order in which
 * they are posted, so the first one is the one that runs. When it overruns its time, which is short once nobody waits for it, the thread is
 * terminated, that call fails, and the others run again on a new thread: none of them has left anything behind. A guest that holds up those of
 * other contexts is taken out the same way, but with all calls of its context, and these run again somewhere else.
 */
import { Worker } from 'node:worker_threads'
import { abortError, isMerogateError } from '../../errors.ts'
import type { Clock, Timer } from '../../primitives/clock.ts'
import type { Logger } from '../../primitives/logger.ts'
import type { GuestOutcome } from '../engine.ts'
import { deadlineExceeded, runtimeError, withLogs } from '../errors.ts'
import { APPLY_ALLOWANCE, GIVEN_UP_MS, POSTED_CALLS } from '../limits.ts'
import { CallQueue, contextOf, type Waiting } from './call-queue.ts'
import type { LoadedModule } from './loaded.ts'
import {
  type Job,
  packJob,
  type Reply,
  type Request,
  unpackError,
  unpackOutcome,
  type WorkerStart,
} from './messages.ts'

/** Memory of a worker's JavaScript heap, MiB; guests' linear memory is beside it. */
const MAX_HEAP_MB = 512
/** Stack of a worker, MiB. Guests' own shadow stack runs out first. */
const STACK_MB = 4
/** Restarts in a row without one answered call before a slot gives up. */
const MAX_RESTARTS = 3

export interface WorkerSlotInit {
  readonly clock: Clock
  readonly logger: Logger
  readonly deadlineMs: number
  /** How long a guest may hold up those of other contexts, ms. @default as long as it may run */
  readonly sliceMs?: number | undefined
  /** Calls that its thread has at once; of the others one of each context is next in turn. @default POSTED_CALLS */
  readonly depth?: number
  /** Data of a new thread, with all modules loaded by now. */
  readonly start: () => WorkerStart
  /** A number that no thread of the pool has had. */
  readonly nextThread: () => number
  /** A thread was lost. `given-up`: its guest ran on although nobody waited for it; `moved`: it held up other contexts. */
  readonly onRestart: (reason: 'deadline' | 'given-up' | 'crash' | 'moved') => void
  /** A context held up others for longer than a slice: its calls, oldest first, are to run elsewhere. */
  readonly onHeldUp?: (context: number, calls: readonly Waiting[]) => void
}

export class WorkerSlot {
  readonly #init: WorkerSlotInit
  readonly #queue: CallQueue
  #worker: Worker | undefined
  /** Ends `start()`: a thread is ready, or the slot gave up or was stopped. */
  #started: () => void = () => {}
  /** Whether the thread takes calls by now. */
  #isReady = false
  #timer: Timer | undefined
  #slice: Timer | undefined
  /** When the call that runs began, ms. */
  #sinceMs = 0
  #restarts = 0
  /** The present thread. */
  #thread = 0
  #stopped = true
  /** Its thread is away so that the database can be closed; calls wait. */
  #released = false
  /** Threads that are being ended: each holds the database open until it is. */
  readonly #ending = new Set<Promise<unknown>>()
  /** Why the slot gave up. */
  #failure: Error | undefined

  constructor(init: WorkerSlotInit) {
    this.#init = init
    this.#queue = new CallQueue(init.depth ?? POSTED_CALLS)
  }

  get isStopped(): boolean {
    return this.#stopped
  }

  /** Calls of a context that are not answered yet. */
  waitingOf(context: number): number {
    return this.#queue.countOf(context)
  }

  /** Starts the thread; resolves when it takes calls. @throws RUNTIME_WORKER_LOST (internal) when it cannot start */
  async start(): Promise<void> {
    this.#stopped = false
    this.#failure = undefined
    this.#restarts = 0
    await new Promise<void>((resolve) => {
      this.#started = resolve
      if (this.#released) resolve()
      else this.#spawn()
    })
    this.#throwFailure()
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#unwatch()
    const worker = this.#worker
    this.#worker = undefined
    this.#failAll(runtimeError('RUNTIME_STOPPED', 'aborted', 'the guest engine was stopped'))
    this.#started()
    if (worker !== undefined) this.#end(worker)
    await Promise.all(this.#ending)
  }

  /** Ends the thread, which holds the database open; calls wait, and run on a new one after {@link resume}. */
  async release(): Promise<void> {
    this.#released = true
    this.#unwatch()
    const worker = this.#worker
    this.#worker = undefined
    if (worker !== undefined) this.#end(worker)
    await Promise.all(this.#ending)
  }

  resume(): void {
    if (!this.#released) return
    this.#released = false
    if (!this.#stopped) this.#spawn()
  }

  #end(worker: Worker): void {
    const ending = worker.terminate().finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }

  load(module: LoadedModule): void {
    this.#post({ kind: 'load', module })
  }

  /** Runs a call. @throws RUNTIME_QUEUE_FULL (limit), RUNTIME_DEADLINE (guest), RUNTIME_WORKER_LOST (internal), RUNTIME_STOPPED, ABORTED */
  async run(job: Job): Promise<GuestOutcome> {
    const isExecute = job.kind === 'execute'
    const bytes = isExecute ? job.call.input.length : job.call.artifact.length
    const outcome = await this.#enqueue(job, bytes, isExecute ? job.call.signal : undefined)
    if (outcome === undefined) throw runtimeError('RUNTIME_WORKER_LOST', 'internal', 'no outcome')
    return outcome
  }

  async forget(context: number): Promise<void> {
    await this.#enqueue({ kind: 'forget', context }, 0)
  }

  #enqueue(
    job: Waiting['job'],
    bytes: number,
    signal?: AbortSignal,
  ): Promise<GuestOutcome | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) {
        throw runtimeError('RUNTIME_STOPPED', 'aborted', 'the guest engine is not started')
      }
      this.#queue.assertRoom(bytes)
      const giveUp = (): void => waiting.onGivenUp()
      const settled = (): void => signal?.removeEventListener('abort', giveUp)
      const waiting: Waiting = {
        ...{ job, bytes, signal, onGivenUp: () => {} },
        resolve(outcome) {
          settled()
          resolve(outcome)
        },
        reject(error) {
          settled()
          reject(error)
        },
      }
      signal?.addEventListener('abort', giveUp)
      this.#add(waiting)
    })
  }

  /** Takes over calls that waited elsewhere, and starts when it was stopped. */
  adopt(calls: readonly Waiting[]): void {
    if (this.#stopped) this.start().catch(() => {}) // then whoever waits is told
    for (const waiting of calls) this.#add(waiting)
  }

  #add(waiting: Waiting): void {
    // one that waits keeps its place: the thread has it already, and what comes after it may see what it wrote
    waiting.onGivenUp = () => {
      const [first] = this.#queue.posted.values()
      if (first === waiting) this.#watch(this.#sinceMs)
    }
    this.#queue.add(waiting)
    this.#goOn()
    this.#watchSlice()
  }

  #goOn(): void {
    const isIdle = this.#queue.posted.size === 0
    for (let due = this.#queue.next(); due.length > 0; due = this.#queue.next()) {
      for (const [id, { job, signal }] of due) {
        // the thread has not heard of it
        if (signal?.aborted === true) this.#queue.take(id)?.reject(abortError(signal))
        else this.#post(message(id, job))
      }
    }
    if (isIdle) this.#watch()
  }

  #post(request: Request): void {
    this.#worker?.postMessage(request)
  }

  #spawn(): void {
    this.#thread = this.#init.nextThread()
    this.#isReady = false
    const worker = new Worker(
      new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url),
      {
        workerData: this.#init.start(),
        resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, stackSizeMb: STACK_MB },
      },
    )
    this.#worker = worker
    worker.on('message', (reply: Reply) => {
      if (worker === this.#worker) this.#answer(reply)
    })
    worker.on('error', (error) => {
      if (worker === this.#worker) this.#lost(error)
    })
    // an `error` event comes before `exit`, and has replaced the worker by then
    worker.on('exit', (code) => {
      if (worker === this.#worker) this.#lost(new RangeError(`exit code ${code}`))
    })
    for (const [id, { job, signal }] of this.#queue.posted) {
      // a new thread knows nothing of what was given up, and need not
      if (signal?.aborted === true) this.#queue.take(id)?.reject(abortError(signal))
      else this.#post(message(id, job))
    }
    this.#goOn()
  }

  #answer(reply: Reply): void {
    if (reply.kind === 'ready') {
      this.#started()
      this.#isReady = true
      this.#watch() // the time of the first call begins now
      return
    }
    const waiting = this.#queue.take(reply.id)
    if (waiting === undefined) return
    this.#restarts = 0
    this.#goOn()
    this.#watch()
    if (reply.kind === 'done') {
      waiting.resolve({ ...unpackOutcome(reply.outcome), thread: this.#thread })
    } else if (reply.kind === 'forgotten') waiting.resolve(undefined)
    else waiting.reject(withLogs(unpackError(reply.error), reply.logs))
  }

  #unwatch(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#slice?.cancel()
    this.#slice = undefined
  }

  /** Begins to measure the time of the call that runs now, if any. */
  #watch(sinceMs: number = this.#init.clock.monotonicMs()): void {
    this.#unwatch()
    const [first] = this.#queue.posted
    if (first === undefined || this.#released) return
    const [id, { job, signal }] = first
    this.#sinceMs = sinceMs
    const allowed = this.#init.deadlineMs * (job.kind === 'apply' ? APPLY_ALLOWANCE : 1)
    const limit = signal?.aborted === true ? Math.min(GIVEN_UP_MS, allowed) : allowed
    this.#timer = this.#init.clock.after(limit, () => {
      // if this thread was busy itself, the answer may lie in the queue: look at that first
      setImmediate(() => this.#overrun(id, limit))
    })
    this.#watchSlice()
  }

  /** Looks again when the call that runs has had its slice, if calls of other contexts wait for it. */
  #watchSlice(): void {
    const { clock, sliceMs } = this.#init
    const [id] = this.#queue.posted.keys()
    if (sliceMs === undefined || id === undefined || this.#slice !== undefined) return
    if (!this.#isReady || this.#released || this.#queue.contexts < 2) return
    const left = Math.max(0, this.#sinceMs + sliceMs - clock.monotonicMs())
    this.#slice = clock.after(left, () => setImmediate(() => this.#endSlice(id)))
  }

  /** The context that runs holds up others: its calls go elsewhere, with those of others that are about to do the same, and its thread ends. */
  #endSlice(id: number): void {
    const [first] = this.#queue.posted
    if (this.#stopped || this.#released || first?.[0] !== id || this.#queue.contexts < 2) return
    const moved = [contextOf(first[1]), ...this.#queue.beginningLike(first[1])].map(
      (context) => [context, this.#queue.takeOf(context)] as const,
    )
    this.#init.onRestart('moved')
    this.#replace()
    for (const [context, calls] of moved) this.#init.onHeldUp?.(context, calls)
  }

  #overrun(id: number, limitMs: number): void {
    const [first] = this.#queue.posted.keys()
    if (this.#stopped || first !== id) return
    const waiting = this.#queue.take(id)
    const isGivenUp = waiting?.signal?.aborted === true
    this.#init.onRestart(isGivenUp ? 'given-up' : 'deadline')
    this.#replace()
    waiting?.reject(isGivenUp ? abortError(waiting.signal) : deadlineExceeded(limitMs))
  }

  /** The thread died by itself: out of memory, or a bug. The call that ran pays for it. */
  #lost(error: unknown): void {
    this.#init.logger.error({ err: error }, 'guest worker lost')
    this.#init.onRestart('crash')
    const [first] = this.#queue.posted.keys()
    const waiting = first === undefined ? undefined : this.#queue.take(first)
    const failure = runtimeError(
      'RUNTIME_WORKER_LOST',
      'internal',
      'the guest worker was lost',
      {},
      { cause: error },
    )
    this.#restarts++
    if (this.#restarts > MAX_RESTARTS) {
      this.#worker = undefined
      this.#stopped = true
      this.#failure = failure
      this.#failAll(failure)
      this.#started()
    } else {
      this.#replace()
    }
    waiting?.reject(isMerogateError(error) ? error : failure)
  }

  #replace(): void {
    const old = this.#worker
    this.#unwatch()
    this.#spawn()
    // nobody waits for it: its last messages are ignored
    if (old !== undefined) this.#end(old)
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#queue.clear()) reject(error)
  }
}

function message(id: number, job: Waiting['job']): Request {
  return job.kind === 'forget' ? { ...job, id } : packJob(id, job)
}
