/**
 * One place of the pool: a worker thread, the calls it was given, and a watch on the first of them. Calls are posted at once and answered in
 * order, so the first one waiting is the one that runs. When it overruns its time, which is short once nobody waits for it, the thread is
 * terminated, that call fails, and the others run again on a new thread: none of them has left anything behind.
 */
import { Worker } from 'node:worker_threads'
import { abortError, isMerogateError } from '../../errors.ts'
import type { Clock, Timer } from '../../primitives/clock.ts'
import type { Logger } from '../../primitives/logger.ts'
import type { GuestOutcome } from '../engine.ts'
import { deadlineExceeded, runtimeError, withLogs } from '../errors.ts'
import { APPLY_ALLOWANCE, GIVEN_UP_MS, MAX_QUEUED_BYTES, MAX_QUEUED_CALLS } from '../limits.ts'
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
  /** Data of a new thread, with all modules loaded by now. */
  readonly start: () => WorkerStart
  /** A thread was lost. `given-up`: its guest ran on although nobody waited for it. */
  readonly onRestart: (reason: 'deadline' | 'given-up' | 'crash') => void
}

interface Waiting {
  readonly job: Job | { readonly kind: 'forget'; readonly context: number }
  readonly bytes: number
  readonly signal: AbortSignal | undefined
  readonly resolve: (outcome: GuestOutcome | undefined) => void
  readonly reject: (error: Error) => void
}

export class WorkerSlot {
  readonly #init: WorkerSlotInit
  /** Posted and unanswered, oldest first. */
  readonly #waiting = new Map<number, Waiting>()
  #bytes = 0
  #nextId = 0
  #worker: Worker | undefined
  /** Ends `start()`: a thread is ready, or the slot gave up or was stopped. */
  #started: () => void = () => {}
  #timer: Timer | undefined
  #restarts = 0
  /** Grows with every thread that is started here. */
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
  }

  /** Starts the thread; resolves when it takes calls. @throws RUNTIME_WORKER_LOST (internal) when it cannot start */
  async start(): Promise<void> {
    this.#stopped = false
    this.#failure = undefined
    this.#restarts = 0
    await new Promise<void>((resolve) => {
      this.#started = resolve
      this.#spawn()
    })
    this.#throwFailure()
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
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
    this.#timer?.cancel()
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
    const signal = isExecute ? job.call.signal : undefined
    // one that waits keeps its place: the thread has it already, and what comes after it may see what it wrote
    const giveUp = (): void => {
      const [first] = this.#waiting.values()
      if (first?.signal === signal) this.#watch()
    }
    signal?.addEventListener('abort', giveUp)
    const outcome = await this.#enqueue(job, bytes, signal).finally(() =>
      signal?.removeEventListener('abort', giveUp),
    )
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
      if (this.#waiting.size >= MAX_QUEUED_CALLS || this.#bytes + bytes > MAX_QUEUED_BYTES) {
        throw runtimeError('RUNTIME_QUEUE_FULL', 'limit', 'too many guest calls are waiting', {
          calls: this.#waiting.size,
          bytes: this.#bytes,
          maxCalls: MAX_QUEUED_CALLS,
          maxBytes: MAX_QUEUED_BYTES,
        })
      }
      const id = this.#nextId++
      this.#waiting.set(id, { job, bytes, signal, resolve, reject })
      this.#bytes += bytes
      if (this.#waiting.size === 1) this.#watch()
      this.#post(message(id, job))
    })
  }

  #post(request: Request): void {
    this.#worker?.postMessage(request)
  }

  #spawn(): void {
    this.#thread++
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
    for (const [id, { job, signal }] of this.#waiting) {
      // a new thread knows nothing of what was given up, and need not
      if (signal?.aborted === true) this.#take(id)?.reject(abortError(signal))
      else this.#post(message(id, job))
    }
  }

  #answer(reply: Reply): void {
    if (reply.kind === 'ready') {
      this.#started()
      this.#watch() // the time of the first call begins now
      return
    }
    const waiting = this.#take(reply.id)
    if (waiting === undefined) return
    this.#restarts = 0
    this.#watch()
    if (reply.kind === 'done') {
      waiting.resolve({ ...unpackOutcome(reply.outcome), thread: this.#thread })
    } else if (reply.kind === 'forgotten') waiting.resolve(undefined)
    else waiting.reject(withLogs(unpackError(reply.error), reply.logs))
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return undefined
    this.#waiting.delete(id)
    this.#bytes -= waiting.bytes
    return waiting
  }

  /** Begins to measure the time of the call that runs now, if any. */
  #watch(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const [first] = this.#waiting
    if (first === undefined || this.#released) return
    const [id, { job, signal }] = first
    const allowed = this.#init.deadlineMs * (job.kind === 'apply' ? APPLY_ALLOWANCE : 1)
    const limit = signal?.aborted === true ? Math.min(GIVEN_UP_MS, allowed) : allowed
    this.#timer = this.#init.clock.after(limit, () => {
      // if this thread was busy itself, the answer may lie in the queue: look at that first
      setImmediate(() => this.#overrun(id, limit))
    })
  }

  #overrun(id: number, limitMs: number): void {
    const [first] = this.#waiting.keys()
    if (this.#stopped || first !== id) return
    const waiting = this.#take(id)
    const isGivenUp = waiting?.signal?.aborted === true
    this.#init.onRestart(isGivenUp ? 'given-up' : 'deadline')
    this.#replace()
    waiting?.reject(isGivenUp ? abortError(waiting.signal) : deadlineExceeded(limitMs))
  }

  /** The thread died by itself: out of memory, or a bug. The call that ran pays for it. */
  #lost(error: unknown): void {
    this.#init.logger.error({ err: error }, 'guest worker lost')
    this.#init.onRestart('crash')
    const [first] = this.#waiting.keys()
    const waiting = first === undefined ? undefined : this.#take(first)
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
    this.#timer?.cancel()
    this.#spawn()
    // nobody waits for it: its last messages are ignored
    if (old !== undefined) this.#end(old)
  }

  #failAll(error: Error): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    this.#bytes = 0
    for (const { reject } of waiting) reject(error)
  }
}

function message(id: number, job: Waiting['job']): Request {
  return job.kind === 'forget' ? { ...job, id } : packJob(id, job)
}
