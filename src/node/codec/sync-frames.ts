/**
 * Frames of the request stream `/cali/sync/1` (docs/protocol.md, Requests). Every frame begins with the u32 id of its request, chosen by the
 * side that asks, then a tag byte. Hello and Join are requests like the others; an error answers one request, not the stream.
 *
 * ```text
 * asked                                                            answered
 * 0  Hello    { version u16 = 2, nonce 16 }                        0 Hello { version u16, nonce 16 }
 * 1  Join     { context 32, party 32, proof 64 }                   1 Joined {}
 * 2  Heads    { context 32 }                                       2 Heads { root 32, heads Vec<32>, applied u64, hlc 24, epoch u32,
 *                                                                            hash 32 }
 * 3  Deltas   { context 32, want Vec<32>, have Vec<32>,            3 Envelopes { items Vec<bytes> }*  4 Part { more bool, bytes }*
 *               max_bytes u32 }                                    5 End { more bool, unknown Vec<32>, pruned Vec<32> }
 * 4  Keys     { context 32, epochs Vec<u32> }                      6 Keys { more bool, grants }*
 * 5  Members  { context 32 }                                       7 Members { items Vec<{ identity 32, peer String, addresses Vec<String> }> }
 * 6  SnapshotOpen  7 SnapshotPage  8 Tree  9 Entities              reserved
 * 10 BlobHave { context 32, blob 32 }                              8 BlobSize { size u64 }
 * 11 BlobGet  { context 32, blob 32, offset u64 }                  8 BlobSize, then 9 Chunk { more bool, bytes }*
 * 12 Cancel   {}: no more answers to this id                       255 Error { code u16, retry_after_ms u32 }
 * 13 Frontier { context 32 }                                       10 Frontier { more bool, authors Vec<{ author 32, height u64,
 *                                                                                digest 16 }> }*
 * 14 Ranges   { context 32, ranges Vec<{ author 32, from u64,      as to Deltas
 *               to u64 }>, max_bytes u32 }
 * ```
 */
import * as P from 'micro-packed'
import { MerogateError } from '../errors.ts'
import { bytesUpTo, stringUpTo, union, vecUpTo } from './bounded.ts'
import { bytes32, type Codec, codec } from './codec.ts'
import { authorHeight, type AuthorHeight } from './frontier.ts'
import {
  frontierFields,
  MAX_ADDRESS_BYTES,
  MAX_HELLO_ADDRESSES,
  MAX_WIRE_FRAME_BYTES,
  NONCE_BYTES,
  wireGrants,
  wireHeads,
  type WireFrontier,
  type WireGrant,
} from './push-frames.ts'

/** Authors in one frame of a frontier: 3 ms to read. */
export const MAX_FRAME_AUTHORS = 1_024
/** Ranges of authors' numbers one request may name. */
export const MAX_RANGES = 1_024
/** Deltas one request may want. */
export const MAX_WANTED_IDS = 1_000
/** Epochs one request may name. */
export const MAX_WANTED_EPOCHS = 256
/** Bytes of envelopes one request may ask for. */
export const MAX_DELTAS_BYTES: number = 8 << 20
/** Bytes of envelopes in one Envelopes frame, and of one piece of a larger envelope. */
export const DELTAS_FRAME_BYTES: number = 256 << 10
/** Envelopes in one frame: 2 ms to read. */
export const MAX_FRAME_ENVELOPES = 1_024
/** Bytes of one Chunk of a blob. */
export const BLOB_CHUNK_BYTES: number = 256 << 10
/** Members in one answer. */
export const MAX_FRAME_MEMBERS = 64

/** Error codes on the wire (docs/protocol.md, Requests). A peer that has proved nothing sees 2 where others see 1. */
export const WIRE_ERRORS = {
  unknownContext: 1,
  notMember: 2,
  badProof: 3,
  notFound: 4,
  pruned: 5,
  notMaterialised: 6,
  tooLarge: 7,
  busy: 8,
  malformed: 9,
  unsupported: 10,
  rateLimited: 11,
} as const

/** A member as another member knows it: a hint where to find it; it must prove itself there. */
export interface WireMember {
  identity: Uint8Array
  peer: string
  addresses: string[]
}

/** Deltas of one author, by its own numbers, both ends included. */
export interface WireRange {
  author: Uint8Array
  from: bigint
  to: bigint
}

export type SyncRequest =
  | { type: 'hello'; version: number; nonce: Uint8Array }
  | { type: 'join'; context: Uint8Array; party: Uint8Array; proof: Uint8Array }
  | { type: 'heads'; context: Uint8Array }
  | {
      type: 'deltas'
      context: Uint8Array
      want: Uint8Array[]
      have: Uint8Array[]
      maxBytes: number
    }
  | { type: 'keys'; context: Uint8Array; epochs: number[] }
  | { type: 'members'; context: Uint8Array }
  | { type: 'blobHave'; context: Uint8Array; blob: Uint8Array }
  | { type: 'blobGet'; context: Uint8Array; blob: Uint8Array; offset: bigint }
  | { type: 'cancel' }
  | { type: 'frontier'; context: Uint8Array }
  | { type: 'ranges'; context: Uint8Array; ranges: WireRange[]; maxBytes: number }

export type SyncAnswer =
  | { type: 'hello'; version: number; nonce: Uint8Array }
  | { type: 'joined' }
  | ({ type: 'heads' } & WireFrontier)
  | { type: 'envelopes'; items: Uint8Array[] }
  | { type: 'part'; more: boolean; bytes: Uint8Array }
  | { type: 'end'; more: boolean; unknown: Uint8Array[]; pruned: Uint8Array[] }
  | { type: 'keys'; more: boolean; grants: WireGrant[] }
  | { type: 'members'; items: WireMember[] }
  | { type: 'blobSize'; size: bigint }
  | { type: 'chunk'; more: boolean; bytes: Uint8Array }
  | { type: 'frontier'; more: boolean; authors: AuthorHeight[] }
  | { type: 'error'; code: number; retryAfterMs: number }

const nothing: P.CoderType<object> = P.wrap<object>({
  encodeStream: () => {},
  decodeStream: () => ({}),
})
const hello = P.struct({ version: P.U16LE, nonce: P.bytes(NONCE_BYTES) })
const ids = vecUpTo(bytes32, MAX_WANTED_IDS)

const request: P.CoderType<SyncRequest> = union<SyncRequest>({
  hello: [0, hello],
  join: [1, P.struct({ context: bytes32, party: bytes32, proof: P.bytes(64) })],
  heads: [2, P.struct({ context: bytes32 })],
  deltas: [3, P.struct({ context: bytes32, want: ids, have: wireHeads, maxBytes: P.U32LE })],
  keys: [4, P.struct({ context: bytes32, epochs: vecUpTo(P.U32LE, MAX_WANTED_EPOCHS) })],
  members: [5, P.struct({ context: bytes32 })],
  blobHave: [10, P.struct({ context: bytes32, blob: bytes32 })],
  blobGet: [11, P.struct({ context: bytes32, blob: bytes32, offset: P.U64LE })],
  cancel: [12, nothing],
  frontier: [13, P.struct({ context: bytes32 })],
  ranges: [
    14,
    P.struct({
      context: bytes32,
      ranges: vecUpTo(P.struct({ author: bytes32, from: P.U64LE, to: P.U64LE }), MAX_RANGES),
      maxBytes: P.U32LE,
    }),
  ],
})

const answer: P.CoderType<SyncAnswer> = union<SyncAnswer>({
  hello: [0, hello],
  joined: [1, nothing],
  heads: [2, P.struct(frontierFields)],
  envelopes: [3, P.struct({ items: vecUpTo(bytesUpTo(DELTAS_FRAME_BYTES), MAX_FRAME_ENVELOPES) })],
  part: [4, P.struct({ more: P.bool, bytes: bytesUpTo(DELTAS_FRAME_BYTES) })],
  end: [5, P.struct({ more: P.bool, unknown: ids, pruned: ids })],
  keys: [6, P.struct({ more: P.bool, grants: wireGrants })],
  members: [
    7,
    P.struct({
      items: vecUpTo(
        P.struct({
          identity: bytes32,
          peer: stringUpTo(MAX_ADDRESS_BYTES),
          addresses: vecUpTo(stringUpTo(MAX_ADDRESS_BYTES), MAX_HELLO_ADDRESSES),
        }),
        MAX_FRAME_MEMBERS,
      ),
    }),
  ],
  blobSize: [8, P.struct({ size: P.U64LE })],
  chunk: [9, P.struct({ more: P.bool, bytes: bytesUpTo(BLOB_CHUNK_BYTES) })],
  frontier: [10, P.struct({ more: P.bool, authors: vecUpTo(authorHeight, MAX_FRAME_AUTHORS) })],
  error: [255, P.struct({ code: P.U16LE, retryAfterMs: P.U32LE })],
})

/** Id and tag: what every frame has at least. */
const FRAME_HEAD_BYTES = 5
const requestCodec: Codec<SyncRequest> = codec('sync request', request, MAX_WIRE_FRAME_BYTES)
const answerCodec: Codec<SyncAnswer> = codec('sync answer', answer, MAX_WIRE_FRAME_BYTES)
const REQUEST_TAGS: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14])

/** A frame of the side that asks: a request, or one of a kind this version does not know (answered with error 10). */
export interface RequestFrame {
  readonly id: number
  readonly request: SyncRequest | { readonly type: 'unsupported'; readonly tag: number }
}

/** Bytes of a request. @throws CODEC_ENCODE (internal) */
export function encodeRequest(id: number, value: SyncRequest): Uint8Array {
  return withId(id, requestCodec.encode(value))
}

/** A request from bytes. @throws CODEC_TOO_LARGE (limit), CODEC_MALFORMED (protocol) */
export function decodeRequest(bytes: Uint8Array): RequestFrame {
  const id = readId(bytes)
  const tag = bytes[4] as number // readId checked the length
  if (!REQUEST_TAGS.has(tag)) return { id, request: { type: 'unsupported', tag } }
  return { id, request: requestCodec.decode(bytes.subarray(4)) }
}

/** Bytes of an answer. @throws CODEC_ENCODE (internal) */
export function encodeAnswer(id: number, value: SyncAnswer): Uint8Array {
  return withId(id, answerCodec.encode(value))
}

/** An answer from bytes. @throws CODEC_TOO_LARGE (limit), CODEC_MALFORMED (protocol) */
export function decodeAnswer(bytes: Uint8Array): {
  readonly id: number
  readonly answer: SyncAnswer
} {
  return { id: readId(bytes), answer: answerCodec.decode(bytes.subarray(4)) }
}

function withId(id: number, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + body.length)
  new DataView(frame.buffer).setUint32(0, id, true)
  frame.set(body, 4)
  return frame
}

function readId(bytes: Uint8Array): number {
  if (bytes.length < FRAME_HEAD_BYTES) {
    throw new MerogateError(
      'CODEC_MALFORMED',
      'protocol',
      `expected a frame of at least ${FRAME_HEAD_BYTES} bytes, got ${bytes.length}`,
      { length: bytes.length },
    )
  }
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
}
