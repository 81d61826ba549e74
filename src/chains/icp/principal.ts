/** Principals: whoever acts on the Internet Computer, by their bytes and as they are written. */
import { Principal } from '@dfinity/principal'

/** Groups of five of base 32, 63 characters at most. */
export const PRINCIPAL: RegExp = /^(?:[a-z2-7]{5}-){0,10}[a-z2-7]{1,5}$/

/** Undefined when it is none, or not written as principals are. */
export function principalBytes(text: string): Uint8Array | undefined {
  if (!PRINCIPAL.test(text)) return undefined
  try {
    return Principal.fromText(text).toUint8Array()
  } catch {
    return undefined
  }
}

export function principalText(bytes: Uint8Array): string {
  return Principal.fromUint8Array(bytes).toText()
}

/** The principal of a key in DER. */
export function principalOfKey(der: Uint8Array): Uint8Array {
  return Principal.selfAuthenticating(der).toUint8Array()
}
