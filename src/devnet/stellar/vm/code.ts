/** Modules made ready to run: checked for what the network takes, rewritten so that they are metered, and compiled. */
import { LRUCache } from 'lru-cache'
import { toHex } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { WASM, type WasmModule } from '../../../node/runtime/wasm/webassembly.ts'
import { WasmRejected } from '../../wasm/errors.ts'
import { type ImportedFunction, rewriteModule, type RewrittenModule } from '../../wasm/rewrite.ts'
import { readShape, type CustomSection } from '../../wasm/sections.ts'
import { hostError } from '../value/errors.ts'
import { moduleCounts } from './counts.ts'
import { WASM_RULES } from './rules.ts'

export interface ContractCode {
  readonly module: WasmModule
  readonly rewritten: RewrittenModule
  readonly imports: readonly ImportedFunction[]
  /** The protocol that it was built for. */
  readonly protocol: number
  /** What parsing and instantiating cost by, in the order of the costs. */
  readonly counts: readonly number[]
}

const MAX_KEPT = 64
/** Where the SDK writes what it was built for: XDR of a kind, the protocol, and the number of a preview. */
const META = 'contractenvmetav0'

const kept = new LRUCache<string, ContractCode>({ max: MAX_KEPT })

/** @throws HostError for what the network does not take */
export function prepareCode(bytes: Uint8Array): ContractCode {
  const key = toHex(sha256(bytes))
  const known = kept.get(key)
  if (known !== undefined) return known
  const code = compile(bytes)
  kept.set(key, code)
  return code
}

function invalid(reason: string): Error {
  return hostError('WasmVm', 'InvalidAction', `Wasm is not valid: ${reason}`)
}

function compile(bytes: Uint8Array): ContractCode {
  try {
    const rewritten = rewriteModule(bytes, WASM_RULES)
    if (rewritten.hasStart) throw invalid('start functions are not allowed')
    const { imports, operators, customs } = rewritten
    const protocol = protocolOf(customs)
    const counts = moduleCounts(readShape(bytes, WASM_RULES.features), operators)
    return { module: new WASM.Module(rewritten.bytes), rewritten, imports, protocol, counts }
  } catch (error) {
    if (error instanceof WasmRejected) throw invalid(error.message)
    // what no decoder sees: types that do not fit, indexes that lead nowhere
    if (error instanceof Error && error.name === 'CompileError') throw invalid(error.message)
    throw error
  }
}

function protocolOf(customs: readonly CustomSection[]): number {
  const bytes = customs.find(({ name }) => name === META)?.bytes
  if (bytes === undefined || bytes.length < 12) {
    throw hostError('WasmVm', 'InvalidInput', 'contract missing metadata section')
  }
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(4)
}
