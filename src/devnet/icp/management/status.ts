/** What a canister tells its controllers about itself. */
import type { Canister } from '../canister/canister.ts'
import { encodeValue } from '../codec/candid.ts'
import { idleCostPerDay, memoryOf } from '../cycles.ts'
import { PAGE } from '../parameters.ts'
import { STATUS } from './candid.ts'
import { settingsValue } from './settings.ts'

export function canisterStatus(canister: Canister): Uint8Array {
  const { code, heap, stable, chunks, queries } = canister
  const chunkBytes = [...chunks.values()].reduce((sum, { length }) => sum + length, 0)
  const sections = code?.rewritten.customs.reduce((sum, { bytes }) => sum + bytes.length, 0) ?? 0
  return encodeValue(STATUS, {
    status: { [canister.status]: null },
    version: canister.version,
    ready_for_migration: canister.status === 'stopped',
    settings: settingsValue(canister.settings),
    module_hash: code === undefined ? [] : [code.hash],
    memory_size: memoryOf(canister),
    memory_metrics: {
      wasm_memory_size: BigInt(heap.pages.length * PAGE),
      stable_memory_size: BigInt(stable.size * PAGE),
      global_memory_size: BigInt(heap.globals.length * 8),
      wasm_binary_size: BigInt(code?.size ?? 0),
      custom_sections_size: BigInt(sections),
      canister_history_size: 0n,
      wasm_chunk_store_size: BigInt(chunkBytes),
      snapshots_size: 0n,
    },
    cycles: canister.cycles,
    reserved_cycles: 0n,
    idle_cycles_burned_per_day: idleCostPerDay(canister),
    query_stats: {
      num_calls_total: queries.calls,
      num_instructions_total: queries.instructions,
      request_payload_bytes_total: queries.requestBytes,
      response_payload_bytes_total: queries.responseBytes,
    },
  })
}
