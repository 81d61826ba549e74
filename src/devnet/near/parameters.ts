/**
 * What NEAR's protocol charges and allows, as data: protocol version 88. Gas in gas units, amounts in yoctoNEAR. The names are those of
 * nearcore's `runtime_configs`, where the values are from.
 */
import type { RewriteRules } from '../wasm/rules.ts'

/** What creating or sending something costs: to send it to oneself, to another, and to execute it. */
export interface Fee {
  readonly self: bigint
  readonly other: bigint
  readonly execution: bigint
}

const flat = (gas: bigint): Fee => ({ self: gas, other: gas, execution: gas })

export interface Parameters {
  readonly protocolVersion: number
  readonly gasPrice: bigint
  readonly fees: Readonly<Record<FeeName, Fee>>
  readonly host: Readonly<Record<HostFee, bigint>>
  readonly limits: Readonly<Record<Limit, number>>
  readonly maxGasBurnt: bigint
  readonly maxTotalPrepaidGas: bigint
  readonly storage: {
    readonly amountPerByte: bigint
    readonly bytesOfAccount: bigint
    readonly bytesOfRecord: bigint
    /** Accounts up to this size stake nothing. */
    readonly freeBytes: bigint
    /** Burnt for each byte of global code. */
    readonly globalCodePerByte: bigint
    /** Largest account that can be deleted, without its code. */
    readonly deletableBytes: bigint
  }
  /** Part of the gas of a call that its contract gets. */
  readonly reward: { readonly numerator: bigint; readonly denominator: bigint }
  /** Blocks for which a transaction may name a block. */
  readonly validityBlocks: number
  /** A nonce is below height times this. */
  readonly noncesPerBlock: bigint
  readonly epochBlocks: number
  readonly wasm: RewriteRules
}

export type FeeName =
  | 'receipt'
  | 'data'
  | 'dataByte'
  | 'createAccount'
  | 'deploy'
  | 'deployByte'
  | 'call'
  | 'callByte'
  | 'transfer'
  | 'stake'
  | 'addFullKey'
  | 'addCallKey'
  | 'addCallKeyByte'
  | 'deleteKey'
  | 'deleteAccount'
  | 'delegate'
  | 'deployGlobal'
  | 'deployGlobalByte'
  | 'useGlobal'
  | 'useGlobalByte'

const FEES: Readonly<Record<FeeName, Fee>> = {
  receipt: flat(108_059_500_000n),
  data: flat(36_486_732_312n),
  dataByte: { self: 17_212_011n, other: 47_683_715n, execution: 17_212_011n },
  createAccount: {
    self: 500_000_000_000n,
    other: 500_000_000_000n,
    execution: 7_200_000_000_000n,
  },
  deploy: flat(184_765_750_000n),
  deployByte: { self: 6_812_999n, other: 47_683_715n, execution: 64_572_944n },
  call: { self: 200_000_000_000n, other: 200_000_000_000n, execution: 780_000_000_000n },
  callByte: { self: 2_235_934n, other: 47_683_715n, execution: 2_235_934n },
  transfer: flat(115_123_062_500n),
  stake: { self: 141_715_687_500n, other: 141_715_687_500n, execution: 102_217_625_000n },
  addFullKey: flat(101_765_125_000n),
  addCallKey: flat(102_217_625_000n),
  addCallKeyByte: { self: 1_925_331n, other: 47_683_715n, execution: 1_925_331n },
  deleteKey: flat(94_946_625_000n),
  deleteAccount: flat(147_489_000_000n),
  delegate: flat(200_000_000_000n),
  deployGlobal: flat(184_765_750_000n),
  deployGlobalByte: { self: 6_812_999n, other: 47_683_715n, execution: 70_000_000n },
  useGlobal: flat(184_765_750_000n),
  useGlobalByte: { self: 6_812_999n, other: 47_683_715n, execution: 64_572_944n },
}

export type HostFee = keyof typeof HOST

const HOST = {
  base: 264_768_111n,
  contract_loading_base: 35_445_963n,
  contract_loading_bytes: 1_089_295n,
  read_memory_base: 2_609_863_200n,
  read_memory_byte: 3_801_333n,
  write_memory_base: 2_803_794_861n,
  write_memory_byte: 2_723_772n,
  read_register_base: 2_517_165_186n,
  read_register_byte: 98_562n,
  write_register_base: 2_865_522_486n,
  write_register_byte: 3_801_564n,
  utf8_decoding_base: 3_111_779_061n,
  utf8_decoding_byte: 291_580_479n,
  utf16_decoding_base: 3_543_313_050n,
  utf16_decoding_byte: 163_577_493n,
  sha256_base: 4_540_970_250n,
  sha256_byte: 24_117_351n,
  keccak256_base: 5_879_491_275n,
  keccak256_byte: 21_471_105n,
  keccak512_base: 5_811_388_236n,
  keccak512_byte: 36_649_701n,
  ripemd160_base: 853_675_086n,
  ripemd160_block: 680_107_584n,
  ecrecover_base: 278_821_988_457n,
  ed25519_verify_base: 210_000_000_000n,
  ed25519_verify_byte: 9_000_000n,
  log_base: 3_543_313_050n,
  log_byte: 13_198_791n,
  storage_write_base: 64_196_736_000n,
  storage_write_key_byte: 70_482_867n,
  storage_write_value_byte: 31_018_539n,
  storage_write_evicted_byte: 32_117_307n,
  storage_read_base: 56_356_845_749n,
  storage_read_key_byte: 30_952_533n,
  storage_read_value_byte: 5_611_004n,
  storage_large_read_overhead_base: 1n,
  storage_large_read_overhead_byte: 1n,
  storage_remove_base: 53_473_030_500n,
  storage_remove_key_byte: 38_220_384n,
  storage_remove_ret_value_byte: 11_531_556n,
  storage_has_key_base: 54_039_896_625n,
  storage_has_key_byte: 30_790_845n,
  touching_trie_node: 2_280_000_000n,
  promise_and_base: 1_465_013_400n,
  promise_and_per_promise: 5_452_176n,
  promise_return: 560_152_386n,
  validator_stake_base: 911_834_726_400n,
  validator_total_stake_base: 911_834_726_400n,
  // of what is not emulated: told to whoever asks for the parameters
  read_cached_trie_node: 2_280_000_000n,
  contract_compile_base: 0n,
  contract_compile_bytes: 0n,
  storage_iter_create_prefix_base: 0n,
  storage_iter_create_prefix_byte: 0n,
  storage_iter_create_range_base: 0n,
  storage_iter_create_from_byte: 0n,
  storage_iter_create_to_byte: 0n,
  storage_iter_next_base: 0n,
  storage_iter_next_key_byte: 0n,
  storage_iter_next_value_byte: 0n,
  p256_verify_base: 1_300_000_000_000n,
  p256_verify_byte: 13_000_000n,
  alt_bn128_g1_multiexp_base: 713_000_000_000n,
  alt_bn128_g1_multiexp_element: 320_000_000_000n,
  alt_bn128_pairing_check_base: 9_686_000_000_000n,
  alt_bn128_pairing_check_element: 5_102_000_000_000n,
  alt_bn128_g1_sum_base: 3_000_000_000n,
  alt_bn128_g1_sum_element: 5_000_000_000n,
  yield_create_base: 153_411_779_276n,
  yield_create_byte: 15_643_988n,
  yield_resume_base: 1_195_627_285_210n,
  yield_resume_byte: 47_683_715n,
  bls12381_p1_sum_base: 16_500_000_000n,
  bls12381_p1_sum_element: 6_000_000_000n,
  bls12381_p2_sum_base: 18_600_000_000n,
  bls12381_p2_sum_element: 15_000_000_000n,
  bls12381_g1_multiexp_base: 16_500_000_000n,
  bls12381_g1_multiexp_element: 930_000_000_000n,
  bls12381_g2_multiexp_base: 18_600_000_000n,
  bls12381_g2_multiexp_element: 1_995_000_000_000n,
  bls12381_map_fp_to_g1_base: 1_500_000_000n,
  bls12381_map_fp_to_g1_element: 252_000_000_000n,
  bls12381_map_fp2_to_g2_base: 1_500_000_000n,
  bls12381_map_fp2_to_g2_element: 900_000_000_000n,
  bls12381_pairing_base: 2_130_000_000_000n,
  bls12381_pairing_element: 2_130_000_000_000n,
  bls12381_p1_decompress_base: 15_000_000_000n,
  bls12381_p1_decompress_element: 81_000_000_000n,
  bls12381_p2_decompress_base: 15_000_000_000n,
  bls12381_p2_decompress_element: 165_000_000_000n,
} as const

export type Limit = keyof typeof LIMITS

const LIMITS = {
  registersMemory: 1_073_741_824,
  registerBytes: 104_857_600,
  registers: 100,
  logs: 100,
  logBytes: 16_384,
  actions: 100,
  methodNames: 2_000,
  methodName: 256,
  argsBytes: 4_194_304,
  returnBytes: 4_194_304,
  contractBytes: 4_194_304,
  transactionBytes: 1_572_864,
  receiptBytes: 4_194_304,
  storageKey: 2_048,
  storageValue: 4_194_304,
  promises: 1_024,
  inputs: 128,
  /** Reads of values above this cost the overhead of a large read. */
  smallRead: 4_000,
} as const

/** The parameters of protocol version 88. */
export const PROTOCOL_88: Parameters = {
  protocolVersion: 88,
  gasPrice: 100_000_000n,
  fees: FEES,
  host: HOST,
  limits: LIMITS,
  maxGasBurnt: 1_000_000_000_000_000n,
  maxTotalPrepaidGas: 1_000_000_000_000_000n,
  storage: {
    amountPerByte: 10_000_000_000_000_000_000n,
    bytesOfAccount: 100n,
    bytesOfRecord: 40n,
    freeBytes: 770n,
    globalCodePerByte: 100_000_000_000_000_000_000n,
    deletableBytes: 10_000n,
  },
  reward: { numerator: 0n, denominator: 1n },
  validityBlocks: 86_400,
  noncesPerBlock: 1_000_000n,
  epochBlocks: 43_200,
  wasm: {
    features: {
      signExtension: true,
      saturatingFloats: true,
      multiValue: false,
      bulkMemory: true,
      referenceTypes: true,
      memory64: false,
    },
    importModule: 'env',
    keepsState: false,
    operationCost: 822_756,
    linear: { base: 32, unit: 1 },
    frames: { limit: 262_144, base: 64, cost: 1 },
    memory: { initial: 1_024, max: 2_048 },
    limits: {
      functions: 10_000,
      locals: 1_000_000,
      types: 1_024,
      tables: 1,
      tableElements: 10_000,
      bodyBytes: 262_144,
    },
  },
}
