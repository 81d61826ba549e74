/** A module that is running: its memory and globals are brought to the state that a message begins with, and taken from it when it ends. */
import { WASM, type WasmGlobal } from '../../../node/runtime/wasm/webassembly.ts'
import { ADDED } from '../../wasm/rewrite.ts'
import { Trap } from '../errors.ts'
import { PAGE } from '../parameters.ts'
import type { CanisterCode } from './code.ts'
import { type HeapState, NO_HEAP } from './memory.ts'

/** A function of a table, and what it is called with. */
export interface Closure {
  readonly index: number | bigint
  readonly environment: number | bigint
}

/** What is called: an export, or a function of the table. */
export type Entry = string | Closure

/** Parts of WebAssembly's interface that this room alone uses. */
interface GrowableMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number | bigint): unknown
}
interface Table {
  get(index: number | bigint): ((environment: number | bigint) => void) | null
}
interface AnyGlobal {
  value: number | bigint
}

export class Instance {
  readonly code: CanisterCode
  readonly #memory: GrowableMemory
  readonly #table: Table | undefined
  readonly #globals: readonly AnyGlobal[]
  readonly #meter: WasmGlobal
  readonly #stack: WasmGlobal
  readonly #stackLimit: bigint
  readonly #exports: Readonly<Record<string, unknown>>
  /** What memory held when it was last known, and whether something ran since. */
  #known: HeapState = NO_HEAP
  #isDirty = true

  constructor(code: CanisterCode, functions: object) {
    this.code = code
    const { exports } = new WASM.Instance(code.module, { ic0: functions })
    this.#exports = exports
    // all of them added by the rewriter
    this.#memory = exports[ADDED.memory] as GrowableMemory
    this.#table = exports[ADDED.table] as Table | undefined
    this.#globals = code.rewritten.globals.map((name) => exports[name] as AnyGlobal)
    this.#meter = exports[ADDED.meter] as WasmGlobal
    this.#stack = exports[ADDED.stack] as WasmGlobal
    this.#stackLimit = this.#stack.value
  }

  get buffer(): ArrayBuffer {
    return this.#memory.buffer
  }

  /** Instructions that may still be executed; below zero: there were too few. */
  get left(): bigint {
    return this.#meter.value
  }

  set left(instructions: bigint) {
    this.#meter.value = instructions
  }

  /** Whether memory can be brought to that state: it never shrinks. */
  canLoad({ pages }: HeapState): boolean {
    return this.buffer.byteLength <= pages.length * PAGE
  }

  /** Brings memory and globals to a state. */
  load(state: HeapState): void {
    const missing = state.pages.length - this.buffer.byteLength / PAGE
    if (missing > 0) this.#memory.grow(this.code.isWide ? BigInt(missing) : missing)
    const memory = new Uint8Array(this.buffer)
    state.pages.forEach((page, i) => {
      if (!this.#isDirty && this.#known.pages[i] === page) return
      const here = memory.subarray(i * PAGE, (i + 1) * PAGE)
      if (Buffer.compare(here, page) !== 0) here.set(page)
    })
    this.#globals.forEach((global, i) => {
      global.value = state.globals[i] ?? global.value
    })
    this.#known = state
    this.#isDirty = false
  }

  /** What memory and globals hold now; pages that did not change are those that were loaded. */
  take(): HeapState {
    const memory = new Uint8Array(this.buffer)
    const pages = Array.from({ length: memory.length / PAGE }, (_, i) => {
      const here = memory.subarray(i * PAGE, (i + 1) * PAGE)
      const known = this.#known.pages[i]
      return known !== undefined && Buffer.compare(here, known) === 0 ? known : here.slice()
    })
    this.#known = { pages, globals: this.#globals.map(({ value }) => value) }
    this.#isDirty = false
    return this.#known
  }

  has(name: string): boolean {
    return this.code.rewritten.functions.has(name)
  }

  /** The module's own start function, where it has one. */
  start(): void {
    this.#call(this.#exports[ADDED.start] as (() => void) | undefined) // added by the rewriter
  }

  /** @throws Trap, and whatever functions of the system throw */
  call(entry: Entry): void {
    if (typeof entry === 'string') {
      this.#call(this.#exports[entry] as () => void) // a function without parameters, see code.ts
      return
    }
    const { index, environment } = entry
    this.#call(() => {
      const isWide = this.code.rewritten.table?.isWide === true
      const found = this.#lookUp(isWide ? BigInt(index) : Number(index))
      if (found === null) throw new Trap('IC0502', 'Canister trapped: no function at this index')
      found(this.code.isWide ? BigInt(environment) : Number(environment))
    })
  }

  #lookUp(index: number | bigint): ReturnType<Table['get']> {
    try {
      return this.#table?.get(index) ?? null
    } catch {
      return null
    }
  }

  #call(run: (() => void) | undefined): void {
    this.#stack.value = this.#stackLimit
    this.#isDirty = true
    try {
      run?.()
    } catch (error) {
      throw this.#trapOf(error)
    }
  }

  #trapOf(error: unknown): unknown {
    if (error instanceof Trap || !(error instanceof Error)) return error
    if (this.left < 0n) {
      return new Trap(
        'IC0522',
        'Canister exceeded the limit of instructions for single message execution.',
      )
    }
    // V8's own stack is larger than the chain's, unless it is not
    if (this.#stack.value < 0n || error instanceof RangeError) {
      return new Trap('IC0502', 'Canister trapped: stack overflow')
    }
    // classes of WebAssembly's errors are known by their names
    if (error.name !== 'RuntimeError') return error
    return new Trap('IC0502', `Canister trapped: ${TRAPS.get(error.message) ?? error.message}`)
  }
}

/** V8's words for traps, and the chain's. */
const TRAPS: ReadonlyMap<string, string> = new Map([
  ['unreachable', 'unreachable'],
  ['memory access out of bounds', 'heap out of bounds'],
  ['divide by zero', 'integer division by 0'],
  ['table index is out of bounds', 'undefined element'],
])
