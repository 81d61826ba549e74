/** Types of the cycles ledger, as far as it is here. */
import type { Principal } from '@dfinity/principal'
import { BLOB, type CandidType, IDL, type Opt } from '../codec/candid.ts'
import { SETTINGS, type SettingsArg } from '../management/candid.ts'

type Blob = Uint8Array | readonly number[]

export const ACCOUNT: CandidType = IDL.Record({
  owner: IDL.Principal,
  subaccount: IDL.Opt(BLOB),
})
export const NAT: CandidType = IDL.Nat
const CREATION = IDL.Record({
  subnet_selection: IDL.Opt(
    IDL.Variant({
      Filter: IDL.Record({ subnet_type: IDL.Opt(IDL.Text) }),
      Subnet: IDL.Record({ subnet: IDL.Principal }),
    }),
  ),
  settings: IDL.Opt(SETTINGS),
})
export const CREATE: CandidType = IDL.Record({
  from_subaccount: IDL.Opt(BLOB),
  created_at_time: IDL.Opt(IDL.Nat64),
  amount: IDL.Nat,
  creation_args: IDL.Opt(CREATION),
})
export const CREATED: CandidType = IDL.Variant({
  Ok: IDL.Record({ block_id: IDL.Nat, canister_id: IDL.Principal }),
  Err: IDL.Variant({
    InsufficientFunds: IDL.Record({ balance: IDL.Nat }),
    TooOld: IDL.Null,
    CreatedInFuture: IDL.Record({ ledger_time: IDL.Nat64 }),
    TemporarilyUnavailable: IDL.Null,
    Duplicate: IDL.Record({ duplicate_of: IDL.Nat, canister_id: IDL.Opt(IDL.Principal) }),
    FailedToCreate: IDL.Record({
      fee_block: IDL.Opt(IDL.Nat),
      refund_block: IDL.Opt(IDL.Nat),
      error: IDL.Text,
    }),
    GenericError: IDL.Record({ message: IDL.Text, error_code: IDL.Nat }),
  }),
})
export const DEPOSIT: CandidType = IDL.Record({ to: ACCOUNT, memo: IDL.Opt(BLOB) })
export const DEPOSITED: CandidType = IDL.Record({ balance: IDL.Nat, block_index: IDL.Nat })
export const WITHDRAW: CandidType = IDL.Record({
  from_subaccount: IDL.Opt(BLOB),
  to: IDL.Principal,
  created_at_time: IDL.Opt(IDL.Nat64),
  amount: IDL.Nat,
})
export const WITHDRAWN: CandidType = IDL.Variant({
  Ok: IDL.Nat,
  Err: IDL.Variant({
    InsufficientFunds: IDL.Record({ balance: IDL.Nat }),
    TooOld: IDL.Null,
    CreatedInFuture: IDL.Record({ ledger_time: IDL.Nat64 }),
    TemporarilyUnavailable: IDL.Null,
    Duplicate: IDL.Record({ duplicate_of: IDL.Nat }),
    BadFee: IDL.Record({ expected_fee: IDL.Nat }),
    InvalidReceiver: IDL.Record({ receiver: IDL.Principal }),
    FailedToWithdraw: IDL.Record({
      fee_block: IDL.Opt(IDL.Nat),
      rejection_code: IDL.Variant({ DestinationInvalid: IDL.Null }),
      rejection_reason: IDL.Text,
    }),
    GenericError: IDL.Record({ message: IDL.Text, error_code: IDL.Nat }),
  }),
})

export interface AccountArg {
  readonly owner: Principal
  readonly subaccount: Opt<Blob>
}

export interface CreateArg {
  readonly from_subaccount: Opt<Blob>
  readonly created_at_time: Opt<bigint>
  readonly amount: bigint
  readonly creation_args: Opt<{ readonly settings: Opt<SettingsArg> }>
}

export interface DepositArg {
  readonly to: AccountArg
}

export interface WithdrawArg {
  readonly from_subaccount: Opt<Blob>
  readonly to: Principal
  readonly created_at_time: Opt<bigint>
  readonly amount: bigint
}
