/** Contracts made ready to run: rewritten, compiled, kept by the hash of their code. */
import { rewriteModule, type RewrittenModule } from '../../wasm/rewrite.ts'
import { WasmRejected } from '../../wasm/errors.ts'
import { WASM, type WasmModule } from '../../../node/runtime/wasm/webassembly.ts'
import type { Parameters } from '../parameters.ts'
import type { ContractCode } from '../state.ts'
import { prepareError, type VmError } from './errors.ts'

/** Compiled contracts that are kept; the one that was not used for longest goes. */
const MAX_KEPT = 64

export interface PreparedContract {
  readonly module: WasmModule
  readonly rewritten: RewrittenModule
}

export class ContractCache {
  readonly #parameters: Parameters
  readonly #kept = new Map<string, PreparedContract | VmError>()

  constructor(parameters: Parameters) {
    this.#parameters = parameters
  }

  /** The contract, or why it cannot be run. */
  prepare({ hash, bytes }: ContractCode): PreparedContract | VmError {
    const kept = this.#kept.get(hash)
    const prepared = kept ?? this.#compile(bytes)
    this.#kept.delete(hash)
    this.#kept.set(hash, prepared)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest)
    return prepared
  }

  #compile(bytes: Uint8Array): PreparedContract | VmError {
    try {
      const rewritten = rewriteModule(bytes, this.#parameters.wasm)
      return { module: new WASM.Module(rewritten.bytes), rewritten }
    } catch (error) {
      if (error instanceof WasmRejected) return prepareError(error.rejection)
      // what no decoder sees: types that do not fit, indexes that lead nowhere
      if (error instanceof Error && error.name === 'CompileError')
        return prepareError('Deserialization')
      throw error
    }
  }
}
