/** A module as worker threads get it: compiled with meter and maximums, and what the host must know to run it. */
import { toHex } from '../../primitives/bytes.ts'
import type { Era, ModuleInfo } from '../engine.ts'
import { invalidModule } from '../errors.ts'
import { type Inspected, isMethod } from './inspect.ts'
import { meterModule } from './meter.ts'
import { exportType, type FunctionImport } from './module.ts'
import { WASM, type WasmModule } from './webassembly.ts'

/** Can be posted to worker threads. */
export interface LoadedModule {
  /** Hexadecimal form of {@link ModuleInfo.hash}. */
  readonly key: string
  readonly wasm: WasmModule
  readonly generation: 'G1' | 'G2'
  readonly era: Era
  readonly imports: readonly FunctionImport[]
  /** Exported functions; true for those without parameters and results. */
  readonly functions: ReadonlyMap<string, boolean>
  /** Whether it uses the ordered index, which is loaded before a call. */
  readonly usesIndex: boolean
}

/** Key of a module in maps. */
export function moduleKey(hash: Uint8Array): string {
  return toHex(hash)
}

/** Meters and compiles. @throws RUNTIME_MODULE_INVALID (input) */
export async function compileModule({ module, info }: Inspected): Promise<LoadedModule> {
  const metered = meterModule(module)
  let wasm: WasmModule
  try {
    wasm = await WASM.compile(metered)
  } catch (cause) {
    throw invalidModule('the metered module does not compile', cause)
  }
  return describe(module, info, wasm)
}

function describe(module: Inspected['module'], info: ModuleInfo, wasm: WasmModule): LoadedModule {
  const functions = module.exports
    .filter((one) => one.kind === 'function')
    .map((one) => [one.name, isMethod(exportType(module, one))] as const)
  return {
    key: moduleKey(info.hash),
    wasm,
    generation: info.generation,
    era: info.era,
    imports: module.imports,
    functions: new Map(functions),
    usesIndex: info.imports.some((name) => name.startsWith('storage_index_')),
  }
}
