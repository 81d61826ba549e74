/** Values of contracts as bytes, and what is given to them. */
import { StrKey, xdr } from '@stellar/stellar-sdk'

/** An argument of a call: bytes, or a number of 32 bits. */
export type Argument = Uint8Array | number | readonly Uint8Array[]

export function toValue(argument: Argument): xdr.ScVal {
  if (typeof argument === 'number') return xdr.ScVal.scvU32(argument)
  if (argument instanceof Uint8Array) return xdr.ScVal.scvBytes(argument)
  return xdr.ScVal.scvVec(argument.map((each) => xdr.ScVal.scvBytes(each)))
}

/** Base64 of a value that is bytes. */
export function bytesText(bytes: Uint8Array): string {
  return xdr.ScVal.scvBytes(bytes).toXdr('base64')
}

/** The bytes that a value holds; undefined for any other value. */
export function bytesIn(value: xdr.ScVal | undefined): Uint8Array | undefined {
  return value?.type === 'scvBytes' ? new Uint8Array(value.bytes.value) : undefined
}

/** The value of a text; undefined for a text that is none. */
export function valueIn(base64: string): xdr.ScVal | undefined {
  return orUndefined(() => xdr.ScVal.fromXdr(base64, 'base64'))
}

/** What decoding gives; undefined where it fails. */
export function orUndefined<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch {
    return undefined // whoever answers may say anything
  }
}

/** The 32 bytes that name a contract. @throws for a text that is no contract */
export function contractBytes(address: string): Uint8Array {
  return new Uint8Array(StrKey.decodeContract(address))
}

/** `C...` of the 32 bytes. */
export function contractText(bytes: Uint8Array): string {
  return StrKey.encodeContract(bytes)
}
