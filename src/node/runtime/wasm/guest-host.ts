/**
 * Runs guests in the thread it lives in: contexts with their rows and clocks, instances kept for reuse, the host's rules around each call.
 * The engine runs one in each worker; tests run one directly, with scripted time and chance.
 */
import { toMerogateError } from '../../errors.ts'
import { EMPTY } from '../../primitives/bytes.ts'
import { layoutOf } from '../artifact/layout.ts'
import type { ApplyCall, GuestCall, GuestOutcome } from '../engine.ts'
import {
  methodNotFound,
  methodSignature,
  returnedError,
  runtimeError,
  withLogs,
} from '../errors.ts'
import {
  APPLY_ALLOWANCE,
  MAX_CACHED_CONTEXTS,
  MAX_INPUT_BYTES,
  MAX_INSTANCES,
  MAX_KEPT_PAGES,
  MAX_METHOD_NAME_BYTES,
} from '../limits.ts'
import { applyPlanned, finishApply, finishExecute, prepareApply } from './around.ts'
import { Call } from './call.ts'
import { GuestClock, type GuestTime } from './guest-clock.ts'
import { BlobHandles, type GuestBlobs } from './blob-handles.ts'
import { HOST_PREFIX, MERGE_STATE_EXPORT, SYNC_EXPORT } from './inspect.ts'
import { GuestInstance } from './instance.ts'
import { type LoadedModule, moduleKey } from './loaded.ts'
import { ContextRows, overlayWrites, type StateReader } from './rows.ts'

export interface GuestHostComponents {
  readonly reader: StateReader
  readonly wallNs: () => bigint
  readonly random: (length: number) => Uint8Array
  /** @default none: blob functions answer BlobsNotSupported */
  readonly blobs?: GuestBlobs | undefined
  /** Clock of a context. @default a {@link GuestClock} over `wallNs` */
  readonly time?: (context: number) => GuestTime
}

export interface GuestHostInit {
  /** Fuel of one call. */
  readonly fuel: bigint
  /** Keep instances for the next call of the same context and executor. @default true */
  readonly reuse?: boolean
}

interface ContextSlot {
  readonly rows: ContextRows
  readonly time: GuestTime
}

/** Of a guest's own words in an error. */
const MAX_REASON_BYTES = 256

const METHOD_NAME = /^[A-Za-z0-9_]+$/

export class GuestHost {
  readonly #components: GuestHostComponents
  readonly #init: GuestHostInit
  readonly #modules = new Map<string, LoadedModule>()
  /** Both in order of last use, oldest first. */
  readonly #contexts = new Map<number, ContextSlot>()
  readonly #instances = new Map<
    string,
    { readonly context: number; readonly guest: GuestInstance }
  >()

  constructor(init: GuestHostInit, components: GuestHostComponents) {
    this.#init = init
    this.#components = components
  }

  load(module: LoadedModule): void {
    this.#modules.set(module.key, module)
  }

  /** What must be awaited before a call of this module, if anything. */
  prepare(call: Pick<GuestCall, 'context' | 'module'>): Promise<void> | undefined {
    if (!this.#module(call.module).usesIndex) return undefined
    const { rows } = this.#context(call.context.number)
    return rows.index === undefined ? rows.loadIndex() : undefined
  }

  /** See {@link GuestEngine.execute}. A call of a context comes after the previous outcome was stored or forgotten. */
  execute(call: GuestCall): GuestOutcome {
    const module = this.#module(call.module)
    checkMethod(module, call.method)
    checkInput(call.input)
    const run = this.#begin(module, call, call.input, call.readOnly ?? false, this.#init.fuel)
    return this.#guard(run, () => {
      run.fuel = run.guest.run(call.method, run.call)
      const { returned } = run.call
      if (returned?.ok === false) {
        this.#release(run)
        throw returnedError(returned.bytes)
      }
      const sent = finishExecute(module.era, run.call)
      return this.#outcome(run, sent)
    })
  }

  /** See {@link GuestEngine.apply}. */
  apply(call: ApplyCall): GuestOutcome {
    const module = this.#module(call.module)
    if (module.functions.get(SYNC_EXPORT) !== true) throw methodNotFound(SYNC_EXPORT)
    checkInput(call.artifact)
    const fuel = this.#init.fuel * BigInt(APPLY_ALLOWANCE)
    const { rows } = this.#context(call.context.number)
    const plan = prepareApply(module.era, rows, call)
    const run = this.#begin(module, { ...call, seenNs: plan.seenNs }, plan.artifact, false, fuel)
    const { native } = plan
    if (native !== undefined) {
      const canMerge = module.functions.has(MERGE_STATE_EXPORT)
      const merge = (input: Uint8Array): Uint8Array => this.#mergeState(run, input)
      return this.#guard(run, () => {
        run.call.root = applyPlanned(native, run.call, canMerge ? merge : undefined)
        return this.#outcome(run, { artifact: EMPTY, needsSignature: false })
      })
    }
    return this.#guard(run, () => {
      run.fuel = run.guest.run(SYNC_EXPORT, run.call)
      const { returned } = run.call
      if (returned?.ok === false) throw returnedError(returned.bytes)
      if (run.call.root !== undefined) {
        const joined = finishApply(plan, run.call, (input) => this.#mergeState(run, input))
        if (joined !== undefined) run.call.root = joined
      }
      return this.#outcome(run, { artifact: EMPTY, needsSignature: false })
    })
  }

  /** Drops instances and cached rows of a context; its clock stays. */
  forget(context: number): void {
    for (const [key, kept] of this.#instances)
      if (kept.context === context) this.#instances.delete(key)
    const slot = this.#contexts.get(context)
    if (slot === undefined) return
    this.#contexts.set(context, {
      time: slot.time,
      rows: new ContextRows(this.#components.reader, context),
    })
  }

  #module(hash: Uint8Array): LoadedModule {
    const module = this.#modules.get(moduleKey(hash))
    if (module === undefined) {
      throw runtimeError(
        'RUNTIME_NOT_LOADED',
        'missing',
        'the module was not loaded before the call',
      )
    }
    return module
  }

  #context(number: number): ContextSlot {
    const known = this.#contexts.get(number)
    const slot = known ?? {
      rows: new ContextRows(this.#components.reader, number),
      time: this.#components.time?.(number) ?? new GuestClock(this.#components.wallNs),
    }
    this.#contexts.delete(number)
    this.#contexts.set(number, slot)
    if (this.#contexts.size > MAX_CACHED_CONTEXTS) {
      const [oldest] = this.#contexts.keys()
      if (oldest !== undefined) this.#contexts.delete(oldest)
    }
    return slot
  }

  #begin(
    module: LoadedModule,
    call: Omit<GuestCall, 'method' | 'input' | 'readOnly'>,
    input: Uint8Array,
    readOnly: boolean,
    fuel: bigint,
  ): Run {
    const { rows, time } = this.#context(call.context.number)
    if (call.follows !== true) rows.trim()
    time.begin(call.seenNs, call.lane)
    const blobs = new BlobHandles(this.#components.blobs)
    const started = new Call({
      contextId: call.context.id,
      executor: call.executor,
      members: call.members ?? [],
      origin: call.origin,
      aliases: call.aliases,
      input,
      readOnly,
      rows,
      time,
      random: this.#components.random,
      layout: layoutOf(module.era),
      blobs,
      fuel,
    })
    // one instance per module, context and executor: SDKs may keep what they read about either
    const key = `${module.key}.${call.context.number}.${moduleKey(call.executor)}`
    const kept = this.#instances.get(key)?.guest
    this.#instances.delete(key)
    const guest = kept ?? new GuestInstance(module, started)
    return { key, context: call.context.number, rows, time, call: started, guest, fuel: 0n }
  }

  /** Leaves nothing behind when a call fails. */
  #guard(run: Run, body: () => GuestOutcome): GuestOutcome {
    try {
      return body()
    } catch (error) {
      run.rows.index?.rollback()
      throw withLogs(toMerogateError(error), run.call.logs)
    }
  }

  /**
   * Keeps the instance for the next call, unless the call wrote without committing: guests carry what they recorded over to the next
   * commit. After a throw this is not reached.
   */
  #release(run: Run): void {
    const { call, guest, key, context } = run
    const isClean = !call.wrote || call.root !== undefined
    const isSmall = guest.memory.pages <= MAX_KEPT_PAGES
    if (this.#init.reuse === false || !isClean || !isSmall || call.returned?.ok === false) return
    this.#instances.set(key, { context, guest })
    if (this.#instances.size > MAX_INSTANCES) {
      const [oldest] = this.#instances.keys()
      if (oldest !== undefined) this.#instances.delete(oldest)
    }
  }

  /**
   * Lets the guest join two versions of its state. It sees no rows: what both versions have in common, the collections, is joined entity by
   * entity already, and a guest that merged them once more would need as long as they are large. Whatever it writes is thrown away.
   */
  #mergeState(run: Run, input: Uint8Array): Uint8Array {
    const merge = new Call({ ...run.call.init, input, readOnly: true, rows: ContextRows.empty() })
    run.fuel += run.guest.run(MERGE_STATE_EXPORT, merge)
    const { returned } = merge
    // borsh enum: 00 bytes, or 01 and a text
    const bytes = returned?.bytes
    if (returned?.ok !== true || bytes === undefined || bytes.length < 5 || bytes[0] !== 0) {
      const reason = Buffer.from(bytes?.subarray(5, 5 + MAX_REASON_BYTES) ?? EMPTY).toString()
      throw runtimeError(
        'RUNTIME_ARTIFACT_INVALID',
        'guest',
        `the application cannot join this state with its own: ${reason}`,
      )
    }
    return bytes.subarray(5)
  }

  #outcome(
    run: Run,
    sent: { readonly artifact: Uint8Array; readonly needsSignature: boolean },
  ): GuestOutcome {
    const { call, rows, time } = run
    const isCommitted = call.root !== undefined
    const { readOnly, blobs } = call.init
    if (!isCommitted) call.overlay.clear()
    if (readOnly) {
      call.privateOverlay.clear()
      rows.index?.rollback()
    }
    this.#release(run)
    rows.absorb(call.overlay, call.privateOverlay)
    return {
      output: call.returned?.bytes,
      logs: call.logs,
      events: call.events,
      crossCalls: readOnly ? [] : call.crossCalls,
      requests: readOnly ? [] : call.requests,
      root: call.root,
      artifact: sent.artifact,
      needsSignature: sent.needsSignature,
      writes: overlayWrites(call.overlay),
      privateWrites: overlayWrites(call.privateOverlay),
      indexWrites: rows.index?.commit() ?? [],
      blobs: readOnly ? [] : blobs.made.map((one) => one.id),
      blobContents: readOnly ? [] : blobs.made.map((one) => one.bytes),
      lastNs: time.lastOfCall,
      fuel: run.fuel,
    }
  }
}

/** A call under way. */
interface Run {
  readonly key: string
  readonly context: number
  readonly rows: ContextRows
  readonly time: GuestTime
  readonly call: Call
  readonly guest: GuestInstance
  fuel: bigint
}

function checkMethod(module: LoadedModule, method: string): void {
  if (method.length > MAX_METHOD_NAME_BYTES || !METHOD_NAME.test(method)) {
    const text = JSON.stringify(method.slice(0, MAX_METHOD_NAME_BYTES))
    throw runtimeError(
      'RUNTIME_METHOD_NAME',
      'guest',
      `expected a method name of 1 to ${MAX_METHOD_NAME_BYTES} letters, digits and _, got ${text}`,
    )
  }
  const isPlain = module.functions.get(method)
  if (isPlain === undefined || method.startsWith(HOST_PREFIX)) throw methodNotFound(method)
  if (!isPlain) throw methodSignature(method)
}

function checkInput(input: Uint8Array): void {
  if (input.length > MAX_INPUT_BYTES) {
    throw runtimeError(
      'RUNTIME_LIMIT',
      'input',
      `expected an input of at most ${MAX_INPUT_BYTES} bytes, got ${input.length}`,
      { limit: MAX_INPUT_BYTES, got: input.length },
    )
  }
}
