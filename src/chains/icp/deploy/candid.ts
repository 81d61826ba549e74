/** Types of the canisters that deploying calls: the management canister and the cycles ledger, as far as it does. */
import { IDL } from '@dfinity/candid'
import type { Principal } from '@dfinity/principal'
import { chainError } from '../../shared/errors.ts'

type Type = IDL.Type<unknown>
type Opt<T> = readonly [] | readonly [T]

/** What is asked of settings; the rest stays as it is. */
const SETTINGS = IDL.Record({
  controllers: IDL.Opt(IDL.Vec(IDL.Principal)),
  freezing_threshold: IDL.Opt(IDL.Nat),
})

const MODE = IDL.Variant({
  install: IDL.Null,
  reinstall: IDL.Null,
  upgrade: IDL.Opt(
    IDL.Record({
      skip_pre_upgrade: IDL.Opt(IDL.Bool),
      wasm_memory_persistence: IDL.Opt(IDL.Variant({ keep: IDL.Null, replace: IDL.Null })),
    }),
  ),
})
const CANISTER = IDL.Record({ canister_id: IDL.Principal })
const HASH = IDL.Record({ hash: IDL.Vec(IDL.Nat8) })

/** What a method takes and answers. */
export interface Method {
  readonly name: string
  readonly takes: readonly Type[]
  readonly answers: readonly Type[]
}

const method = (name: string, takes: readonly unknown[], answers: readonly unknown[]): Method => ({
  name,
  // the library's types are of what a value looks like here
  takes: takes as readonly Type[],
  answers: answers as readonly Type[],
})

/** Of the management canister. @see https://internetcomputer.org/docs/references/ic-interface-spec#ic-candid */
export const MANAGEMENT: Readonly<Record<ManagementMethod, Method>> = {
  install_code: method(
    'install_code',
    [
      IDL.Record({
        mode: MODE,
        canister_id: IDL.Principal,
        wasm_module: IDL.Vec(IDL.Nat8),
        arg: IDL.Vec(IDL.Nat8),
      }),
    ],
    [],
  ),
  install_chunked_code: method(
    'install_chunked_code',
    [
      IDL.Record({
        mode: MODE,
        target_canister: IDL.Principal,
        store_canister: IDL.Opt(IDL.Principal),
        chunk_hashes_list: IDL.Vec(HASH),
        wasm_module_hash: IDL.Vec(IDL.Nat8),
        arg: IDL.Vec(IDL.Nat8),
      }),
    ],
    [],
  ),
  upload_chunk: method(
    'upload_chunk',
    [IDL.Record({ canister_id: IDL.Principal, chunk: IDL.Vec(IDL.Nat8) })],
    [HASH],
  ),
  stored_chunks: method('stored_chunks', [CANISTER], [IDL.Vec(HASH)]),
  clear_chunk_store: method('clear_chunk_store', [CANISTER], []),
  update_settings: method(
    'update_settings',
    [IDL.Record({ canister_id: IDL.Principal, settings: SETTINGS })],
    [],
  ),
  canister_status: method(
    'canister_status',
    [CANISTER],
    [
      IDL.Record({
        settings: IDL.Record({ freezing_threshold: IDL.Nat }),
        cycles: IDL.Nat,
        idle_cycles_burned_per_day: IDL.Nat,
      }),
    ],
  ),
}

export type ManagementMethod =
  | 'install_code'
  | 'install_chunked_code'
  | 'upload_chunk'
  | 'stored_chunks'
  | 'clear_chunk_store'
  | 'update_settings'
  | 'canister_status'

/** Of the cycles ledger. @see https://github.com/dfinity/cycles-ledger */
export const LEDGER: Readonly<Record<'balance' | 'create', Method>> = {
  balance: method(
    'icrc1_balance_of',
    [IDL.Record({ owner: IDL.Principal, subaccount: IDL.Opt(IDL.Vec(IDL.Nat8)) })],
    [IDL.Nat],
  ),
  create: method(
    'create_canister',
    [
      IDL.Record({
        from_subaccount: IDL.Opt(IDL.Vec(IDL.Nat8)),
        created_at_time: IDL.Opt(IDL.Nat64),
        amount: IDL.Nat,
        creation_args: IDL.Opt(
          IDL.Record({
            subnet_selection: IDL.Opt(
              IDL.Variant({
                Filter: IDL.Record({ subnet_type: IDL.Opt(IDL.Text) }),
                Subnet: IDL.Record({ subnet: IDL.Principal }),
              }),
            ),
            settings: IDL.Opt(SETTINGS),
          }),
        ),
      }),
    ],
    [
      IDL.Variant({
        Ok: IDL.Record({ block_id: IDL.Nat, canister_id: IDL.Principal }),
        Err: IDL.Variant({
          InsufficientFunds: IDL.Record({ balance: IDL.Nat }),
          TooOld: IDL.Null,
          CreatedInFuture: IDL.Record({ ledger_time: IDL.Nat64 }),
          TemporarilyUnavailable: IDL.Null,
          Duplicate: IDL.Record({
            duplicate_of: IDL.Nat,
            canister_id: IDL.Opt(IDL.Principal),
          }),
          FailedToCreate: IDL.Record({
            fee_block: IDL.Opt(IDL.Nat),
            refund_block: IDL.Opt(IDL.Nat),
            error: IDL.Text,
          }),
          GenericError: IDL.Record({ message: IDL.Text, error_code: IDL.Nat }),
        }),
      }),
    ],
  ),
}

/** How the ledger answers `create_canister`. */
export type Created =
  | { readonly Ok: { readonly canister_id: Principal } }
  | {
      readonly Err:
        | { readonly InsufficientFunds: { readonly balance: bigint } }
        | { readonly TooOld: null }
        | { readonly CreatedInFuture: object }
        | { readonly TemporarilyUnavailable: null }
        | { readonly Duplicate: { readonly canister_id: Opt<Principal> } }
        | { readonly FailedToCreate: { readonly error: string } }
        | { readonly GenericError: { readonly message: string } }
    }

/** What our canisters are told when they are installed. */
const INIT = IDL.Record({
  network: IDL.Text,
  predecessor: IDL.Opt(IDL.Principal),
  daily: IDL.Opt(IDL.Nat32),
  reserve: IDL.Opt(IDL.Nat),
})

/** What our canisters say of their cycles. */
export const CYCLES: Method = method(
  'cycles',
  [],
  [
    IDL.Record({
      balance: IDL.Nat,
      liquid: IDL.Opt(IDL.Nat),
      memory: IDL.Nat64,
      created_today: IDL.Nat32,
      daily: IDL.Nat32,
      reserve: IDL.Nat,
    }),
  ],
)

/** The argument of an installation. */
export function initArgument(network: string, predecessor: Principal | undefined): Uint8Array {
  const value = {
    network,
    predecessor: predecessor === undefined ? [] : [predecessor],
    ...{ daily: [], reserve: [] },
  }
  return new Uint8Array(IDL.encode([INIT], [value]))
}

/** No arguments. */
export const NOTHING: Uint8Array = new Uint8Array(IDL.encode([], []))

export function encodeTaken({ takes }: Method, values: readonly unknown[]): Uint8Array {
  return new Uint8Array(IDL.encode([...takes], [...values]))
}

/** What a method answered. @throws CHAIN_DEPLOY (chain) for something of another shape */
export function decodeAnswer<T>({ name, answers }: Method, bytes: Uint8Array): T {
  try {
    // the library reads the whole buffer; the caller knows what its method answers
    return IDL.decode([...answers], Uint8Array.from(bytes))[0] as T
  } catch (cause) {
    const message = `expected an answer to ${name}, got bytes of another shape`
    throw chainError('icp', 'CHAIN_DEPLOY', message, {}, { cause })
  }
}
