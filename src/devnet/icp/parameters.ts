/**
 * What the Internet Computer charges and allows, as data: an application subnet of 13 nodes. Amounts in cycles, times in nanoseconds. Values
 * are those of the replica's `subnet_config.rs`, weights of operators those of its instrumentation.
 */
import type { Operator, RewriteRules } from '../wasm/rules.ts'

/** Bytes of a page of WebAssembly memory, stable memory included. */
export const PAGE = 65_536
export const GIB: bigint = 1_073_741_824n
export const SECOND_NS: bigint = 1_000_000_000n

/** Fees of an application subnet of 13 nodes. */
export const FEES = {
  createCanister: 500_000_000_000n,
  /** Of every message that is executed, and each of its instructions; twice that where memory is 64-bit. */
  message: 5_000_000n,
  instruction: 1n,
  wideInstruction: 2n,
  call: 260_000n,
  callByte: 1_000n,
  ingress: 1_200_000n,
  ingressByte: 2_000n,
  /** Of a GiB for a second. */
  storage: 127_000n,
  /** Of one per cent of a core for a second. */
  compute: 10_000_000n,
  httpBase: 3_000_000n,
  httpNode: 60_000n,
  httpRequestByte: 400n,
  httpResponseByte: 800n,
  signature: 10_000_000_000n,
} as const

/** Nodes of the subnet that the fees are for. */
export const NODES = 13n

export const LIMITS = {
  /** Arguments and replies of calls between canisters, bytes; and a call from outside, with what is around it. */
  payload: 2_097_152,
  ingress: 2_097_152,
  queryReply: 3_145_728,
  certifiedData: 32,
  chunk: 1_048_576,
  chunks: 100,
  controllers: 10,
  /** Pages of stable memory: 500 GiB on the chain, 4 GiB here. */
  stablePages: 65_536,
  methodName: 20_000,
  logBytes: 4_096,
  logs: 100,
  /** Calls of one canister that wait for an answer. */
  openCalls: 500,
  /** Canisters, and bytes of all of them. */
  canisters: 1_000,
  memory: 2_147_483_648,
  moduleBytes: 104_857_600,
} as const

/** Instructions that one message may take. */
export interface InstructionLimits {
  readonly message: bigint
  readonly query: bigint
  readonly install: bigint
  readonly inspect: bigint
}

/** As on the chain; a loop that never ends takes more than a minute to find out. */
export const INSTRUCTION_LIMITS: InstructionLimits = {
  message: 40_000_000_000n,
  query: 5_000_000_000n,
  install: 300_000_000_000n,
  inspect: 200_000_000n,
}

/** Each page of 4 KiB of stable memory that a message is the first to write to, instructions. */
export const DIRTY_PAGE_INSTRUCTIONS = 1_000
export const DIRTY_PAGE = 4_096

/** Memory and computing are paid for this often. */
export const CHARGE_INTERVAL_NS: bigint = 10n * SECOND_NS
/** Stopping waits for open calls this long. */
export const STOP_TIMEOUT_NS: bigint = 300n * SECOND_NS
/** Answers are kept this long after their requests expired. */
export const STATUS_KEPT_NS: bigint = 300n * SECOND_NS
/** Best-effort calls wait this long at most. */
export const MAX_BEST_EFFORT_SECONDS = 300
export const DEFAULT_FREEZING_SECONDS: bigint = 2_592_000n
export const DEFAULT_WASM_MEMORY_LIMIT: bigint = 3_221_225_472n
export const DEFAULT_RESERVED_LIMIT: bigint = 5_000_000_000_000n

/** Loads and stores of every width. */
function isMemoryAccess(code: number): boolean {
  return code >= 0x28 && code <= 0x3e
}

/** What most operators weigh is 1; these weigh something else. */
const WEIGHTS: ReadonlyMap<number, number> = new Map([
  ...weights(0, [0x02, 0x03, 0x05, 0x0b]), // block, loop, else, end
  ...weights(2, [0x04, 0x0c, 0x0d, 0x0e]), // if, br, br_if, br_table
  ...weights(5, [0x10, 0x25, 0x26, 0xd1]), // call, table.get, table.set, ref.is_null
  ...weights(10, [0x11]), // call_indirect
  ...weights(2, [0x23, 0x24]), // global.get, global.set
  ...weights(20, [0x3f]), // memory.size
  ...weights(300, [0x40]), // memory.grow
  ...weights(3, range(0x5b, 0x66)), // comparisons of floats
  ...weights(10, [...range(0x6d, 0x70), ...range(0x7f, 0x82)]), // division, remainder
  ...weights(2, [...range(0x8d, 0x90), ...range(0x92, 0x94)]), // f32: ceil to nearest, add, sub, mul
  ...weights(5, [0x91, 0xa3]), // f32.sqrt, f64.div
  ...weights(3, [0x95, 0xa6]), // f32.div, f64.copysign
  ...weights(18, [0x96, 0x97, 0xa4, 0xa5]), // min, max
  ...weights(2, [0x98]), // f32.copysign
  ...weights(2, [...range(0x9b, 0x9e), ...range(0xa0, 0xa2)]), // f64: as f32
  ...weights(8, [0x9f]), // f64.sqrt
  ...weights(20, [...range(0xa8, 0xab), ...range(0xae, 0xb1)]), // truncations
  ...weights(3, [0xb2, 0xb4, 0xb7, 0xb9]), // conversions of signed integers
  ...weights(16, [0xb3, 0xb5, 0xb8, 0xba]), // of unsigned ones
  ...weights(130, [0xd2]), // ref.func
])

/** Behind 0xfc. */
const SECOND_WEIGHTS: ReadonlyMap<number, number> = new Map([
  ...weights(20, range(0, 7)), // saturating truncations
  ...weights(100, [8, 10, 11, 12, 14, 16, 17]), // memory and table: init, copy, fill; table.size
  ...weights(300, [9, 13, 15]), // data.drop, elem.drop, table.grow
])

function weights(weight: number, codes: readonly number[]): (readonly [number, number])[] {
  return codes.map((code) => [code, weight] as const)
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

function weigh({ code, second }: Operator, isWide: boolean): number {
  if (code === 0xfc) return SECOND_WEIGHTS.get(second) ?? 1
  if (isMemoryAccess(code)) return isWide ? 2 : 1
  return WEIGHTS.get(code) ?? 1
}

/** WebAssembly as the chain runs it. Vectors and tail calls, which it has, are not known here and refused. */
export const WASM_RULES: RewriteRules = {
  features: {
    signExtension: true,
    saturatingFloats: true,
    multiValue: true,
    bulkMemory: true,
    referenceTypes: true,
    memory64: true,
  },
  importModule: 'ic0',
  keepsState: true,
  operationCost: 1,
  weigh,
  linear: { base: 100, unit: 1 },
  frames: { limit: 5_242_880, base: 64, cost: 0 },
  memory: { initial: 'own', max: 65_536 },
  limits: {
    functions: 50_000,
    locals: 5_000_000,
    types: 50_000,
    tables: 1,
    tableElements: 1_000_000,
    bodyBytes: 5_242_880,
  },
}
