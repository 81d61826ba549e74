/** Ledger entries, and their XDR. */
import { EMPTY } from '../../../node/primitives/bytes.ts'
import { XdrReader, XdrWriter } from '../codec/xdr.ts'
import { type Address, readAddress, writeAddress } from '../value/address.ts'
import { hostError } from '../value/errors.ts'
import { SCV } from '../value/scval.ts'
import { ENTRY } from './keys.ts'

/** Somebody else who may sign for an account. */
export interface Signer {
  /** XDR of XDR's `SignerKey`. */
  readonly key: Uint8Array
  readonly weight: number
}

export interface AccountEntry {
  readonly kind: 'account'
  readonly publicKey: Uint8Array
  /** Stroops. */
  readonly balance: bigint
  readonly sequence: bigint
  readonly flags: number
  readonly homeDomain: Uint8Array
  /** Weight of the account's own key; what is needed for operations of low, medium and high weight. */
  readonly thresholds: readonly [number, number, number, number]
  /** In the order of their keys. */
  readonly signers: readonly Signer[]
}

export interface DataEntry {
  readonly kind: 'data'
  readonly contract: Address
  /** XDR of values. */
  readonly key: Uint8Array
  readonly durability: number
  readonly value: Uint8Array
}

export interface CodeEntry {
  readonly kind: 'code'
  readonly hash: Uint8Array
  readonly code: Uint8Array
  /** What of the module is counted: ten numbers, in the order of the costs of parsing. */
  readonly counts: readonly number[]
}

export type Entry = AccountEntry | DataEntry | CodeEntry

/** An entry of the ledger. */
export interface Stored {
  readonly entry: Entry
  /** The last ledger that it lives in; undefined of accounts. */
  readonly liveUntil: number | undefined
  /** The ledger that changed it last. */
  readonly modified: number
}

/** What transactions of the account itself count up. */
const LOW_BITS = 0xffff_ffffn

export function newAccount(publicKey: Uint8Array, balance: bigint, ledger: number): AccountEntry {
  return {
    ...{ kind: 'account', publicKey, balance, sequence: BigInt(ledger) << 32n, flags: 0 },
    ...{ homeDomain: EMPTY, thresholds: [1, 0, 0, 0], signers: [] },
  }
}

/** Balance that an account must keep. */
export function reserveOf({ signers }: AccountEntry, baseReserve: number): bigint {
  return BigInt(2 + signers.length) * BigInt(baseReserve)
}

const encoded = new WeakMap<Entry, Uint8Array>()

/** XDR of `LedgerEntryData`. */
export function entryData(entry: Entry): Uint8Array {
  const known = encoded.get(entry)
  if (known !== undefined) return known
  const bytes = encode(entry)
  encoded.set(entry, bytes)
  return bytes
}

function encode(entry: Entry): Uint8Array {
  const w = new XdrWriter()
  switch (entry.kind) {
    case 'data':
      writeAddress(w.u32(ENTRY.data).u32(0), entry.contract)
      return w.raw(entry.key).u32(entry.durability).raw(entry.value).done()
    case 'code':
      w.u32(ENTRY.code).u32(1).u32(0).u32(0)
      for (const count of entry.counts) w.u32(count)
      return w.raw(entry.hash).bytes(entry.code).done()
    case 'account':
      w.u32(ENTRY.account).u32(0).raw(entry.publicKey).u64(entry.balance).u64(entry.sequence)
      w.u32(entry.signers.length).u32(0).u32(entry.flags).bytes(entry.homeDomain)
      w.raw(Uint8Array.from(entry.thresholds)).u32(entry.signers.length)
      for (const { key, weight } of entry.signers) w.raw(key).u32(weight)
      // an account that never sent a transaction has none
      if ((entry.sequence & LOW_BITS) === 0n) return w.u32(0).done()
      // all extensions, of which nothing is used: liabilities, sponsors, when the number changed
      w.u32(1).u64(0n).u64(0n).u32(2).u32(0).u32(0).u32(entry.signers.length)
      for (let i = 0; i < entry.signers.length; i++) w.u32(0)
      return w.u32(3).u32(0).u32(0).u64(0n).done()
    default:
      return entry satisfies never
  }
}

/** XDR of `LedgerEntry`. */
export function entryXdr(entry: Entry, modified: number): Uint8Array {
  return new XdrWriter().u32(modified).raw(entryData(entry)).u32(0).done()
}

/** Bytes of the entry as XDR. */
export function entrySize(entry: Entry): number {
  return entryData(entry).length + 8
}

/** What a contract runs. */
export type Executable =
  | { readonly kind: 'wasm'; readonly hash: Uint8Array }
  | { readonly kind: 'asset' }
  /** Whatever an entry of another contract names. */
  | { readonly kind: 'reference'; readonly owner: Address; readonly tag: Uint8Array }

export function writeExecutable(w: XdrWriter, executable: Executable): XdrWriter {
  if (executable.kind === 'wasm') return w.u32(0).raw(executable.hash)
  if (executable.kind === 'asset') return w.u32(1)
  return writeAddress(w.u32(2), executable.owner).bytes(executable.tag)
}

/** @throws HostError, XdrInvalid */
export function readExecutable(r: XdrReader): Executable {
  const kind = r.u32()
  if (kind === 0) return { kind: 'wasm', hash: r.opaque(32) }
  if (kind === 1) return { kind: 'asset' }
  if (kind !== 2) throw hostError('Value', 'InvalidInput', 'bad executable')
  const owner = readAddress(r)
  return { kind: 'reference', owner, tag: r.bytes() }
}

/** A contract's own entry. */
export interface Instance {
  readonly executable: Executable
  /** Entries of a map as XDR, with their count before them. */
  readonly storage: Uint8Array | undefined
}

export function instanceValue({ executable, storage }: Instance): Uint8Array {
  const w = writeExecutable(new XdrWriter().u32(SCV.instance), executable)
  return storage === undefined ? w.u32(0).done() : w.u32(1).raw(storage).done()
}

/** @throws HostError, XdrInvalid */
export function readInstance(value: Uint8Array): Instance {
  const r = new XdrReader(value)
  if (r.u32() !== SCV.instance) {
    throw hostError('Storage', 'InternalError', 'an entry holds no contract instance')
  }
  const executable = readExecutable(r)
  return { executable, storage: r.u32() === 1 ? value.slice(r.at) : undefined }
}
