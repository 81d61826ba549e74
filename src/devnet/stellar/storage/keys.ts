/** Keys of ledger entries: base64 of their XDR, which is what clients send as well. */
import { fromBase64, toBase64 } from '../codec/text.ts'
import { XdrWriter } from '../codec/xdr.ts'
import { type Address, writeAddress } from '../value/address.ts'
import { SCV } from '../value/scval.ts'

/** XDR's types of entries. */
export const ENTRY = { account: 0, data: 6, code: 7, ttl: 9 } as const

/** Whether an entry is given up when its time is over, or archived. */
export const DURABILITY = { temporary: 0, persistent: 1 } as const

export function accountKey(publicKey: Uint8Array): string {
  return toBase64(new XdrWriter().u32(ENTRY.account).u32(0).raw(publicKey).done())
}

export function codeKey(hash: Uint8Array): string {
  return toBase64(new XdrWriter().u32(ENTRY.code).raw(hash).done())
}

/** `key`: XDR of a value. */
export function dataKey(contract: Address, key: Uint8Array, durability: number): string {
  const w = writeAddress(new XdrWriter().u32(ENTRY.data), contract)
  return toBase64(w.raw(key).u32(durability).done())
}

/** Under which a contract's own entry is. */
export const INSTANCE_KEY: Uint8Array = new XdrWriter().u32(SCV.instanceKey).done()

export function instanceKey(contract: Address): string {
  return dataKey(contract, INSTANCE_KEY, DURABILITY.persistent)
}

/** The key, as a value, under which a used nonce is. */
export function nonceValue(nonce: bigint): Uint8Array {
  return new XdrWriter().u32(SCV.nonceKey).u64(nonce).done()
}

/** One of {@link ENTRY}, or whatever else XDR has. */
export function entryTypeOf(key: string): number {
  // the fourth byte: there are few types
  return fromBase64(key.slice(0, 8))[3] ?? 0
}

/** Undefined of what lives forever. */
export function durabilityOf(key: string): number | undefined {
  const type = entryTypeOf(key)
  if (type === ENTRY.code) return DURABILITY.persistent
  return type === ENTRY.data ? fromBase64(key).at(-1) : undefined
}
