/**
 * The delta (docs/protocol.md, Delta). All integers little-endian.
 *
 * ```text
 * payload  = { app_id 32, app_payload bytes, events bytes, author_root 32, caused_by Option<(delta 32, event u16)>, depth u8 }
 * header   = { version u8 = 2, context 32, author 32, sequence u64, member 32, authority Option<32>, epoch u32, members_rev u64,
 *              hlc 24, parents Vec<32>, kind u8, payload_len u32, payload_hash 32 }
 * id       = SHA-256("cali/delta/1\0" || header)
 * envelope = { header, signature 64, nonce 12, sealed_epoch u32, sealed bytes }     sealed empty: an announcement
 * ```
 *
 * The signature is Ed25519 by `author` over "cali/delta-sig/1\0" || id. It covers plaintext hashes, so any member can serve a delta
 * re-sealed under any epoch it holds.
 */
import * as P from 'micro-packed'
import { concat } from '../primitives/bytes.ts'
import { domainTag, taggedHash } from '../primitives/hash.ts'
import { DeltaId } from '../primitives/ids.ts'
import { HLC_BYTES } from '../primitives/hlc.ts'
import { bytesUpTo, stringUpTo, vecUpTo } from './bounded.ts'
import { bytes, bytes32, type Codec, codec, option } from './codec.ts'

/** Version this package writes and reads. */
export const DELTA_VERSION = 2
/** Parents a delta may name; more heads than this are joined by the next delta. */
export const MAX_PARENTS = 64
/** Plaintext payload, events included. */
export const MAX_PAYLOAD_BYTES: number = 4 << 20
/** Events of one call, and so of one delta; what guests of the original network may emit. */
export const MAX_EVENTS = 100
/** UTF-8 bytes of an event's kind. */
export const MAX_EVENT_KIND_BYTES = 100
/** Bytes of an event's data. */
export const MAX_EVENT_DATA_BYTES: number = 16 << 10
/** UTF-8 bytes of a handler's name. */
export const MAX_EVENT_HANDLER_BYTES = 256
/** A header with all its parents stays below this. */
export const MAX_HEADER_BYTES = 4096
/** An envelope on any path. */
export const MAX_ENVELOPE_BYTES: number = MAX_PAYLOAD_BYTES + MAX_HEADER_BYTES + 256

/** What a delta is: a change of state, a merge of heads without payload, or a checkpoint (reserved). */
export const DELTA_KIND = { state: 0, merge: 1, checkpoint: 2 } as const

export interface DeltaHeader {
  version: number
  /** Context id, 32 bytes. */
  context: Uint8Array
  /** Device key that signed; CRDT replica id. */
  author: Uint8Array
  /** The author's own number in the context: 1, 2, 3 ... An honest author's `n - 1` is always an ancestor of its `n`. */
  sequence: bigint
  /** Identity the anchor knows. Today the same key as `author`. */
  member: Uint8Array
  /** Statement by which the member lets the author write; none today. */
  authority?: Uint8Array | undefined
  /** Key epoch of the author's group when it wrote; the body may be re-sealed under another. */
  epoch: number
  /** The author's view of the group's membersRevision. */
  membersRevision: bigint
  /** 24 bytes, see primitives/hlc.ts. */
  hlc: Uint8Array
  /** 1..64 ids, ascending, unique; the zero id only alone. */
  parents: Uint8Array[]
  kind: number
  payloadLength: number
  /** SHA-256 of the payload bytes. */
  payloadHash: Uint8Array
}

/** The event of another delta whose handler produced this one. */
export interface CausedBy {
  delta: Uint8Array
  /** Index into that delta's events, u16. */
  event: number
}

export interface DeltaPayload {
  /** Application whose guest wrote `appPayload`. */
  application: Uint8Array
  /** The guest's artefact; opaque here. */
  appPayload: Uint8Array
  /** Encoded {@link PayloadEvent}s, see {@link eventsCodec}. */
  events: Uint8Array
  /** Root the author computed; advisory. */
  authorRoot: Uint8Array
  causedBy?: CausedBy | undefined
  /** 0 for a client's call, parent's + 1 for a handler's. */
  depth: number
}

export interface PayloadEvent {
  kind: string
  data: Uint8Array
  handler?: string | undefined
}

export interface DeltaEnvelope {
  header: DeltaHeader
  signature: Uint8Array
  /** AES-GCM nonce, 12 bytes. */
  nonce: Uint8Array
  /** Key epoch the body is sealed under: the header's, or a newer one when a member re-serves it. */
  sealedEpoch: number
  sealed: Uint8Array
}

const header: P.CoderType<DeltaHeader> = P.struct({
  version: P.U8,
  context: bytes32,
  author: bytes32,
  sequence: P.U64LE,
  member: bytes32,
  authority: option(bytes32),
  epoch: P.U32LE,
  membersRevision: P.U64LE,
  hlc: P.bytes(HLC_BYTES),
  parents: vecUpTo(bytes32, MAX_PARENTS),
  kind: P.U8,
  payloadLength: P.U32LE,
  payloadHash: bytes32,
})

const payload: P.CoderType<DeltaPayload> = P.struct({
  application: bytes32,
  appPayload: bytes,
  events: bytes,
  authorRoot: bytes32,
  causedBy: option(P.struct({ delta: bytes32, event: P.U16LE })),
  depth: P.U8,
})

/** Layout of one event, shared with the event log. Its bounds are those a guest meets: no honest node makes a greater one. */
export const event: P.CoderType<PayloadEvent> = P.struct({
  kind: stringUpTo(MAX_EVENT_KIND_BYTES),
  data: bytesUpTo(MAX_EVENT_DATA_BYTES),
  handler: option(stringUpTo(MAX_EVENT_HANDLER_BYTES)),
})

const envelope: P.CoderType<DeltaEnvelope> = P.struct({
  header,
  signature: P.bytes(64),
  nonce: P.bytes(12),
  sealedEpoch: P.U32LE,
  sealed: bytes,
})

export const headerCodec: Codec<DeltaHeader> = codec('a delta header', header, MAX_HEADER_BYTES)
export const payloadCodec: Codec<DeltaPayload> = codec(
  'a delta payload',
  payload,
  MAX_PAYLOAD_BYTES,
)
export const eventsCodec: Codec<PayloadEvent[]> = codec(
  'events',
  vecUpTo(event, MAX_EVENTS),
  MAX_PAYLOAD_BYTES,
)
export const envelopeCodec: Codec<DeltaEnvelope> = codec(
  'a delta envelope',
  envelope,
  MAX_ENVELOPE_BYTES,
)

const ID_TAG = domainTag('cali/delta/1')
const SIGNATURE_TAG = domainTag('cali/delta-sig/1')

/** Id of a delta: a hash over every field of its header, which itself covers the payload. */
export function deltaId(header: DeltaHeader): DeltaId {
  return DeltaId.from(taggedHash(ID_TAG, headerCodec.encode(header)))
}

/** What the author signs. */
export function signedBytes(id: DeltaId): Uint8Array {
  return concat(SIGNATURE_TAG, id)
}
