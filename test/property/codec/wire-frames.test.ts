import { expect } from 'chai'
import fc from 'fast-check'
import { gossipCodec } from '../../../src/node/codec/gossip-frames.ts'
import {
  decodePushFrame,
  encodePushFrame,
  type PushFrame,
} from '../../../src/node/codec/push-frames.ts'
import {
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
  type SyncAnswer,
  type SyncRequest,
} from '../../../src/node/codec/sync-frames.ts'
import { isMerogateError } from '../../../src/node/errors.ts'
import { encodeFrame, FrameReader } from '../../../src/node/network/frame-reader.ts'
import { concat } from '../../../src/node/primitives/bytes.ts'
import {
  ANSWER_SAMPLES,
  GOSSIP_SAMPLES,
  PUSH_SAMPLES,
  REQUEST_SAMPLES,
} from '../../support/wire-samples.ts'

const fixed = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const id = fixed(32)
const ids = fc.array(id, { maxLength: 5 })
const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffffffff })
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const bytes = fc.uint8Array({ maxLength: 300 })
const text = fc.string({ unit: 'binary', maxLength: 40 })
const grants = fc.array(
  fc.record({
    epoch: u32,
    madeAt: u64,
    coversTo: u64,
    sealed: bytes,
    giver: id,
    signature: fixed(64),
  }),
  {
    maxLength: 3,
  },
)
const frontier = { root: id, heads: ids, applied: u64, hlc: fixed(24), epoch: u32, hash: id }
const is = <T extends string>(type: T): fc.Arbitrary<T> => fc.constant(type)

const pushFrame: fc.Arbitrary<PushFrame> = fc.oneof(
  fc.record({
    type: is('hello'),
    version: u16,
    nonce: fixed(16),
    addresses: fc.array(text, { maxLength: 4 }),
  }),
  fc.record({ type: is('join'), context: id, party: id, proof: fixed(64) }),
  fc.record({ type: is('heads'), context: id, ...frontier }),
  fc.record({ type: is('delta'), context: id, envelope: bytes }),
  fc.record({ type: is('ack'), context: id, heads: ids }),
  fc.record({ type: is('keys'), context: id, grants }),
  fc.record({ type: is('leave'), context: id }),
  fc.record({ type: is('ping'), value: u64 }),
  fc.record({ type: is('pong'), value: u64, timeMs: u64 }),
  fc.record({ type: is('error'), code: u16, context: fc.option(id, { nil: undefined }) }),
)
const request: fc.Arbitrary<SyncRequest> = fc.oneof(
  fc.record({ type: is('deltas'), context: id, want: ids, have: ids, maxBytes: u32 }),
  fc.record({ type: is('frontier'), context: id }),
  fc.record({
    type: is('ranges'),
    context: id,
    ranges: fc.array(fc.record({ author: id, from: u64, to: u64 }), { maxLength: 4 }),
    maxBytes: u32,
  }),
  fc.record({ type: is('keys'), context: id, epochs: fc.array(u32, { maxLength: 5 }) }),
  fc.record({ type: is('blobGet'), context: id, blob: id, offset: u64 }),
  fc.record({ type: is('cancel') }),
)
const member = fc.record({ identity: id, peer: text, addresses: fc.array(text, { maxLength: 3 }) })
const answer: fc.Arbitrary<SyncAnswer> = fc.oneof(
  fc.record({
    type: is('frontier'),
    more: fc.boolean(),
    authors: fc.array(fc.record({ author: id, height: u64, digest: fixed(16) }), { maxLength: 4 }),
  }),
  fc.record({ type: is('heads'), ...frontier }),
  fc.record({ type: is('envelopes'), items: fc.array(bytes, { maxLength: 4 }) }),
  fc.record({ type: is('part'), more: fc.boolean(), bytes }),
  fc.record({ type: is('end'), more: fc.boolean(), unknown: ids, pruned: ids }),
  fc.record({ type: is('keys'), more: fc.boolean(), grants }),
  fc.record({ type: is('members'), items: fc.array(member, { maxLength: 3 }) }),
  fc.record({ type: is('error'), code: u16, retryAfterMs: u32 }),
)

/** Decodes, and allows no failure but a typed one of the codec. */
function survives(decode: (bytes: Uint8Array) => unknown, input: Uint8Array): void {
  try {
    decode(input)
  } catch (error) {
    expect(isMerogateError(error) && error.code).to.match(/^CODEC_(MALFORMED|TOO_LARGE)$/)
  }
}

const decoders = [decodePushFrame, decodeRequest, decodeAnswer, gossipCodec.decode]
const valid = [
  ...PUSH_SAMPLES.map(({ value }) => encodePushFrame(value)),
  ...REQUEST_SAMPLES.map(({ value }) => encodeRequest(7, value)),
  ...ANSWER_SAMPLES.map(({ value }) => encodeAnswer(7, value)),
  ...GOSSIP_SAMPLES.map(({ value }) => gossipCodec.encode(value)),
]

describe('properties of frames', () => {
  it('every frame decodes to what was encoded', () => {
    fc.assert(
      fc.property(pushFrame, (frame) => {
        expect(decodePushFrame(encodePushFrame(frame))).to.deep.equal(frame)
      }),
    )
    fc.assert(
      fc.property(u32, request, (n, value) => {
        expect(decodeRequest(encodeRequest(n, value))).to.deep.equal({ id: n, request: value })
      }),
    )
    fc.assert(
      fc.property(u32, answer, (n, value) => {
        expect(decodeAnswer(encodeAnswer(n, value))).to.deep.equal({ id: n, answer: value })
      }),
    )
  })

  it('random bytes end in a value or a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (input) => {
        for (const decode of decoders) survives(decode, input)
      }),
    )
  })

  it('mutated, truncated and extended frames end in a value or a typed error', () => {
    const mutation = fc.record({
      at: fc.nat(),
      to: fc.nat(255),
      cut: fc.nat(),
      extra: fc.uint8Array({ maxLength: 5 }),
    })
    fc.assert(
      fc.property(fc.constantFrom(...valid), mutation, (frame, { at, to, cut, extra }) => {
        const mutated = frame.slice()
        mutated[at % mutated.length] = to
        for (const decode of decoders) {
          survives(decode, mutated)
          survives(decode, frame.subarray(0, cut % frame.length))
          survives(decode, concat(mutated, extra))
        }
      }),
    )
  })

  it('no frame has two encodings: whatever decodes encodes to the same bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PUSH_SAMPLES), fc.nat(), fc.nat(255), ({ value }, at, to) => {
        const mutated = encodePushFrame(value)
        mutated[at % mutated.length] = to
        let decoded: PushFrame
        try {
          decoded = decodePushFrame(mutated)
        } catch {
          return
        }
        expect(encodePushFrame(decoded)).to.deep.equal(mutated)
      }),
    )
  })

  it('a stream cut anywhere gives the frames that were sent', () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 })
    fc.assert(
      fc.property(
        frames,
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        (sent, cuts) => {
          const stream = concat(...sent.map(encodeFrame))
          const reader = new FrameReader(200)
          const got: Uint8Array[] = []
          for (let at = 0, i = 0; at < stream.length; i++) {
            const length = cuts[i % cuts.length] as number
            got.push(...reader.push(stream.subarray(at, at + length)))
            at += length
          }
          expect(got).to.deep.equal(sent)
          expect(reader.held).to.equal(0)
        },
      ),
    )
  })
})
