/** Small functions on bytes that every room needs: text forms, comparison, concatenation. */
import { base58, base64urlnopad, hex } from '@scure/base'
import { MerogateError } from '../errors.ts'
import { platform } from '#platform'

/** No bytes. Shared: never write into it. */
export const EMPTY: Uint8Array = new Uint8Array(0)

/** UTF-8 bytes of a text. */
export const utf8: (text: string) => Uint8Array = (() => {
  const encoder = new TextEncoder()
  return (text: string) => encoder.encode(text)
})()

/** Text of UTF-8 bytes. @throws BYTES_NOT_UTF8 (input) */
export const fromUtf8: (bytes: Uint8Array) => string = (() => {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return (bytes: Uint8Array) => {
    try {
      return decoder.decode(bytes)
    } catch (cause) {
      throw new MerogateError(
        'BYTES_NOT_UTF8',
        'input',
        `expected UTF-8 text, got ${bytes.length} bytes that are not`,
        {},
        { cause },
      )
    }
  }
})()

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  return platform.toHex(bytes)
}

/** Bytes of a hexadecimal text, either case. @throws BYTES_NOT_HEX (input) */
export function fromHex(text: string): Uint8Array {
  try {
    return hex.decode(text.toLowerCase())
  } catch (cause) {
    throw new MerogateError(
      'BYTES_NOT_HEX',
      'input',
      `expected hexadecimal digits, got ${JSON.stringify(text.slice(0, 80))}`,
      {},
      { cause },
    )
  }
}

/** Base58 with the Bitcoin alphabet, the text form of every id at the edge. */
export function toBase58(bytes: Uint8Array): string {
  return base58.encode(bytes)
}

/** Bytes of a base58 text. @throws BYTES_NOT_BASE58 (input) */
export function fromBase58(text: string): Uint8Array {
  try {
    return base58.decode(text)
  } catch (cause) {
    throw new MerogateError(
      'BYTES_NOT_BASE58',
      'input',
      `expected base58 text, got ${JSON.stringify(text.slice(0, 80))}`,
      {},
      { cause },
    )
  }
}

/** Base64url without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return base64urlnopad.encode(bytes)
}

/** All parts in one new array. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Whether two arrays hold the same bytes. Not constant time: for secrets use `crypto/`. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Lexicographic order of bytes, as LevelDB sorts keys. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number) // both below length
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** A short text for logs: the first eight hexadecimal digits. */
export function shortHex(bytes: Uint8Array): string {
  return hex.encode(bytes.subarray(0, 4))
}
