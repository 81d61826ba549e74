/** Canisters as the chain keeps them. Everything in one is replaced and never changed in place, so that a copy of the record is a snapshot. */
import { principalText } from '../codec/principal.ts'
import {
  DEFAULT_FREEZING_SECONDS,
  DEFAULT_RESERVED_LIMIT,
  DEFAULT_WASM_MEMORY_LIMIT,
} from '../parameters.ts'
import type { CanisterCode } from './code.ts'
import { type HeapState, NO_HEAP, NO_STABLE, type StableState } from './memory.ts'

/** Who may read the log. */
export type LogVisibility =
  | { readonly controllers: null }
  | { readonly public: null }
  | { readonly allowed_viewers: readonly Uint8Array[] }

export interface EnvironmentVariable {
  readonly name: string
  readonly value: string
}

export interface CanisterSettings {
  readonly controllers: readonly Uint8Array[]
  /** Per cent of a core. */
  readonly computeAllocation: bigint
  readonly memoryAllocation: bigint
  readonly freezingSeconds: bigint
  readonly reservedCyclesLimit: bigint
  readonly wasmMemoryLimit: bigint
  readonly wasmMemoryThreshold: bigint
  readonly logVisibility: LogVisibility
  readonly environment: readonly EnvironmentVariable[]
}

export interface LogRecord {
  readonly index: bigint
  readonly time: bigint
  readonly content: Uint8Array
}

export interface Canister {
  readonly id: Uint8Array
  /** Text form of the id. */
  readonly text: string
  status: 'running' | 'stopping' | 'stopped'
  /** Since when it is stopping, nanoseconds. */
  stoppingSince: bigint
  settings: CanisterSettings
  cycles: bigint
  version: bigint
  code: CanisterCode | undefined
  heap: HeapState
  stable: StableState
  certifiedData: Uint8Array
  /** When the global timer fires; 0: never. */
  timer: bigint
  logs: readonly LogRecord[]
  nextLog: bigint
  chunks: ReadonlyMap<string, Uint8Array>
  /** Until when memory and computing are paid for. */
  chargedAt: bigint
  queries: QueryCounts
}

/** What queries took, for the status of a canister. */
export interface QueryCounts {
  readonly calls: bigint
  readonly instructions: bigint
  readonly requestBytes: bigint
  readonly responseBytes: bigint
}

export const NO_QUERIES: QueryCounts = {
  calls: 0n,
  instructions: 0n,
  requestBytes: 0n,
  responseBytes: 0n,
}

export function newCanister(
  id: Uint8Array,
  controllers: readonly Uint8Array[],
  cycles: bigint,
  now: bigint,
): Canister {
  return {
    ...{ id, text: principalText(id), status: 'running', stoppingSince: 0n, cycles, version: 0n },
    ...{ code: undefined, heap: NO_HEAP, stable: NO_STABLE, certifiedData: new Uint8Array(0) },
    ...{ timer: 0n, logs: [], nextLog: 0n, chunks: new Map(), chargedAt: now },
    queries: NO_QUERIES,
    settings: {
      controllers,
      computeAllocation: 0n,
      memoryAllocation: 0n,
      freezingSeconds: DEFAULT_FREEZING_SECONDS,
      reservedCyclesLimit: DEFAULT_RESERVED_LIMIT,
      wasmMemoryLimit: DEFAULT_WASM_MEMORY_LIMIT,
      wasmMemoryThreshold: 0n,
      logVisibility: { controllers: null },
      environment: [],
    },
  }
}
