/** One instance of a module: runs exported functions, one call at a time, on the fuel it is given. */
import { isMerogateError } from '../../errors.ts'
import { fuelExhausted, linkError, trapError } from '../errors.ts'
import type { Call } from './call.ts'
import { hostImports } from './host/table.ts'
import type { Frame } from './host/define.ts'
import { REGISTER_MERGE_EXPORT } from './inspect.ts'
import type { LoadedModule } from './loaded.ts'
import { GuestMemory } from './memory.ts'
import { FUEL_EXPORT } from './meter.ts'
import { WASM, type WasmGlobal, type WasmInstance, type WasmMemory } from './webassembly.ts'

export class GuestInstance {
  readonly module: LoadedModule
  readonly memory: GuestMemory
  readonly #instance: WasmInstance
  readonly #fuel: WasmGlobal
  /** Reused: making one per host call would cost more than most host calls. */
  readonly #frame: { memory: GuestMemory; call: Call }

  /** Instantiates and registers the app's merge function. @throws RUNTIME_* (guest) */
  constructor(module: LoadedModule, call: Call) {
    this.module = module
    // the memory exists only after instantiation; a start function that calls the host finds none
    const bound: { frame?: Frame } = {}
    const current = (): Frame => {
      if (bound.frame === undefined) throw linkError('a start function may not call the host')
      return bound.frame
    }
    try {
      const imports = hostImports(module.imports, module.generation, current)
      this.#instance = new WASM.Instance(module.wasm, imports)
    } catch (error) {
      throw isMerogateError(error) ? error : trapError(error)
    }
    const { exports } = this.#instance
    // both exist: parseModule() demands the memory, meterModule() adds the balance
    this.memory = new GuestMemory(exports['memory'] as WasmMemory)
    this.#fuel = exports[FUEL_EXPORT] as WasmGlobal
    this.#frame = { memory: this.memory, call }
    bound.frame = this.#frame
    if (module.functions.get(REGISTER_MERGE_EXPORT) === true) this.#registerMerge(call)
  }

  #registerMerge(call: Call): void {
    try {
      this.run(REGISTER_MERGE_EXPORT, call)
    } catch {
      // optional by contract; the host's limits hold for it all the same
    }
    call.hostFuel = 0
  }

  /**
   * Runs an exported function for a call. @returns fuel used by guest and host
   * @throws RUNTIME_* (guest) when the guest or a host function ends it early, or the fuel is spent
   */
  run(name: string, call: Call): bigint {
    const limit = call.init.fuel
    this.#frame.call = call
    this.#fuel.value = limit
    const method = this.#instance.exports[name] as () => void // the caller looked it up in `functions`
    try {
      method()
    } catch (error) {
      if (isMerogateError(error)) throw error
      throw this.#fuel.value < 0n ? fuelExhausted(limit) : trapError(error)
    }
    const used = limit - this.#fuel.value + BigInt(call.hostFuel)
    if (used > limit) throw fuelExhausted(limit)
    return used
  }
}
