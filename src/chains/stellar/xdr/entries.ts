/** Entries of the ledger: their keys, and what stands in them. */
import { Address, Keypair, xdr } from '@stellar/stellar-sdk'
import { toHex } from '../../../node/primitives/bytes.ts'
import { bytesIn, orUndefined } from './values.ts'

/** Key of an account's entry, base64. */
export function accountKeyOf(address: string): string {
  const accountId = Keypair.fromPublicKey(address).xdrAccountId()
  return xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId })).toXdr('base64')
}

/** Key of a contract's own entry. */
export function instanceKeyOf(contract: string): string {
  return dataKeyOf(contract, xdr.ScVal.scvLedgerKeyContractInstance())
}

/** Key of a contract's row. */
export function rowKeyOf(contract: string, row: Uint8Array): string {
  return dataKeyOf(contract, xdr.ScVal.scvBytes(row))
}

/** Key of code, by its SHA-256. */
export function codeKeyOf(codeHash: Uint8Array): string {
  return xdr.LedgerKey.contractCode(new xdr.LedgerKeyContractCode({ hash: codeHash })).toXdr(
    'base64',
  )
}

function dataKeyOf(contract: string, key: xdr.ScVal): string {
  const { persistent: durability } = xdr.ContractDataDurability
  const data = { contract: Address.fromString(contract).toScAddress(), key, durability }
  return xdr.LedgerKey.contractData(new xdr.LedgerKeyContractData(data)).toXdr('base64')
}

/** An account, as far as it matters here. */
export interface Account {
  /** Stroops, with what has to stay. */
  readonly balance: bigint
  /** Number of its last transaction. */
  readonly sequence: bigint
  /** Entries that it keeps a reserve for, beside its own two. */
  readonly subentries: number
}

/** The account in an entry; undefined where it is none. */
export function accountIn(base64: string): Account | undefined {
  const data = dataIn(base64)
  if (data?.type !== 'account') return undefined
  const { balance, seqNum, numSubEntries } = data.account
  return { balance, sequence: seqNum, subentries: numSubEntries }
}

/** SHA-256 of the code of a contract, hexadecimal, in its own entry; undefined where it is none, or has no code of its own. */
export function codeHashIn(base64: string): string | undefined {
  const data = dataIn(base64)
  if (data?.type !== 'contractData' || data.contractData.val.type !== 'scvContractInstance') {
    return undefined
  }
  const { executable } = data.contractData.val.instance
  return executable.type === 'contractExecutableWasm'
    ? toHex(executable.wasmHash.toBytes())
    : undefined
}

/** Bytes that a row holds; undefined where it is none. */
export function rowIn(base64: string): Uint8Array | undefined {
  const data = dataIn(base64)
  return data?.type === 'contractData' ? bytesIn(data.contractData.val) : undefined
}

/** Bytes of code in an entry; undefined where it is none. */
export function codeIn(base64: string): Uint8Array | undefined {
  const data = dataIn(base64)
  return data?.type === 'contractCode' ? new Uint8Array(data.contractCode.code) : undefined
}

function dataIn(base64: string): xdr.LedgerEntryData | undefined {
  return orUndefined(() => xdr.LedgerEntryData.fromXdr(base64, 'base64'))
}
