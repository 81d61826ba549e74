/** Runs a function of a contract's module, in an instance of its own. */
import { WASM, type WasmGlobal, type WasmMemory } from '../../../node/runtime/wasm/webassembly.ts'
import { ADDED, type ImportedFunction } from '../../wasm/rewrite.ts'
import { COST } from '../budget/costs.ts'
import type { Frame } from '../host/frame.ts'
import { HOST_FUNCTIONS } from '../host/functions/table.ts'
import type { Host } from '../host/host.ts'
import { codeKey } from '../storage/keys.ts'
import { type ErrorCode, hostError } from '../value/errors.ts'
import { type Val, VOID } from '../value/word.ts'
import { type ContractCode, prepareCode } from './code.ts'
import { payInstantiation, payParsing } from './counts.ts'
import { toAbsolute, toRelative } from './memory.ts'

/** What a frame costs beside its module, instructions. */
const FRAME = 6_000
/** A call has so many arguments at most. */
const MAX_ARGS = 32

/** @throws HostError */
export function runContract(host: Host, hash: Uint8Array, frame: Frame, isOptional: boolean): Val {
  // looked up, and not read: what was uploaded before is known already
  const entry = host.storage.get(codeKey(hash))?.entry
  if (entry === undefined) {
    const detail = 'trying to get non-existing value for contract code'
    throw hostError('Storage', 'MissingValue', detail)
  }
  if (entry.kind !== 'code') throw hostError('Storage', 'InternalError', 'no code')
  // modules that were there before are known already, and not read once more
  if (!host.storage.wasAlive(codeKey(hash))) payParsing(host.budget, entry.counts)
  payInstantiation(host.budget, entry.counts)
  const code = prepareCode(entry.code)
  checkImports(code.imports, host.protocol)
  const instance = instantiate(host, code, frame)
  host.budget.charge(COST.invokeVm)
  host.budget.work(FRAME)
  const { method = '', args = [] } = frame.call ?? {}
  const type = code.rewritten.functions.get(method)
  if (type === undefined) {
    if (isOptional) return VOID
    const detail = 'trying to invoke non-existent contract function'
    throw hostError('WasmVm', 'MissingValue', detail, [host.objects.newSymbol(method)])
  }
  if (args.length > MAX_ARGS) {
    throw hostError('WasmVm', 'InvalidInput', 'Too many arguments in Wasm invocation')
  }
  if (type.params.length !== args.length || type.results.length !== 1) {
    throw hostError('WasmVm', 'UnexpectedSize', 'wrong number of arguments')
  }
  return execute(host, instance, method, args, frame)
}

/** @throws HostError where a function is not there, or not yet */
export function checkImports(imports: readonly ImportedFunction[], protocol: number): void {
  for (const { module, name, type } of imports) {
    const known = HOST_FUNCTIONS.get(`${module}.${name}`)
    if (known === undefined || known.since > protocol) {
      const detail = `the host has no function ${module}.${name} in protocol ${protocol}`
      throw hostError('WasmVm', 'InvalidAction', detail)
    }
    if (type.params.length !== known.arity || type.results.length !== 1) {
      const detail = `${module}.${name} is imported with another type`
      throw hostError('WasmVm', 'InvalidAction', detail)
    }
  }
}

interface Instance {
  readonly fuel: WasmGlobal
  readonly stack: WasmGlobal
  readonly exports: Readonly<Record<string, unknown>>
}

function instantiate(host: Host, { module, rewritten }: ContractCode, frame: Frame): Instance {
  // known when it is made, and used after that
  const made: { instance: Instance | undefined } = { instance: undefined }
  const imports: Record<string, Record<string, unknown>> = {}
  for (const { module: of, name } of rewritten.imports) {
    const known = HOST_FUNCTIONS.get(`${of}.${name}`)
    const group = (imports[of] ??= {})
    group[name] = (...raw: bigint[]): bigint => {
      if (known === undefined || made.instance === undefined) {
        throw hostError('WasmVm', 'InternalError', `no function ${of}.${name}`)
      }
      // the host works while the contract waits, from the same budget
      return outside(host, made.instance, frame, () => known.run(host, raw))
    }
  }
  let exports: Readonly<Record<string, unknown>>
  try {
    exports = new WASM.Instance(module, imports).exports
  } catch (error) {
    throw trapOf(error) ?? hostError('WasmVm', 'InvalidAction', 'the module cannot be linked')
  }
  // added by the rewriter
  const memory = exports[ADDED.memory] as WasmMemory
  if (rewritten.memory !== undefined) frame.memory = () => memory.buffer
  payMemory(host, frame)
  const instance: Instance = {
    fuel: exports[ADDED.meter] as WasmGlobal,
    stack: exports[ADDED.stack] as WasmGlobal,
    exports,
  }
  made.instance = instance
  return instance
}

/** Pays for what memory grew by since it was last paid for. */
function payMemory(host: Host, frame: Frame): void {
  const size = frame.memory?.().byteLength ?? 0
  const grown = size - frame.paidMemory
  frame.paidMemory = size
  frame.linearMemory += host.budget.linearMemory(grown)
}

/** Runs something of the host in the middle of a contract: what is left is the budget's to know meanwhile. */
function outside(host: Host, { fuel }: Instance, frame: Frame, run: () => bigint): bigint {
  const before = host.budget.fuel
  host.budget.burn(before - fuel.value)
  payMemory(host, frame)
  const result = run()
  fuel.value = host.budget.fuel
  return result
}

function execute(
  host: Host,
  instance: Instance,
  method: string,
  args: readonly Val[],
  frame: Frame,
): Val {
  const run = instance.exports[method] as (...args: bigint[]) => bigint // its type was looked at
  instance.fuel.value = host.budget.fuel
  const settle = (): void => {
    host.budget.burn(host.budget.fuel - instance.fuel.value)
    payMemory(host, frame)
  }
  let result: unknown
  try {
    result = run(...args.map((one) => toRelative(host, one)))
  } catch (error) {
    const isOver = instance.fuel.value < 0n || instance.stack.value < 0n
    const trap = trapOf(error)
    if (trap !== undefined && isOver) {
      const left = instance.fuel.value < 0n ? 0n : instance.fuel.value
      host.budget.burn(host.budget.fuel - left)
      throw hostError('Budget', 'ExceededLimit', 'out of fuel, or of stack')
    }
    if (trap === undefined) throw error
    settle()
    throw trap
  }
  settle()
  if (typeof result !== 'bigint') {
    throw hostError('WasmVm', 'UnexpectedType', 'the function returned no value')
  }
  return toAbsolute(host, BigInt.asUintN(64, result))
}

/** V8's words for traps, and what the host makes of them. */
const TRAPS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/unreachable/, 'InvalidAction'],
  [/out of bounds/, 'IndexBounds'],
  [/zero|unrepresentable|overflow/, 'ArithDomain'],
  [/signature mismatch/, 'UnexpectedType'],
  [/null function/, 'MissingValue'],
]

/** The error of a trap; undefined of anything else. */
function trapOf(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined
  // V8's own stack is larger than the network's, unless it is not
  if (error instanceof RangeError && error.message.includes('call stack')) {
    return hostError('Budget', 'ExceededLimit', 'out of stack')
  }
  // classes of WebAssembly's errors are known by their names
  if (error.name !== 'RuntimeError') return undefined
  const [, code] = TRAPS.find(([words]) => words.test(error.message)) ?? []
  return hostError('WasmVm', code ?? 'InternalError', `VM call trapped: ${error.message}`)
}
