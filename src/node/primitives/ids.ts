/**
 * Branded 32-byte ids. In memory and on the wire they are bytes; base58 appears only at the edge (API, command line), hexadecimal as
 * key of maps. One constructor each, and it checks.
 */
import { MerogateError } from '../errors.ts'
import { fromBase58, toBase58, toHex } from './bytes.ts'

declare const brand: unique symbol

/** 32 bytes that mean a `B`. */
export type Id<B extends string> = Uint8Array & { readonly [brand]: B }

/** One replicated app instance. */
export type ContextId = Id<'context'>
/** The set of members that one or more contexts share; by default a context's own, with the same bytes. */
export type GroupId = Id<'group'>
/** An installed application (docs/architecture.md, Words, says how it is named). */
export type ApplicationId = Id<'application'>
/** A blob: SHA-256 of its concatenated chunk ids (docs/api.md). */
export type BlobId = Id<'blob'>
/** An ed25519 public key that the anchor knows as a member, or a device key of one. */
export type PublicKey = Id<'publicKey'>
/** A named package of releases: SHA-256 over its creator and name with a domain tag (docs/protocol.md, Packages). */
export type PackageId = Id<'package'>
/** A delta: SHA-256 over its header with a domain tag (docs/protocol.md, Delta). */
export type DeltaId = Id<'delta'>

/** Constructor, parser and printer of one kind of id. */
export interface IdType<B extends string> {
  /** Brands 32 bytes. @throws ID_INVALID (input) on any other length */
  from(bytes: Uint8Array): Id<B>
  /** Parses base58 text. @throws ID_INVALID (input) */
  parse(text: string): Id<B>
}

function idType<B extends string>(name: B): IdType<B> {
  return {
    from(bytes) {
      if (bytes.length !== 32) {
        throw new MerogateError(
          'ID_INVALID',
          'input',
          `expected a ${name} id of 32 bytes, got ${bytes.length}`,
          { expected: 32, got: bytes.length },
        )
      }
      return bytes as Id<B> // length checked above
    },
    parse(text) {
      // 32 bytes are at most 44 characters of base58
      if (typeof text !== 'string' || text.length > 45) {
        throw new MerogateError(
          'ID_INVALID',
          'input',
          `expected a ${name} id as base58 text of 32 bytes`,
        )
      }
      let bytes: Uint8Array
      try {
        bytes = fromBase58(text)
      } catch (cause) {
        throw new MerogateError(
          'ID_INVALID',
          'input',
          `expected a ${name} id as base58 text of 32 bytes, got ${JSON.stringify(text)}`,
          {},
          { cause },
        )
      }
      return this.from(bytes)
    },
  }
}

export const ContextId: IdType<'context'> = idType('context')
export const GroupId: IdType<'group'> = idType('group')
export const ApplicationId: IdType<'application'> = idType('application')
export const BlobId: IdType<'blob'> = idType('blob')
export const PublicKey: IdType<'publicKey'> = idType('publicKey')
export const PackageId: IdType<'package'> = idType('package')
export const DeltaId: IdType<'delta'> = idType('delta')

/** Base58 text of an id, for people and for the API. */
export function idText(id: Uint8Array): string {
  return toBase58(id)
}

/** Hexadecimal text of an id, for keys of maps and sets. */
export function idKey(id: Uint8Array): string {
  return toHex(id)
}

/** 32 zero bytes: the parent of a genesis delta, and the root hash of a context without state. */
export const ZERO_ID: Uint8Array = new Uint8Array(32)

/** Whether all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false
  return true
}
