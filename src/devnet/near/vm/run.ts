/** Runs one call of a contract, in an instance of its own, as the chain does. */
import { EMPTY } from '../../../node/primitives/bytes.ts'
import {
  WASM,
  type WasmGlobal,
  type WasmMemory,
  type WasmModule,
} from '../../../node/runtime/wasm/webassembly.ts'
import { ADDED } from '../../wasm/rewrite.ts'
import type { Parameters } from '../parameters.ts'
import type { ContractCode } from '../state.ts'
import type { CallContext, CallOutcome, CallState } from './context.ts'
import type { ContractCache, PreparedContract } from './contract.ts'
import { FAILURES, linkError, noMethod, trapError, VmError } from './errors.ts'
import { actionFunctions } from './host/actions.ts'
import { cryptoFunctions } from './host/crypto.ts'
import { environmentFunctions } from './host/environment.ts'
import type { Host, HostFunction, HostFunctions } from './host/functions.ts'
import { promiseFunctions } from './host/promises.ts'
import { storageFunctions } from './host/storage.ts'
import { validatorFunctions } from './host/validators.ts'
import { Machine } from './machine.ts'
import { Promises } from './promises.ts'

export interface CallInit {
  readonly code: ContractCode
  readonly method: string
  readonly context: CallContext
  readonly state: CallState
  readonly parameters: Parameters
  readonly cache: ContractCache
}

/** Runs it to its end; what it wrote is in `state` even when it failed, and is the caller's to undo. */
export function runCall(init: CallInit): CallOutcome {
  const { code, method, context, state, parameters, cache } = init
  const nothing = (error: VmError, gasBurnt = 0n): CallOutcome => {
    const { balance, storage } = context
    const result = { value: EMPTY }
    return { error, logs: [], gasBurnt, gasUsed: gasBurnt, balance, storage, result, receipts: [] }
  }
  if (method === '') return nothing(noMethod('MethodEmptyName'))
  const prepared = cache.prepare(code)
  if (prepared instanceof VmError) return nothing(prepared)
  const { contract_loading_base: base, contract_loading_bytes: each } = parameters.host
  const loading = base + each * BigInt(code.bytes.length)
  if (loading > context.gas) return nothing(FAILURES.gas(), context.gas)
  const machine = new Machine(context, state, parameters)
  const promises = new Promises(machine)
  const functions = hostFunctions({ machine, promises })
  if (prepared.rewritten.imports.some(({ name }) => functions[name] === undefined)) {
    return nothing(linkError(), loading)
  }
  const type = prepared.rewritten.functions.get(method)
  if (type === undefined) return nothing(noMethod('MethodNotFound'))
  if (type.params.length + type.results.length > 0) {
    return nothing(noMethod('MethodInvalidSignature'))
  }
  const { error, left } = execute(prepared, method, machine, functions, context.gas - loading)
  const { logs, promisedGas } = machine
  if (error !== undefined) {
    return { ...nothing(error, context.gas - left - promisedGas), logs }
  }
  const given = promises.distribute(left)
  const gasBurnt = context.gas - left - promisedGas
  return {
    error,
    logs,
    gasBurnt,
    gasUsed: gasBurnt + promisedGas + given,
    balance: machine.balance,
    storage: machine.storage,
    result:
      promises.returned === undefined ? { value: machine.value } : { receipt: promises.returned },
    receipts: promises.receipts,
  }
}

function hostFunctions(host: Host): HostFunctions {
  return {
    ...environmentFunctions(host),
    ...cryptoFunctions(host),
    ...storageFunctions(host),
    ...promiseFunctions(host),
    ...actionFunctions(host),
    ...validatorFunctions(host),
  }
}

/** What an instance of a rewritten module has. */
interface Instance {
  readonly meter: WasmGlobal
  readonly stack: WasmGlobal
  readonly memory: WasmMemory
  readonly start: (() => void) | undefined
  readonly method: () => void
}

function execute(
  { module }: PreparedContract,
  method: string,
  machine: Machine,
  functions: HostFunctions,
  gas: bigint,
): { error: VmError | undefined; left: bigint } {
  let instance: Instance | undefined
  try {
    instance = instantiate(module, method, functions)
    machine.attach(instance.meter, instance.memory, gas)
    instance.start?.()
    instance.method()
    return { error: undefined, left: machine.gasLeft }
  } catch (error) {
    const left = instance === undefined ? gas : machine.gasLeft
    return { error: failureOf(error, instance, left), left: left < 0n ? 0n : left }
  }
}

function instantiate(module: WasmModule, method: string, functions: HostFunctions): Instance {
  const env: Record<string, HostFunction> = { ...functions }
  const { exports } = new WASM.Instance(module, { env })
  return {
    // all of them added by the rewriter, or looked up in the types of exports
    meter: exports[ADDED.meter] as WasmGlobal,
    stack: exports[ADDED.stack] as WasmGlobal,
    memory: exports[ADDED.memory] as WasmMemory,
    start: exports[ADDED.start] as (() => void) | undefined,
    method: exports[method] as () => void,
  }
}

/** The contract's failure. @throws what is none: a bug of ours */
function failureOf(error: unknown, instance: Instance | undefined, left: bigint): VmError {
  if (error instanceof VmError) return error
  if (!(error instanceof Error)) throw error
  // classes of WebAssembly's errors are known by their names
  if (error.name === 'LinkError') return linkError()
  const isTrap = error.name === 'RuntimeError' || error instanceof RangeError
  if (!isTrap) throw error
  if (instance !== undefined && left < 0n) return FAILURES.gas()
  // V8's own stack is larger than the chain's, unless it is not
  const isDeep = instance !== undefined && instance.stack.value < 0n
  if (isDeep || error instanceof RangeError) return FAILURES.memory()
  return trapError(error.message)
}
