/** Addresses of accounts and contracts, as values and as text. */
import { StrKey } from '@stellar/stellar-sdk'
import { compareBytes, concat } from '../../../node/primitives/bytes.ts'
import { type XdrReader, XdrWriter } from '../codec/xdr.ts'
import { hostError } from './errors.ts'

export const ADDRESS = { account: 0, contract: 1, muxed: 2, claimable: 3, pool: 4 } as const

export interface Address {
  /** One of {@link ADDRESS}, as in XDR. */
  readonly kind: number
  /** 32 bytes: a public key, or the id of a contract. */
  readonly bytes: Uint8Array
  /** Of a muxed account. */
  readonly id?: bigint
}

export function accountAddress(key: Uint8Array): Address {
  return { kind: ADDRESS.account, bytes: key }
}

export function contractAddress(id: Uint8Array): Address {
  return { kind: ADDRESS.contract, bytes: id }
}

export function compareAddresses(a: Address, b: Address): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1
  const [left, right] = [a.id ?? 0n, b.id ?? 0n]
  if (left !== right) return left < right ? -1 : 1
  return Math.sign(compareBytes(a.bytes, b.bytes))
}

export function sameAddress(a: Address | undefined, b: Address): boolean {
  return a !== undefined && compareAddresses(a, b) === 0
}

export function writeAddress(w: XdrWriter, { kind, bytes, id }: Address): XdrWriter {
  w.u32(kind)
  if (kind === ADDRESS.account || kind === ADDRESS.claimable) w.u32(0)
  if (kind === ADDRESS.muxed) w.u64(id ?? 0n)
  return w.raw(bytes)
}

/** @throws HostError, XdrInvalid */
export function readAddress(r: XdrReader): Address {
  const kind = r.u32()
  if (kind > ADDRESS.pool) throw hostError('Value', 'InvalidInput', 'bad kind of address')
  if (kind === ADDRESS.account || kind === ADDRESS.claimable) {
    if (r.u32() !== 0) throw hostError('Value', 'InvalidInput', 'bad address')
  }
  if (kind !== ADDRESS.muxed) return { kind, bytes: r.opaque(32) }
  const id = r.u64()
  return { kind, bytes: r.opaque(32), id }
}

/** `G...`, `C...` or `M...`. */
export function addressText({ kind, bytes, id }: Address): string {
  if (kind === ADDRESS.contract) return StrKey.encodeContract(bytes)
  if (kind === ADDRESS.account) return StrKey.encodeEd25519PublicKey(bytes)
  const muxed = concat(bytes, new XdrWriter().u64(id ?? 0n).done())
  return StrKey.encodeMed25519PublicKey(muxed)
}

/** Undefined where the text is no address, or a muxed one where those are not wanted. */
export function addressOfText(text: string, takesMuxed = false): Address | undefined {
  if (StrKey.isValidEd25519PublicKey(text)) {
    return accountAddress(Uint8Array.from(StrKey.decodeEd25519PublicKey(text)))
  }
  if (StrKey.isValidContract(text)) {
    return contractAddress(Uint8Array.from(StrKey.decodeContract(text)))
  }
  if (!takesMuxed || !StrKey.isValidMed25519PublicKey(text)) return undefined
  const bytes = Uint8Array.from(StrKey.decodeMed25519PublicKey(text))
  const id = new DataView(bytes.buffer).getBigUint64(32)
  return { kind: ADDRESS.muxed, bytes: bytes.slice(0, 32), id }
}
