/** Principals: ids of canisters, users and nodes, and their text form. */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { base32nopad } from '@scure/base'
import { concat, equalBytes } from '../../../node/primitives/bytes.ts'

/** Whoever signs nothing. */
export const ANONYMOUS: Uint8Array = Uint8Array.of(4)
/** `aaaaa-aa`. */
export const MANAGEMENT: Uint8Array = new Uint8Array(0)

const MAX_BYTES = 29
const CHECKSUM_BYTES = 4
/** Last byte of a principal that is a key's hash. */
const SELF_AUTHENTICATING = 2

export function principalText(bytes: Uint8Array): string {
  const checked = concat(checksum(bytes), bytes)
  return (
    base32nopad
      .encode(checked)
      .toLowerCase()
      .match(/.{1,5}/g) ?? []
  ).join('-')
}

/** Bytes of the text form, or undefined where it is none. */
export function principalBytes(text: string): Uint8Array | undefined {
  try {
    const all = base32nopad.decode(text.replaceAll('-', '').toUpperCase())
    const bytes = all.slice(CHECKSUM_BYTES)
    if (bytes.length > MAX_BYTES || !equalBytes(all.subarray(0, CHECKSUM_BYTES), checksum(bytes))) {
      return undefined
    }
    return principalText(bytes) === text ? bytes : undefined
  } catch {
    return undefined
  }
}

function checksum(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(CHECKSUM_BYTES)
  new DataView(out.buffer).setUint32(0, crc32(bytes))
  return out
}

/** The principal of whoever has the key; `der`: the public key. */
export function selfAuthenticating(der: Uint8Array): Uint8Array {
  const hash = createHash('sha224').update(der).digest()
  return concat(hash, Uint8Array.of(SELF_AUTHENTICATING))
}

/** Canister number `index` of this chain. */
export function canisterId(index: bigint): Uint8Array {
  const out = new Uint8Array(10)
  new DataView(out.buffer).setBigUint64(0, index)
  out[8] = 1
  out[9] = 1
  return out
}
