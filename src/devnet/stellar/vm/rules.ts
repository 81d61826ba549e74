/** WebAssembly as the network's interpreter takes and meters it. */
import type { Operator, RewriteRules } from '../../wasm/rules.ts'

const CALL = 67
const ENTITY = 3
const LOAD = 2

/** What operators weigh: 1 unless they are of these. */
function weigh({ code, second }: Operator): number {
  if (code === 0x01) return 0 // nop
  if (code === 0x10 || code === 0x11) return CALL
  if (code === 0x23 || code === 0x24) return ENTITY // globals
  if (code === 0x3f || code === 0x40) return ENTITY // memory.size, memory.grow
  if (code === 0xfc) return second < 8 ? 1 : ENTITY
  return code >= 0x28 && code <= 0x35 ? LOAD : 1
}

export const WASM_RULES: RewriteRules = {
  features: {
    floats: false,
    signExtension: true,
    saturatingFloats: false,
    multiValue: false,
    bulkMemory: true,
    referenceTypes: false,
    memory64: false,
  },
  importModule: undefined,
  keepsState: false,
  operationCost: 1,
  weigh,
  charging: 'block',
  // a unit for 64 bytes
  linear: { base: ENTITY, unit: 64, pages: 1024 },
  // as many calls within calls as the interpreter has room for
  frames: { limit: 1025, base: 1, cost: 0, isFlat: true, slots: 16 },
  // more than a transaction may have: what is taken is paid for when the host is called next, and ends the call then
  memory: { initial: 'own', max: 1024 },
  limits: {
    functions: 10_000,
    locals: 1_000_000,
    types: 10_000,
    tables: 1,
    tableElements: 1_000,
    bodyBytes: 131_072,
  },
}
