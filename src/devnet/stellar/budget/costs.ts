/** What work costs: instructions and memory, each a constant and a part that grows with the input. */

/** Kinds of work, by their place in XDR's `ContractCostType`. Those of curves are not known here: nothing does such work. */
export const COST = {
  wasmInstruction: 0,
  memAlloc: 1,
  memCpy: 2,
  memCmp: 3,
  dispatch: 4,
  visit: 5,
  valSer: 6,
  valDeser: 7,
  sha256: 8,
  ed25519Key: 9,
  ed25519: 10,
  vmInstantiation: 11,
  vmCached: 12,
  invokeVm: 13,
  keccak256: 14,
  ecdsaSignature: 15,
  secp256k1: 16,
  int256Add: 17,
  int256Mul: 18,
  int256Div: 19,
  int256Pow: 20,
  int256Shift: 21,
  chacha20: 22,
  /** The first of ten: what parsing costs by what is counted of a module; ten more for instances. */
  parse: 23,
  instantiate: 33,
  sec1Point: 43,
  secp256r1: 44,
} as const

/** A row of the network's settings: constant, and per input times 128. */
export interface CostRow {
  readonly cpu: readonly [number, number]
  readonly memory: readonly [number, number]
}

/** Takes payment for work. */
export interface Meter {
  /** `cost` of {@link COST}, so many times; `input`: bytes, or whatever the kind counts. @throws HostError where it is too much */
  charge(cost: number, input?: number, times?: number): void
}

/** Nothing is paid. */
export const FREE: Meter = { charge: () => {} }

const SCALE = 128

export function costOf([constant, linear]: readonly [number, number], input: number): number {
  return constant + Math.floor((linear * input) / SCALE)
}

function row(cpu: readonly [number, number], memory: readonly [number, number] = [0, 0]): CostRow {
  return { cpu, memory }
}

/** The public networks', in protocol 28, in the order of {@link COST}. */
export const PUBLIC_COSTS: readonly CostRow[] = [
  row([4, 0]), // wasmInstruction
  row([434, 16], [16, 128]), // memAlloc
  row([42, 16]), // memCpy
  row([44, 16]), // memCmp
  row([295, 0]), // dispatch
  row([60, 0]), // visit
  row([221, 26], [242, 384]), // valSer
  row([331, 4369], [0, 384]), // valDeser
  row([3636, 7013]), // sha256
  row([40_256, 0]), // ed25519Key
  row([377_551, 4059]), // ed25519
  row([417_482, 45_712], [132_773, 4903]), // vmInstantiation
  row([41_142, 634], [69_472, 1217]), // vmCached
  row([1945, 0], [14, 0]), // invokeVm
  row([6481, 5943]), // keccak256
  row([711, 0]), // ecdsaSignature
  row([2_314_804, 0], [181, 0]), // secp256k1
  row([4176, 0], [99, 0]), // int256Add
  row([4716, 0], [99, 0]), // int256Mul
  row([4680, 0], [99, 0]), // int256Div
  row([4256, 0], [99, 0]), // int256Pow
  row([884, 0], [99, 0]), // int256Shift
  row([1059, 502]), // chacha20
  // parse: instructions, functions, globals, table entries, types, data and element segments, imports, exports, data bytes
  row([73_077, 25_410], [17_564, 6457]),
  row([0, 540_752], [0, 47_464]),
  row([0, 176_363], [0, 13_420]),
  row([0, 29_989], [0, 6285]),
  row([0, 1_061_449], [0, 64_670]),
  row([0, 237_336], [0, 29_074]),
  row([0, 328_476], [0, 48_095]),
  row([0, 701_845], [0, 103_229]),
  row([0, 429_383], [0, 36_394]),
  row([0, 28], [0, 257]),
  // instantiate: the same
  row([43_030, 0], [70_704, 0]),
  row([0, 7556], [0, 14_613]),
  row([0, 10_711], [0, 6833]),
  row([0, 3300], [0, 1025]),
  row([0, 0]),
  row([0, 23_038], [0, 129_632]),
  row([0, 42_488], [0, 13_665]),
  row([0, 828_974], [0, 97_637]),
  row([0, 297_100], [0, 9176]),
  row([0, 14], [0, 126]),
  row([1882, 0]), // sec1Point
  row([3_000_906, 0]), // secp256r1
]
