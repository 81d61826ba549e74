/**
 * Frames of the push stream `/cali/push/1` (docs/protocol.md, Push). Little-endian borsh; one tag byte, then:
 *
 * ```text
 * 0 Hello  { version u16 = 2, nonce 16, addresses Vec<String> }
 * 1 Join   { context 32, party 32, proof 64 }
 * 2 Heads  { context 32, root 32, heads Vec<32>, applied u64, hlc 24, epoch u32, hash 32 }
 * 3 Delta  { context 32, envelope bytes }
 * 4 Ack    { context 32, heads Vec<32> }
 * 5 Keys   { context 32, grants Vec<{ epoch u32, made_at u64, covers_to u64, sealed bytes, giver 32, signature 64 }> }
 * 6 Leave  { context 32 }
 * 7 Ping   { value u64 }      8 Pong { value u64, time_ms u64 }
 * 9 Error  { code u16, context Option<32> }
 * ```
 */
import * as P from 'micro-packed'
import { MerogateError } from '../errors.ts'
import { bytesUpTo, stringUpTo, union, vecUpTo } from './bounded.ts'
import { bytes32, type Codec, codec, option } from './codec.ts'

/** Version of the push and request protocols this package speaks. */
export const WIRE_VERSION = 2
/** One frame of any stream, bytes. */
export const MAX_WIRE_FRAME_BYTES: number = 1 << 20
/** Addresses in a Hello. */
export const MAX_HELLO_ADDRESSES = 16
/** Bytes of one address. */
export const MAX_ADDRESS_BYTES = 256
/** Heads in one frame; a context merges its heads long before. */
export const MAX_FRAME_HEADS = 128
/** Key grants in one frame. */
export const MAX_FRAME_GRANTS = 256
/** Bytes of a sealed key. */
export const MAX_SEALED_KEY_BYTES = 512
/** Bytes of the random value each end brings to a stream. */
export const NONCE_BYTES = 16

/** Where a copy of a context stands, as it travels. */
export interface WireFrontier {
  root: Uint8Array
  heads: Uint8Array[]
  applied: bigint
  hlc: Uint8Array
  epoch: number
  /** Of the heights of all authors, see codec/frontier.ts. The list itself is asked for when the hash differs. */
  hash: Uint8Array
}

/** A key grant as it travels. */
export interface WireGrant {
  epoch: number
  madeAt: bigint
  coversTo: bigint
  sealed: Uint8Array
  giver: Uint8Array
  signature: Uint8Array
}

export type PushFrame =
  | { type: 'hello'; version: number; nonce: Uint8Array; addresses: string[] }
  | { type: 'join'; context: Uint8Array; party: Uint8Array; proof: Uint8Array }
  | ({ type: 'heads'; context: Uint8Array } & WireFrontier)
  | { type: 'delta'; context: Uint8Array; envelope: Uint8Array }
  | { type: 'ack'; context: Uint8Array; heads: Uint8Array[] }
  | { type: 'keys'; context: Uint8Array; grants: WireGrant[] }
  | { type: 'leave'; context: Uint8Array }
  | { type: 'ping'; value: bigint }
  | { type: 'pong'; value: bigint; timeMs: bigint }
  | { type: 'error'; code: number; context?: Uint8Array | undefined }

/** Ids of applied heads. */
export const wireHeads: P.CoderType<Uint8Array[]> = vecUpTo(bytes32, MAX_FRAME_HEADS)

/** Fields of {@link WireFrontier}, in order. */
export const frontierFields: {
  root: P.CoderType<Uint8Array>
  heads: P.CoderType<Uint8Array[]>
  applied: P.CoderType<bigint>
  hlc: P.CoderType<Uint8Array>
  epoch: P.CoderType<number>
  hash: P.CoderType<Uint8Array>
} = {
  root: bytes32,
  heads: wireHeads,
  applied: P.U64LE,
  hlc: P.bytes(24),
  epoch: P.U32LE,
  hash: bytes32,
}

/** Grants of keys. */
export const wireGrants: P.CoderType<WireGrant[]> = vecUpTo(
  P.struct({
    epoch: P.U32LE,
    madeAt: P.U64LE,
    coversTo: P.U64LE,
    sealed: bytesUpTo(MAX_SEALED_KEY_BYTES),
    giver: bytes32,
    signature: P.bytes(64),
  }),
  MAX_FRAME_GRANTS,
)

const DELTA_TAG = 3
const DELTA_HEAD_BYTES = 37 // tag, context, length

/** Bytes of an envelope that still fits one Delta frame. */
export const MAX_PUSHED_ENVELOPE_BYTES: number = MAX_WIRE_FRAME_BYTES - DELTA_HEAD_BYTES

const layout: P.CoderType<PushFrame> = union<PushFrame>({
  hello: [
    0,
    P.struct({
      version: P.U16LE,
      nonce: P.bytes(NONCE_BYTES),
      addresses: vecUpTo(stringUpTo(MAX_ADDRESS_BYTES), MAX_HELLO_ADDRESSES),
    }),
  ],
  join: [1, P.struct({ context: bytes32, party: bytes32, proof: P.bytes(64) })],
  heads: [2, P.struct({ context: bytes32, ...frontierFields })],
  delta: [
    DELTA_TAG,
    P.struct({ context: bytes32, envelope: bytesUpTo(MAX_PUSHED_ENVELOPE_BYTES) }),
  ],
  ack: [4, P.struct({ context: bytes32, heads: wireHeads })],
  keys: [5, P.struct({ context: bytes32, grants: wireGrants })],
  leave: [6, P.struct({ context: bytes32 })],
  ping: [7, P.struct({ value: P.U64LE })],
  pong: [8, P.struct({ value: P.U64LE, timeMs: P.U64LE })],
  error: [9, P.struct({ code: P.U16LE, context: option(bytes32) })],
})

const general: Codec<PushFrame> = codec('push frame', layout, MAX_WIRE_FRAME_BYTES)

/** Bytes of a push frame. @throws CODEC_ENCODE (internal) */
export function encodePushFrame(frame: PushFrame): Uint8Array {
  return frame.type === 'delta' ? encodeDelta(frame.context, frame.envelope) : general.encode(frame)
}

/** A push frame from bytes. @throws CODEC_TOO_LARGE (limit), CODEC_MALFORMED (protocol) */
export function decodePushFrame(bytes: Uint8Array): PushFrame {
  return bytes[0] === DELTA_TAG ? decodeDelta(bytes) : general.decode(bytes)
}

// Deltas are nearly all of the traffic, and up to 1 MiB: written and read by hand, without the second encoding that strictness costs
// elsewhere. The layout has one form only: every byte but the length is free, and the length must be exact.
function encodeDelta(context: Uint8Array, envelope: Uint8Array): Uint8Array {
  if (context.length !== 32 || envelope.length > MAX_PUSHED_ENVELOPE_BYTES) {
    return general.encode({ type: 'delta', context, envelope }) // throws, with the reason
  }
  const frame = new Uint8Array(DELTA_HEAD_BYTES + envelope.length)
  frame[0] = DELTA_TAG
  frame.set(context, 1)
  new DataView(frame.buffer).setUint32(33, envelope.length, true)
  frame.set(envelope, DELTA_HEAD_BYTES)
  return frame
}

function decodeDelta(bytes: Uint8Array): PushFrame {
  if (bytes.length > MAX_WIRE_FRAME_BYTES) return general.decode(bytes) // throws, with the reason
  const length =
    bytes.length < DELTA_HEAD_BYTES
      ? -1
      : new DataView(bytes.buffer, bytes.byteOffset).getUint32(33, true)
  if (length !== bytes.length - DELTA_HEAD_BYTES) {
    throw new MerogateError(
      'CODEC_MALFORMED',
      'protocol',
      `expected a delta frame with ${bytes.length - DELTA_HEAD_BYTES} bytes of envelope, got length ${length}`,
      { length: bytes.length },
    )
  }
  return {
    type: 'delta',
    context: bytes.subarray(1, 33),
    envelope: bytes.subarray(DELTA_HEAD_BYTES),
  }
}
