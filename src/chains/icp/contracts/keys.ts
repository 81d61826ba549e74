/** Keys of the rows that the contracts store: those of the rules as `contracts/core` has them, and the canister's own. */
import { concat, utf8 } from '../../../node/primitives/bytes.ts'

/** Tables of the contract of contexts. */
const CONTEXTS = { context: 1, group: 2, member: 3, past: 4, slot: 5 } as const
/** Tables of the registry. */
const PACKAGES = { package: 1, release: 2, number: 3, line: 4, majors: 5, nonce: 6 } as const
/** Tables of every canister. */
const OWN = { settings: 128, operations: 129, log: 130, applied: 131 } as const

function key(table: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return concat(Uint8Array.of(table), ...parts)
}

/** The highest byte first. */
function bigEndian(value: number | bigint, length: number): Uint8Array {
  const number = BigInt(value)
  return Uint8Array.from({ length }, (_, at) =>
    Number((number >> BigInt(8 * (length - 1 - at))) & 0xffn),
  )
}

export const keys = {
  context: (id: Uint8Array): Uint8Array => key(CONTEXTS.context, id),
  group: (id: Uint8Array): Uint8Array => key(CONTEXTS.group, id),
  member: (group: Uint8Array, identity: Uint8Array): Uint8Array =>
    key(CONTEXTS.member, group, identity),
  past: (group: Uint8Array, identity: Uint8Array): Uint8Array =>
    key(CONTEXTS.past, group, identity),
  slot: (group: Uint8Array, slot: number): Uint8Array =>
    key(CONTEXTS.slot, group, bigEndian(slot, 4)),
  package: (id: Uint8Array): Uint8Array => key(PACKAGES.package, id),
  release: (id: Uint8Array, number: number): Uint8Array =>
    key(PACKAGES.release, id, bigEndian(number, 4)),
  number: (id: Uint8Array, version: string): Uint8Array => key(PACKAGES.number, id, utf8(version)),
  line: (id: Uint8Array, major: number): Uint8Array => key(PACKAGES.line, id, bigEndian(major, 4)),
  /** A word of 256 bits of the set of major numbers: see `majors` of the core. */
  word: (id: Uint8Array, channel: number, level: number, prefix: number): Uint8Array =>
    key(PACKAGES.majors, id, Uint8Array.of(channel, level), bigEndian(prefix, 4)),
  nonce: (signer: Uint8Array): Uint8Array => key(PACKAGES.nonce, signer),
  settings: (): Uint8Array => key(OWN.settings),
  operations: (): Uint8Array => key(OWN.operations),
  log: (slot: bigint): Uint8Array => key(OWN.log, bigEndian(slot, 8)),
  /** `countedIn`: in what a signer's nonces are counted. */
  applied: (countedIn: Uint8Array, signer: Uint8Array, nonce: bigint): Uint8Array =>
    key(OWN.applied, countedIn, signer, bigEndian(nonce, 8)),
} as const
