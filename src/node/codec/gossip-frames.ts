/**
 * Messages of a context's gossip topic (docs/protocol.md, Gossip). Little-endian borsh; one tag byte, then:
 *
 * ```text
 * 0 Delta { envelope bytes }                               whole up to 48 KiB, otherwise the announcement
 * 1 Heads { party 32, time_ms u64, root 32, heads Vec<32>, applied u64, hlc 24, epoch u32, hash 32,
 *           signature 64 }
 * ```
 *
 * The signature of Heads is Ed25519 by `party` over "cali/heads/1\0" || context || the bytes from `party` up to the signature. The time
 * makes two announcements of one frontier two messages, which gossip would otherwise drop as a duplicate.
 */
import * as P from 'micro-packed'
import { bytesUpTo, union } from './bounded.ts'
import { bytes32, type Codec, codec } from './codec.ts'
import { frontierFields, type WireFrontier } from './push-frames.ts'

/** Bytes of an envelope that is gossiped whole. */
export const MAX_GOSSIPED_ENVELOPE_BYTES: number = 48 << 10
/** Bytes of any message of a topic. */
export const MAX_GOSSIP_MESSAGE_BYTES: number = MAX_GOSSIPED_ENVELOPE_BYTES + 5

/** The greatest tag that this version knows. */
export const GOSSIP_TAGS = 1

/** What a member says of its frontier, before the signature. */
export interface HeadsStatement extends WireFrontier {
  party: Uint8Array
  /** Milliseconds since the Unix epoch, by the sender's clock. */
  timeMs: bigint
}

export type GossipMessage =
  | { type: 'delta'; envelope: Uint8Array }
  | ({ type: 'heads'; signature: Uint8Array } & HeadsStatement)

const statementFields = { party: bytes32, timeMs: P.U64LE, ...frontierFields }

/** The part of a Heads message that is signed. */
export const headsStatementCodec: Codec<HeadsStatement> = codec(
  'heads statement',
  P.struct(statementFields),
  MAX_GOSSIP_MESSAGE_BYTES,
)

/** A message of a topic. Decoding throws CODEC_TOO_LARGE (limit), CODEC_MALFORMED (protocol). */
export const gossipCodec: Codec<GossipMessage> = codec(
  'gossip message',
  union<GossipMessage>({
    delta: [0, P.struct({ envelope: bytesUpTo(MAX_GOSSIPED_ENVELOPE_BYTES) })],
    heads: [1, P.struct({ ...statementFields, signature: P.bytes(64) })],
  }),
  MAX_GOSSIP_MESSAGE_BYTES,
)
