/** The guest engine of the Calimero ABI: modules metered once, calls run in a pool of worker threads, each context always in the same one. */
import { availableParallelism } from 'node:os'
import { toMerogateError } from '../../errors.ts'
import type { Metrics } from '../../metrics.ts'
import { noMetrics } from '../../metrics.ts'
import { type Clock, monotonicNs, systemClock } from '../../primitives/clock.ts'
import { type Logger, silentLogger } from '../../primitives/logger.ts'
import { platform } from '#platform'
import type { StoreHolder } from '../../store/store.ts'
import type {
  ApplyCall,
  ContextRef,
  GuestCall,
  GuestEngine,
  GuestOutcome,
  ModuleInfo,
} from '../engine.ts'
import { runtimeError } from '../errors.ts'
import { CALL_DEADLINE_MS, FUEL_PER_CALL, HOT_SLICE_MS, SLICE_MS } from '../limits.ts'
import { runtimeMetrics, type RuntimeMetrics } from '../metrics.ts'
import type { Waiting } from './call-queue.ts'
import { type LoadedModule, moduleKey } from './loaded.ts'
import type { Job } from './messages.ts'
import { ModuleReader } from './module-reader.ts'
import { Places } from './places.ts'
import { WorkerSlot } from './worker-slot.ts'

export interface WasmEngineInit {
  /** Folder of the LevelDB database that holds the state rows. It is open in this process with `multithreading: true` before `start`. */
  readonly location: string
  /** Folder of the blob store's chunk files. @default none: guests get BlobsNotSupported */
  readonly blobs?: string
  /** Worker threads. @default max(2, min(4, cores)) */
  readonly workers?: number
  /** Fuel of one call in instrumented units. @default FUEL_PER_CALL */
  readonly fuel?: bigint
  /** Wall clock after which a guest's worker is terminated, ms. @default CALL_DEADLINE_MS */
  readonly deadlineMs?: number
}

export interface WasmEngineComponents {
  /** @default systemClock */
  readonly clock?: Clock
  readonly logger?: Logger
  readonly metrics?: Metrics
}

/** Worker threads when nothing is said. */
function defaultWorkers(): number {
  return Math.max(2, Math.min(4, availableParallelism()))
}

/** {@link GuestEngine} for modules of the Calimero guest ABI. */
export function wasmEngine(
  init: WasmEngineInit,
): (components: WasmEngineComponents) => GuestEngine & StoreHolder {
  return (components) => new WasmEngine(init, components)
}

class WasmEngine implements GuestEngine, StoreHolder {
  readonly #clock: Clock
  readonly #metrics: RuntimeMetrics
  readonly #places: Places
  readonly #reader: ModuleReader
  readonly #loaded = new Map<string, { readonly info: ModuleInfo; readonly module: LoadedModule }>()
  readonly #loading = new Map<string, Promise<ModuleInfo>>()

  constructor(init: WasmEngineInit, components: WasmEngineComponents) {
    const logger = (components.logger ?? silentLogger).child({ component: 'runtime' })
    const clock = components.clock ?? systemClock
    const metrics = runtimeMetrics(components.metrics ?? noMetrics)
    this.#clock = clock
    this.#metrics = metrics
    this.#reader = new ModuleReader(clock)
    let threads = 0
    const slot = (rules: { sliceMs?: number; depth?: number }): WorkerSlot =>
      new WorkerSlot({
        clock,
        logger,
        deadlineMs: init.deadlineMs ?? CALL_DEADLINE_MS,
        ...rules,
        start: () => ({
          location: init.location,
          blobs: init.blobs,
          fuel: init.fuel ?? FUEL_PER_CALL,
          modules: [...this.#loaded.values()].map(({ module }) => module),
        }),
        nextThread: () => threads++,
        onRestart: (reason) => metrics.restarts.inc({ reason }),
        onHeldUp: (context, calls) => this.#places.move(context, calls, moduleOf(calls[0]?.job)),
      })
    const workers = Math.max(1, init.workers ?? defaultWorkers())
    this.#places = new Places(
      clock,
      Array.from({ length: workers }, () => slot({ sliceMs: SLICE_MS })),
      [slot({ sliceMs: HOT_SLICE_MS, depth: 1 }), slot({ depth: 1 })],
    )
  }

  async start(): Promise<void> {
    await this.#places.start()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#places.stop(), this.#reader.stop()])
  }

  async release(): Promise<void> {
    await Promise.all(this.#places.all.map((slot) => slot.release()))
  }

  async resume(): Promise<void> {
    for (const slot of this.#places.all) slot.resume()
  }

  inspect(wasm: Uint8Array): Promise<ModuleInfo> {
    return this.#reader.inspect(wasm)
  }

  load(wasm: Uint8Array): Promise<ModuleInfo> {
    const key = moduleKey(platform.sha256(wasm))
    const known = this.#loaded.get(key)
    if (known !== undefined) return Promise.resolve(known.info)
    const running = this.#loading.get(key)
    if (running !== undefined) return running
    const loading = this.#compile(wasm).finally(() => this.#loading.delete(key))
    this.#loading.set(key, loading)
    return loading
  }

  async #compile(wasm: Uint8Array): Promise<ModuleInfo> {
    const { info, module } = await this.#reader.compile(wasm)
    this.#loaded.set(module.key, { info, module })
    // messages keep their order: a call posted later finds the module
    for (const slot of this.#places.all) slot.load(module)
    return info
  }

  info(module: Uint8Array): ModuleInfo | undefined {
    return this.#loaded.get(moduleKey(module))?.info
  }

  execute(call: GuestCall): Promise<GuestOutcome> {
    return this.#run({ kind: 'execute', call, offsetNs: this.#offsetNs() }, call)
  }

  apply(call: ApplyCall): Promise<GuestOutcome> {
    return this.#run({ kind: 'apply', call, offsetNs: this.#offsetNs() }, call)
  }

  async forget(context: ContextRef): Promise<void> {
    await this.#slot(context).forget(context.number)
  }

  /** Workers go by the process's monotonic clock, and are told what the node takes for the present. */
  #offsetNs(): bigint {
    return this.#clock.nowNs() - monotonicNs(systemClock)
  }

  async #run(job: Job, { context, module }: GuestCall | ApplyCall): Promise<GuestOutcome> {
    if (this.info(module) === undefined) {
      throw runtimeError(
        'RUNTIME_NOT_LOADED',
        'missing',
        'the module was not loaded before the call',
      )
    }
    const startedMs = this.#clock.monotonicMs()
    const labels = { call: job.kind }
    try {
      const outcome = await this.#slot(context, moduleKey(module)).run(job)
      this.#metrics.fuel.inc(labels, Number(outcome.fuel))
      return outcome
    } catch (error) {
      this.#metrics.failures.inc({ code: toMerogateError(error).code })
      throw error
    } finally {
      this.#metrics.seconds.observe((this.#clock.monotonicMs() - startedMs) / 1000, labels)
    }
  }

  #slot({ number }: ContextRef, module?: string): WorkerSlot {
    const slot = this.#places.of(number, module)
    if (slot === undefined)
      throw runtimeError('RUNTIME_STOPPED', 'internal', 'the engine has no workers')
    return slot
  }
}

/** The module that a call is of. */
function moduleOf(job: Waiting['job'] | undefined): string | undefined {
  return job === undefined || job.kind === 'forget' ? undefined : moduleKey(job.call.module)
}
