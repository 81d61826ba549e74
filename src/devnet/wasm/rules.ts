/** What a chain accepts of WebAssembly. V8 accepts far more than any chain does, so the rewriter refuses the rest. */

/** Proposals beyond the first version of WebAssembly that a chain takes. */
export interface WasmFeatures {
  readonly signExtension: boolean
  readonly saturatingFloats: boolean
  /** Several results of a block or function. */
  readonly multiValue: boolean
  readonly bulkMemory: boolean
  readonly referenceTypes: boolean
}

/** What a chain's machine does. */
export interface RewriteRules {
  readonly features: WasmFeatures
  /** Units that an operator takes from the meter. */
  readonly operationCost: number
  /** Copies, fills and growth: as many operators as `base`, and `unit` for each byte, page or entry. */
  readonly linear: { readonly base: number; readonly unit: number }
  /** A call takes `base` bytes and those of its parameters and variables; entering it costs an operator per eight. */
  readonly frames: { readonly limit: number; readonly base: number }
  /** Pages of 64 KiB, whatever the module says. */
  readonly memory: { readonly initial: number; readonly max: number }
  readonly limits: {
    readonly functions: number
    readonly locals: number
    readonly types: number
    readonly tables: number
    readonly tableElements: number
    readonly bodyBytes: number
  }
}
