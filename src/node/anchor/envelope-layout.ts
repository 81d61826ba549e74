/**
 * What the signed bytes of every contract have in common: the head of an envelope, operations as one byte of ordinal and their fields, and
 * the types of fields. Each contract has its own table of operations and takes no other's (`envelope.ts`, `packages/envelope.ts`).
 */
import * as P from 'micro-packed'
import { bytes, bytes32, codec, option, type Codec } from '../codec/codec.ts'
import { equalBytes, fromUtf8, utf8 } from '../primitives/bytes.ts'
import { PublicKey, type Id } from '../primitives/ids.ts'
import { MAX_ENVELOPE_BYTES } from './limits.ts'
import type { Domain } from './operations.ts'

/** A request before it is signed. What subject and nonce mean, the contract says. */
export interface EnvelopeHead<S> {
  readonly domain: Domain
  readonly subject: S
  readonly signer: PublicKey
  readonly nonce: bigint
  /** Last second at which it may be applied, Unix time. */
  readonly validUntil: bigint
  /** Apply only at this revision of the member list. */
  readonly ifMembersRevision?: bigint | undefined
  /** Apply only at this revision of the application. */
  readonly ifApplicationRevision?: bigint | undefined
}

/** A head and what is asked for. */
export interface EnvelopeOf<S, O> extends EnvelopeHead<S> {
  readonly operation: O
}

const ENVELOPE_VERSION = 1

/** Decoded bytes that may be kept: the decoder's own are a view of the whole message. */
export function copy(view: Uint8Array): Uint8Array {
  return new Uint8Array(view)
}

/** An id of 32 bytes. */
export function id<B extends string>(type: { from(bytes: Uint8Array): Id<B> }): P.CoderType<Id<B>> {
  return P.apply(bytes32, { encode: (raw) => type.from(copy(raw)), decode: (branded) => branded })
}

/** 32 bytes that may be kept. */
export const hash32: P.CoderType<Uint8Array> = P.apply(bytes32, {
  encode: copy,
  decode: (hash) => hash,
})
/** UTF-8 as Rust reads it: strict, and a byte order mark is a character like any other. */
export const text: P.CoderType<string> = P.apply(bytes, { encode: fromUtf8, decode: utf8 })
/** An ed25519 public key. */
export const publicKey: P.CoderType<PublicKey> = id(PublicKey)

/** {chain u8, network 32, contract bytes}. */
export const domainLayout: P.CoderType<Domain> = P.struct({
  chain: P.U8,
  network: bytes32,
  contract: bytes,
})

/** One byte of ordinal, then the fields of the operation that has it. What is unknown to the tables does not decode. */
function operationLayout<O extends { readonly kind: string }>(
  ordinals: Readonly<Record<O['kind'], number>>,
  layouts: Readonly<Record<O['kind'], unknown>>,
): P.CoderType<O> {
  // the tables are total over the kinds, and each layout is of its kind's own fields, which the compiler cannot follow through an index
  const fieldsOf = (kind: O['kind']): P.CoderType<object> => layouts[kind] as P.CoderType<object>
  const kinds = new Map(
    Object.entries<number>(ordinals).map(([kind, ordinal]) => [ordinal, kind as O['kind']]),
  )
  return P.wrap<O>({
    encodeStream: (w, operation) => {
      const { kind }: { kind: O['kind'] } = operation
      P.U8.encodeStream(w, ordinals[kind])
      fieldsOf(kind).encodeStream(w, operation)
    },
    decodeStream: (r) => {
      const ordinal = P.U8.decodeStream(r)
      const kind = kinds.get(ordinal)
      if (kind === undefined) throw r.err(`operation ${ordinal}`)
      return { kind, ...fieldsOf(kind).decodeStream(r) } as unknown as O // kind and its own fields
    },
  })
}

const version = P.magic(P.U8, ENVELOPE_VERSION)
const rest = P.struct({
  signer: publicKey,
  nonce: P.U64LE,
  validUntil: P.U64LE,
  ifMembersRevision: option(P.U64LE),
  ifApplicationRevision: option(P.U64LE),
})

/** What makes the envelopes of one contract: its subjects and its operations. */
export interface EnvelopeTables<S, O extends { readonly kind: string }> {
  readonly name: string
  readonly subject: P.CoderType<S>
  readonly ordinals: Readonly<Record<O['kind'], number>>
  /** Layout of each operation's fields, without its ordinal. */
  readonly fields: Readonly<Record<O['kind'], unknown>>
}

/**
 * Envelope {version u8 = 1; domain {chain u8, network 32, contract bytes}; subject 32; signer 32; nonce u64; validUntil u64;
 * ifMembersRevision, ifApplicationRevision: option u64; operation}. Strict: no trailing bytes.
 */
export function envelopeCodecOf<S, O extends { readonly kind: string }>(
  tables: EnvelopeTables<S, O>,
): Codec<EnvelopeOf<S, O>> {
  const operation = operationLayout<O>(tables.ordinals, tables.fields)
  const layout = P.wrap<EnvelopeOf<S, O>>({
    encodeStream: (w, envelope) => {
      version.encodeStream(w, undefined)
      domainLayout.encodeStream(w, envelope.domain)
      tables.subject.encodeStream(w, envelope.subject)
      const { ifMembersRevision, ifApplicationRevision } = envelope
      rest.encodeStream(w, { ...envelope, ifMembersRevision, ifApplicationRevision })
      operation.encodeStream(w, envelope.operation)
    },
    decodeStream: (r) => {
      version.decodeStream(r)
      return {
        domain: domainLayout.decodeStream(r),
        subject: tables.subject.decodeStream(r),
        ...rest.decodeStream(r),
        operation: operation.decodeStream(r),
      }
    },
  })
  return codec(tables.name, layout, MAX_ENVELOPE_BYTES)
}

/** Whether two domains name one contract. */
export function isSameDomain(a: Domain, b: Domain): boolean {
  return (
    a.chain === b.chain && equalBytes(a.network, b.network) && equalBytes(a.contract, b.contract)
  )
}
