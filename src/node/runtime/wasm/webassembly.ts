/**
 * The part of the WebAssembly JavaScript interface used here. Neither the language library nor Node's types declare it without those of a
 * browser, which would bring `window` into every file.
 */

/** A compiled module. May be posted to worker threads, which then share the machine code. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string
}

export interface WasmMemory {
  /** Replaced whenever the memory grows. */
  readonly buffer: ArrayBuffer
}

export interface WasmGlobal {
  value: bigint
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>
}

interface WebAssemblyInterface {
  validate(bytes: Uint8Array): boolean
  compile(bytes: Uint8Array): Promise<WasmModule>
  readonly Module: new (bytes: Uint8Array) => WasmModule
  readonly Instance: new (module: WasmModule, imports: object) => WasmInstance
}

/** The engine's own `WebAssembly`. */
export const WASM: WebAssemblyInterface = (
  globalThis as unknown as { WebAssembly: WebAssemblyInterface }
) // every supported runtime has it
.WebAssembly
