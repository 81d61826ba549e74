/**
 * Reads, meters and compiles modules in a thread of its own: whoever brings one decides how much work it is. One after the other, each within its
 * time; a module that takes longer, or more memory than there is, is refused, and its thread ends.
 */
import { Worker } from 'node:worker_threads'
import type { MerogateError } from '../../errors.ts'
import type { Clock } from '../../primitives/clock.ts'
import type { ModuleInfo } from '../engine.ts'
import { runtimeError } from '../errors.ts'
import { MODULE_TIMEOUT_MS } from '../limits.ts'
import type { LoadedModule } from './loaded.ts'
import { type PackedError, unpackError } from './messages.ts'

/** Memory of the thread's JavaScript heap, MiB: what is known of a module of the largest size in its smallest parts. */
const MAX_HEAP_MB = 512

export interface ModuleRequest {
  readonly kind: 'inspect' | 'compile'
  readonly wasm: Uint8Array
}

export type ModuleReply =
  { readonly info: ModuleInfo; readonly module?: LoadedModule } | { readonly error: PackedError }

interface Read {
  readonly info: ModuleInfo
  readonly module?: LoadedModule
}

export class ModuleReader {
  readonly #clock: Clock
  /** The end of the last one that was asked for. */
  #last: Promise<unknown> = Promise.resolve()
  #worker: Worker | undefined
  #giveUp: ((error: Error) => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @throws RUNTIME_MODULE_INVALID, RUNTIME_IMPORT_*, RUNTIME_LIMIT (input), RUNTIME_WORKER_LOST (internal), RUNTIME_STOPPED (aborted) */
  async inspect(wasm: Uint8Array): Promise<ModuleInfo> {
    return (await this.#ask({ kind: 'inspect', wasm })).info
  }

  /** @throws as {@link inspect} */
  async compile(wasm: Uint8Array): Promise<{ info: ModuleInfo; module: LoadedModule }> {
    const { info, module } = await this.#ask({ kind: 'compile', wasm })
    if (module === undefined) throw lost()
    return { info, module }
  }

  /** Ends the thread; a later module starts another one. */
  async stop(): Promise<void> {
    const stopped = runtimeError('RUNTIME_STOPPED', 'aborted', 'the guest engine was stopped')
    await this.#end(stopped)
    await this.#last
  }

  #ask(request: ModuleRequest): Promise<Read> {
    const read = this.#last.then(() => this.#read(request))
    this.#last = read.catch(() => {})
    return read
  }

  async #read({ kind, wasm }: ModuleRequest): Promise<Read> {
    this.#worker ??= this.#spawn()
    const worker = this.#worker
    const timer = this.#clock.after(MODULE_TIMEOUT_MS, () => void this.#end(tooSlow()))
    try {
      const reply = await new Promise<ModuleReply>((resolve, reject) => {
        this.#giveUp = reject
        worker.once('message', resolve)
        // a copy of its own: what it is a view of would be copied as a whole
        worker.postMessage({ kind, wasm: new Uint8Array(wasm) } satisfies ModuleRequest)
      })
      if ('error' in reply) throw unpackError(reply.error)
      return reply
    } finally {
      this.#giveUp = undefined
      timer.cancel()
    }
  }

  #spawn(): Worker {
    const file = import.meta.url.endsWith('.ts') ? './module-worker.ts' : './module-worker.js'
    const worker = new Worker(new URL(file, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    })
    worker.unref() // it keeps no process alive
    const gone = (error: MerogateError): void => {
      if (worker === this.#worker) void this.#end(error)
    }
    worker.on('error', (cause: NodeJS.ErrnoException) =>
      gone(cause.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooLarge(cause) : lost(cause)),
    )
    worker.on('exit', () => gone(lost()))
    return worker
  }

  async #end(reason: Error): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    this.#giveUp?.(reason)
    await worker?.terminate()
  }
}

function tooSlow(): MerogateError {
  const message = `expected a module that is read within ${MODULE_TIMEOUT_MS} ms, this one takes longer`
  return runtimeError('RUNTIME_LIMIT', 'input', message, { limit: MODULE_TIMEOUT_MS })
}

function tooLarge(cause: unknown): MerogateError {
  const message = 'the module needs more memory to be read than there is for that'
  return runtimeError('RUNTIME_LIMIT', 'input', message, {}, { cause })
}

function lost(cause?: unknown): MerogateError {
  const message = 'the thread that reads modules was lost'
  return runtimeError('RUNTIME_WORKER_LOST', 'internal', message, {}, { cause })
}
