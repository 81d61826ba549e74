/** Hashing with domains: every hash of ours that is an id or a signed digest begins with an ASCII tag and a zero byte. */
import { platform } from '#platform'
import { utf8 } from './bytes.ts'

/** SHA-256 of the concatenated parts, 32 bytes. */
export const sha256: (...parts: readonly Uint8Array[]) => Uint8Array = platform.sha256

/** The bytes of a domain tag: ASCII text and a trailing zero byte (docs/protocol.md, Delta). */
export function domainTag(text: string): Uint8Array {
  return utf8(`${text}\0`)
}

/** SHA-256 of a domain tag followed by the parts. */
export function taggedHash(tag: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  return platform.sha256(tag, ...parts)
}
