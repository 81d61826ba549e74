/** Types of the management canister. @see https://internetcomputer.org/docs/references/ic-interface-spec#ic-candid */
import type { Principal } from '@dfinity/principal'
import { BLOB, type CandidType, IDL, type Opt } from '../codec/candid.ts'

type Blob = Uint8Array | readonly number[]

const VISIBILITY = IDL.Variant({
  controllers: IDL.Null,
  public: IDL.Null,
  allowed_viewers: IDL.Vec(IDL.Principal),
})
const VARIABLE = IDL.Record({ name: IDL.Text, value: IDL.Text })
const SETTINGS_FIELDS: Readonly<Record<string, CandidType>> = {
  controllers: IDL.Vec(IDL.Principal),
  compute_allocation: IDL.Nat,
  memory_allocation: IDL.Nat,
  freezing_threshold: IDL.Nat,
  reserved_cycles_limit: IDL.Nat,
  log_visibility: VISIBILITY,
  wasm_memory_limit: IDL.Nat,
  wasm_memory_threshold: IDL.Nat,
  environment_variables: IDL.Vec(VARIABLE),
}
const OPTIONAL_SETTINGS = Object.fromEntries(
  Object.entries(SETTINGS_FIELDS).map(([name, type]) => [name, IDL.Opt(type)]),
)

export const SETTINGS: CandidType = IDL.Record(OPTIONAL_SETTINGS)
export const CANISTER: CandidType = IDL.Record({ canister_id: IDL.Principal })
export const TARGET: CandidType = IDL.Record({ target_canister: IDL.Principal })
export const CREATE: CandidType = IDL.Record({ settings: IDL.Opt(SETTINGS) })
export const PROVISIONAL: CandidType = IDL.Record({
  amount: IDL.Opt(IDL.Nat),
  settings: IDL.Opt(SETTINGS),
  specified_id: IDL.Opt(IDL.Principal),
})
export const TOP_UP: CandidType = IDL.Record({ canister_id: IDL.Principal, amount: IDL.Nat })
export const UPDATE_SETTINGS: CandidType = IDL.Record({
  canister_id: IDL.Principal,
  settings: SETTINGS,
})
const UPGRADE_OPTIONS = IDL.Record({
  skip_pre_upgrade: IDL.Opt(IDL.Bool),
  wasm_memory_persistence: IDL.Opt(IDL.Variant({ keep: IDL.Null, replace: IDL.Null })),
})
const MODE = IDL.Variant({
  install: IDL.Null,
  reinstall: IDL.Null,
  upgrade: IDL.Opt(UPGRADE_OPTIONS),
})
export const INSTALL: CandidType = IDL.Record({
  mode: MODE,
  canister_id: IDL.Principal,
  wasm_module: BLOB,
  arg: BLOB,
})
export const CHUNK_HASH: CandidType = IDL.Record({ hash: BLOB })
export const INSTALL_CHUNKED: CandidType = IDL.Record({
  mode: MODE,
  target_canister: IDL.Principal,
  store_canister: IDL.Opt(IDL.Principal),
  chunk_hashes_list: IDL.Vec(CHUNK_HASH),
  wasm_module_hash: BLOB,
  arg: BLOB,
})
export const UPLOAD_CHUNK: CandidType = IDL.Record({ canister_id: IDL.Principal, chunk: BLOB })
export const CHUNK_HASHES: CandidType = IDL.Vec(CHUNK_HASH)
export const LOGS: CandidType = IDL.Record({
  canister_log_records: IDL.Vec(
    IDL.Record({ idx: IDL.Nat64, timestamp_nanos: IDL.Nat64, content: BLOB }),
  ),
})
export const STATUS: CandidType = IDL.Record({
  status: IDL.Variant({ running: IDL.Null, stopping: IDL.Null, stopped: IDL.Null }),
  version: IDL.Nat64,
  ready_for_migration: IDL.Bool,
  settings: IDL.Record(SETTINGS_FIELDS),
  module_hash: IDL.Opt(BLOB),
  memory_size: IDL.Nat,
  memory_metrics: IDL.Record({
    wasm_memory_size: IDL.Nat,
    stable_memory_size: IDL.Nat,
    global_memory_size: IDL.Nat,
    wasm_binary_size: IDL.Nat,
    custom_sections_size: IDL.Nat,
    canister_history_size: IDL.Nat,
    wasm_chunk_store_size: IDL.Nat,
    snapshots_size: IDL.Nat,
  }),
  cycles: IDL.Nat,
  reserved_cycles: IDL.Nat,
  idle_cycles_burned_per_day: IDL.Nat,
  query_stats: IDL.Record({
    num_calls_total: IDL.Nat,
    num_instructions_total: IDL.Nat,
    request_payload_bytes_total: IDL.Nat,
    response_payload_bytes_total: IDL.Nat,
  }),
})

export interface SettingsArg {
  readonly controllers: Opt<readonly Principal[]>
  readonly compute_allocation: Opt<bigint>
  readonly memory_allocation: Opt<bigint>
  readonly freezing_threshold: Opt<bigint>
  readonly reserved_cycles_limit: Opt<bigint>
  readonly log_visibility: Opt<
    | { readonly controllers: null }
    | { readonly public: null }
    | { readonly allowed_viewers: readonly Principal[] }
  >
  readonly wasm_memory_limit: Opt<bigint>
  readonly wasm_memory_threshold: Opt<bigint>
  readonly environment_variables: Opt<readonly { readonly name: string; readonly value: string }[]>
}

export interface CanisterArg {
  readonly canister_id: Principal
}

export interface CreateArg {
  readonly settings: Opt<SettingsArg>
}

export interface ProvisionalArg extends CreateArg {
  readonly amount: Opt<bigint>
  readonly specified_id: Opt<Principal>
}

export type InstallMode =
  | { readonly install: null }
  | { readonly reinstall: null }
  | {
      readonly upgrade: Opt<{
        readonly skip_pre_upgrade: Opt<boolean>
        readonly wasm_memory_persistence: Opt<{ readonly keep: null } | { readonly replace: null }>
      }>
    }

export interface InstallArg extends CanisterArg {
  readonly mode: InstallMode
  readonly wasm_module: Blob
  readonly arg: Blob
}

export interface InstallChunkedArg {
  readonly mode: InstallMode
  readonly target_canister: Principal
  readonly store_canister: Opt<Principal>
  readonly chunk_hashes_list: readonly { readonly hash: Blob }[]
  readonly wasm_module_hash: Blob
  readonly arg: Blob
}

export interface UploadChunkArg extends CanisterArg {
  readonly chunk: Blob
}

export interface TopUpArg extends CanisterArg {
  readonly amount: bigint
}

export interface UpdateSettingsArg extends CanisterArg {
  readonly settings: SettingsArg
}
