import { expect } from 'chai'
import { type DeltaEnvelope, envelopeCodec, MAX_PARENTS } from '../../../src/node/codec/delta.ts'
import { gossipCodec, MAX_GOSSIPED_ENVELOPE_BYTES } from '../../../src/node/codec/gossip-frames.ts'
import {
  decodePushFrame,
  encodePushFrame,
  MAX_FRAME_GRANTS,
  MAX_FRAME_HEADS,
  MAX_PUSHED_ENVELOPE_BYTES,
  MAX_SEALED_KEY_BYTES,
  type PushFrame,
} from '../../../src/node/codec/push-frames.ts'
import {
  decodeAnswer,
  decodeRequest,
  DELTAS_FRAME_BYTES,
  encodeAnswer,
  encodeRequest,
  MAX_FRAME_AUTHORS,
  MAX_FRAME_ENVELOPES,
  MAX_FRAME_MEMBERS,
  MAX_RANGES,
  MAX_WANTED_EPOCHS,
  MAX_WANTED_IDS,
  type SyncAnswer,
  type SyncRequest,
} from '../../../src/node/codec/sync-frames.ts'
import { decodeCandidate } from '../../../src/node/context/replica/verify.ts'
import { FrameReader } from '../../../src/node/network/frame-reader.ts'
import { MAX_FRAME_BYTES } from '../../../src/node/network/limits.ts'
import { ContextId } from '../../../src/node/primitives/ids.ts'
import { seededRandom } from '../../support/hand-clock.ts'
import { slowestUs } from '../../support/spoilt-frames.ts'
import {
  ANSWER_SAMPLES,
  GOSSIP_SAMPLES,
  PUSH_SAMPLES,
  REQUEST_SAMPLES,
} from '../../support/wire-samples.ts'

const FRAMES = 10_000
/** Main thread that one frame may take, us. */
const MAX_US = 5_000

const random = seededRandom('hostile frames')
const id = (): Uint8Array => random.bytes(32)
const many = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at))

const context = id()
const frontier = {
  ...{ root: id(), heads: many(MAX_FRAME_HEADS, id), applied: 1n, hlc: random.bytes(24) },
  ...{ epoch: 1, hash: id() },
}
const grants = many(MAX_FRAME_GRANTS, (epoch) => ({
  ...{ epoch, madeAt: 1n, coversTo: 1n, sealed: random.bytes(MAX_SEALED_KEY_BYTES) },
  ...{ giver: id(), signature: random.bytes(64) },
}))
const envelope: DeltaEnvelope = {
  header: {
    ...{ version: 2, context, author: id(), sequence: 1n, member: id(), epoch: 0 },
    ...{ membersRevision: 1n, hlc: random.bytes(24), parents: many(MAX_PARENTS, id), kind: 0 },
    ...{ payloadLength: 100, payloadHash: id() },
  },
  ...{ signature: random.bytes(64), nonce: random.bytes(12), sealedEpoch: 0 },
  sealed: random.bytes(MAX_GOSSIPED_ENVELOPE_BYTES - 4_096),
}

/** Frames that are as full as they may be. */
const FULL_PUSH: readonly PushFrame[] = [
  { type: 'heads', context, ...frontier },
  { type: 'ack', context, heads: frontier.heads },
  { type: 'keys', context, grants },
  { type: 'delta', context, envelope: random.bytes(MAX_PUSHED_ENVELOPE_BYTES) },
]
const FULL_REQUESTS: readonly SyncRequest[] = [
  {
    type: 'deltas',
    ...{ context, want: many(MAX_WANTED_IDS, id), have: many(64, id), maxBytes: 1 },
  },
  { type: 'keys', context, epochs: many(MAX_WANTED_EPOCHS, (at) => at) },
  {
    type: 'ranges',
    ...{
      context,
      maxBytes: 1,
      ranges: many(MAX_RANGES, () => ({ author: id(), from: 1n, to: 9n })),
    },
  },
]
const FULL_ANSWERS: readonly SyncAnswer[] = [
  { type: 'heads', ...frontier },
  { type: 'keys', more: false, grants },
  {
    type: 'frontier',
    ...{
      more: true,
      authors: many(MAX_FRAME_AUTHORS, () => ({
        author: id(),
        height: 1n,
        digest: random.bytes(16),
      })),
    },
  },
  { type: 'envelopes', items: many(MAX_FRAME_ENVELOPES, () => random.bytes(200)) },
  { type: 'part', more: true, bytes: random.bytes(DELTAS_FRAME_BYTES) },
  { type: 'end', more: true, unknown: many(MAX_WANTED_IDS, id), pruned: many(MAX_WANTED_IDS, id) },
  {
    type: 'members',
    items: many(MAX_FRAME_MEMBERS, () => ({
      ...{ identity: id(), peer: 'p'.repeat(52), addresses: many(16, () => '/'.repeat(256)) },
    })),
  },
]

const DECODERS: Readonly<Record<string, readonly [(bytes: Uint8Array) => unknown, Uint8Array[]]>> =
  {
    'a push stream': [
      decodePushFrame,
      [...PUSH_SAMPLES.map(({ value }) => value), ...FULL_PUSH].map(encodePushFrame),
    ],
    'a request stream, where it is asked': [
      decodeRequest,
      [...REQUEST_SAMPLES.map(({ value }) => value), ...FULL_REQUESTS].map((one) =>
        encodeRequest(1, one),
      ),
    ],
    'a request stream, where it is answered': [
      decodeAnswer,
      [...ANSWER_SAMPLES.map(({ value }) => value), ...FULL_ANSWERS].map((one) =>
        encodeAnswer(1, one),
      ),
    ],
    'a topic': [
      (bytes) => gossipCodec.decode(bytes),
      [
        ...GOSSIP_SAMPLES.map(({ value }) => gossipCodec.encode(value)),
        gossipCodec.encode({ type: 'delta', envelope: envelopeCodec.encode(envelope) }),
      ],
    ],
    'whatever carries deltas': [
      (bytes) => decodeCandidate(ContextId.from(context), bytes),
      [
        envelopeCodec.encode({ ...envelope, sealed: random.bytes(116) }),
        envelopeCodec.encode(envelope),
        envelopeCodec.encode({
          ...envelope,
          sealed: random.bytes(MAX_PUSHED_ENVELOPE_BYTES - 8_192),
        }),
      ],
    ],
    'below the frames': [
      (bytes) => new FrameReader(MAX_FRAME_BYTES).push(bytes),
      [
        Uint8Array.of(0, 0, 0, 4, 1, 2, 3, 4),
        Uint8Array.of(255, 255, 255, 255),
        new Uint8Array(65_536),
      ],
    ],
  }

describe('frames that mean no good', () => {
  for (const [where, [decode, seeds]] of Object.entries(DECODERS)) {
    it(`on ${where} are read or refused with a code, none of them in more than 5 ms`, async () => {
      const slowest = await slowestUs(decode, seeds, { frames: FRAMES, maxUs: MAX_US, random })
      expect(slowest).to.be.at.most(MAX_US)
    }).timeout(120_000)
  }
})
