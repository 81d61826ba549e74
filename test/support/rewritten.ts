/** Modules as a local chain runs them, without its host functions. */
import { WASM, type WasmGlobal, type WasmMemory } from '../../src/node/runtime/wasm/webassembly.ts'
import { PROTOCOL_88 } from '../../src/devnet/near/parameters.ts'
import { ADDED, rewriteModule } from '../../src/devnet/wasm/rewrite.ts'
import type { RewriteRules } from '../../src/devnet/wasm/rules.ts'

/** NEAR's rules, with one unit for an operator. */
export const UNIT_RULES: RewriteRules = { ...PROTOCOL_88.wasm, operationCost: 1 }

export interface Rewritten {
  readonly meter: WasmGlobal
  readonly stack: WasmGlobal
  readonly memory: WasmMemory
  /** Calls an export; throws what V8 throws. */
  call(name: string, ...args: (number | bigint)[]): unknown
  /** What a call takes from the meter, and what it returns. */
  measure(name: string, ...args: (number | bigint)[]): { used: bigint; result: unknown }
}

/** More than a test spends. */
const BUDGET = 2n ** 50n

/** Instantiates a module as rewritten. @throws WasmRejected */
export function instantiateRewritten(
  bytes: Uint8Array,
  rules: RewriteRules = UNIT_RULES,
): Rewritten {
  const { bytes: rewritten } = rewriteModule(bytes, rules)
  const { exports } = new WASM.Instance(new WASM.Module(rewritten), { env: {} })
  const meter = exports[ADDED.meter] as WasmGlobal // added by the rewriter, as the next two
  const call: Rewritten['call'] = (name, ...args) => {
    const run = exports[name] as (...all: (number | bigint)[]) => unknown // the test's own module
    return run(...args)
  }
  return {
    meter,
    stack: exports[ADDED.stack] as WasmGlobal,
    memory: exports[ADDED.memory] as WasmMemory,
    call,
    measure(name, ...args) {
      meter.value = BUDGET
      const result = call(name, ...args)
      return { used: BUDGET - meter.value, result }
    },
  }
}
