/** Candid, of the types that the chain itself speaks. */
import { IDL } from '@dfinity/candid'
import { Principal } from '@dfinity/principal'
import { Rejected } from '../errors.ts'

export type CandidType = IDL.Type
export { IDL }

export const BLOB: IDL.Type = IDL.Vec(IDL.Nat8)

/** A value where it may be missing. */
export type Opt<T> = readonly [] | readonly [T]

/** The one argument of a message; `T` is what the type decodes to. @throws Rejected */
export function decodeArgument<T>(type: IDL.Type, bytes: Uint8Array): T {
  try {
    const [value] = IDL.decode([type], bytes)
    return value as T
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Rejected(5, 'IC0402', `Error decoding candid: ${reason}`)
  }
}

export function encodeValue(type: IDL.Type, value: unknown): Uint8Array {
  return new Uint8Array(IDL.encode([type], [value]))
}

/** Bytes of a decoded blob: an array of numbers, or bytes already. */
export function blobOf(value: Uint8Array | readonly number[]): Uint8Array {
  return value instanceof Uint8Array ? value : Uint8Array.from(value)
}

export function principalOf(bytes: Uint8Array): Principal {
  return Principal.fromUint8Array(bytes)
}
