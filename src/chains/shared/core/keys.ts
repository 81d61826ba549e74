/** Keys of the rows that contracts of `contracts/core` store. */
import { concat, utf8 } from '../../../node/primitives/bytes.ts'

/** Tables of the contract of contexts. */
const CONTEXTS = { context: 1, group: 2, member: 3, past: 4, slot: 5 } as const
/** Tables of the registry. */
const PACKAGES = { package: 1, release: 2, number: 3, line: 4, majors: 5, nonce: 6 } as const

/** A row of a table. */
export function rowKey(table: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return concat(Uint8Array.of(table), ...parts)
}

/** The highest byte first. */
export function bigEndian(value: number | bigint, length: number): Uint8Array {
  const number = BigInt(value)
  return Uint8Array.from({ length }, (_, at) =>
    Number((number >> BigInt(8 * (length - 1 - at))) & 0xffn),
  )
}

export const coreKeys = {
  context: (id: Uint8Array): Uint8Array => rowKey(CONTEXTS.context, id),
  group: (id: Uint8Array): Uint8Array => rowKey(CONTEXTS.group, id),
  member: (group: Uint8Array, identity: Uint8Array): Uint8Array =>
    rowKey(CONTEXTS.member, group, identity),
  past: (group: Uint8Array, identity: Uint8Array): Uint8Array =>
    rowKey(CONTEXTS.past, group, identity),
  slot: (group: Uint8Array, slot: number): Uint8Array =>
    rowKey(CONTEXTS.slot, group, bigEndian(slot, 4)),
  package: (id: Uint8Array): Uint8Array => rowKey(PACKAGES.package, id),
  release: (id: Uint8Array, number: number): Uint8Array =>
    rowKey(PACKAGES.release, id, bigEndian(number, 4)),
  number: (id: Uint8Array, version: string): Uint8Array =>
    rowKey(PACKAGES.number, id, utf8(version)),
  line: (id: Uint8Array, major: number): Uint8Array =>
    rowKey(PACKAGES.line, id, bigEndian(major, 4)),
  /** A word of 256 bits of the set of major numbers: see `majors` of the core. */
  word: (id: Uint8Array, channel: number, level: number, prefix: number): Uint8Array =>
    rowKey(PACKAGES.majors, id, Uint8Array.of(channel, level), bigEndian(prefix, 4)),
  nonce: (signer: Uint8Array): Uint8Array => rowKey(PACKAGES.nonce, signer),
} as const
