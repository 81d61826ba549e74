/** The hash of a map that does not depend on how it is written: what requests are called and signed by. */
import { compareBytes, concat, utf8 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { CborError, type CborValue } from './cbor.ts'

/** A text before what is hashed or signed, so that nothing means two things. */
export function separator(domain: string): Uint8Array {
  const text = utf8(domain)
  return concat(Uint8Array.of(text.length), text)
}

/** Unsigned LEB128. */
export function leb128(value: bigint): Uint8Array {
  const out: number[] = []
  let rest = value
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    out.push(rest > 0n ? low | 0x80 : low)
  } while (rest > 0n)
  return Uint8Array.from(out)
}

/** Entries that are undefined are as if they were not there. @throws CborError for what has no hash */
export function hashOfMap(map: Readonly<Record<string, CborValue>>): Uint8Array {
  const entries = Object.entries(map)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => concat(sha256(utf8(key)), hashOf(value)))
  return sha256(...entries.sort(compareBytes))
}

function hashOf(value: CborValue): Uint8Array {
  if (value instanceof Uint8Array) return sha256(value)
  if (typeof value === 'string') return sha256(utf8(value))
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (value >= 0) return sha256(leb128(BigInt(value)))
  } else if (Array.isArray(value)) {
    return sha256(...(value as readonly CborValue[]).map(hashOf))
  } else if (typeof value === 'object' && value !== null) {
    return hashOfMap(value as Readonly<Record<string, CborValue>>)
  }
  throw new CborError('a value that has no hash')
}
