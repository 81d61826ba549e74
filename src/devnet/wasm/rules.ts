/** What a chain accepts of WebAssembly. V8 accepts far more than any chain does, so the rewriter refuses the rest. */

/** Proposals beyond the first version of WebAssembly that a chain takes. */
export interface WasmFeatures {
  /** Floating point, which the first version has. @default true */
  readonly floats?: boolean
  readonly signExtension: boolean
  readonly saturatingFloats: boolean
  /** Several results of a block or function. */
  readonly multiValue: boolean
  readonly bulkMemory: boolean
  readonly referenceTypes: boolean
  /** Memories and tables that are addressed by 64 bits. */
  readonly memory64: boolean
}

/** An operator by its byte, and behind the prefix 0xfc by the number that follows. */
export interface Operator {
  readonly code: number
  readonly second: number
}

/** What a chain's machine does. */
export interface RewriteRules {
  readonly features: WasmFeatures
  /** The one module that functions are imported from; undefined: any, and whoever prepares the contract looks at it. */
  readonly importModule: string | undefined
  /**
   * Whether an instance lives on from call to call: its table and mutable globals are exported, so that what it holds can be kept and put
   * back.
   */
  readonly keepsState: boolean
  /** Units that an operator takes from the meter. */
  readonly operationCost: number
  /** How many operators one counts for; `isWide`: memory is addressed by 64 bits. @default 1, and 0 for blocks */
  readonly weigh?: (operator: Operator, isWide: boolean) => number
  /**
   * Copies, fills and growth: as many operators as `base`, which {@link weigh} replaces, and `unit` for each byte, page or entry; with `pages`,
   * as many for each page of growth, and one for so many bytes or entries as `unit` says.
   */
  readonly linear: { readonly base: number; readonly unit: number; readonly pages?: number }
  /**
   * `run`: operators are paid for up to the next that may jump or trap. `block`: functions, loops and conditions are paid for when they are
   * entered, with everything that they may jump over, and one operator for each. @default 'run'
   */
  readonly charging?: 'run' | 'block'
  /**
   * A call takes `base` bytes and those of its parameters and variables, with `isFlat` only `base`; entering it costs `cost` operators per eight
   * bytes, or one for so many variables and parameters as `slots` says.
   */
  readonly frames: {
    readonly limit: number
    readonly base: number
    readonly cost: number
    readonly isFlat?: boolean
    readonly slots?: number
  }
  /** Pages of 64 KiB: of every module, or with `own` those that it asks for, up to `max`. */
  readonly memory: { readonly initial: number | 'own'; readonly max: number }
  readonly limits: {
    readonly functions: number
    readonly locals: number
    readonly types: number
    readonly tables: number
    readonly tableElements: number
    readonly bodyBytes: number
  }
}
