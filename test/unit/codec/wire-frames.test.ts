import { serialize, type Schema } from 'borsh'
import { expect } from 'chai'
import { readFileSync, writeFileSync } from 'node:fs'
import {
  gossipCodec,
  MAX_GOSSIP_MESSAGE_BYTES,
  MAX_GOSSIPED_ENVELOPE_BYTES,
} from '../../../src/node/codec/gossip-frames.ts'
import {
  decodePushFrame,
  encodePushFrame,
  MAX_ADDRESS_BYTES,
  MAX_FRAME_GRANTS,
  MAX_FRAME_HEADS,
  MAX_HELLO_ADDRESSES,
  MAX_PUSHED_ENVELOPE_BYTES,
  MAX_SEALED_KEY_BYTES,
  MAX_WIRE_FRAME_BYTES,
  type PushFrame,
} from '../../../src/node/codec/push-frames.ts'
import {
  BLOB_CHUNK_BYTES,
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
import { concat, toHex } from '../../../src/node/primitives/bytes.ts'
import { thrownCode } from '../../support/error-code.ts'
import {
  ANSWER_SAMPLES,
  GOSSIP_SAMPLES,
  PUSH_SAMPLES,
  REQUEST_SAMPLES,
  type Sample,
} from '../../support/wire-samples.ts'

const FILE = new URL('../../vectors/wire-frames.json', import.meta.url)

// UPDATE_VECTORS=1 writes the file anew: the bytes of every sample, as borsh 2.0.0 writes them
if (process.env['UPDATE_VECTORS'] !== undefined) {
  const of = (samples: readonly Sample<{ type: string }>[]): string[] => samples.map(oracle)
  const made = {
    push: of(PUSH_SAMPLES),
    request: of(REQUEST_SAMPLES),
    answer: of(ANSWER_SAMPLES),
    gossip: of(GOSSIP_SAMPLES),
  }
  writeFileSync(FILE, `${JSON.stringify(made, null, 2)}\n`)
}
const vectors = JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, string[]> // our own file, in this shape

function oracle({ value, tag, schema }: Sample<{ type: string }>): string {
  const fields: Record<string, Schema> = { tag: 'u8', ...schema }
  return toHex(serialize({ struct: fields }, { ...value, tag }))
}

const ID = 0x01020304
const idHex = '04030201'

describe('frames on the wire', () => {
  const planes: Record<
    string,
    readonly [
      readonly Sample<{ type: string }>[],
      (value: never) => string,
      (bytes: Uint8Array) => unknown,
    ]
  > = {
    push: [PUSH_SAMPLES, (value) => toHex(encodePushFrame(value)), decodePushFrame],
    request: [
      REQUEST_SAMPLES,
      (value) => toHex(encodeRequest(ID, value)).replace(idHex, ''),
      (bytes) => decodeRequest(concat(Uint8Array.of(4, 3, 2, 1), bytes)).request,
    ],
    answer: [
      ANSWER_SAMPLES,
      (value) => toHex(encodeAnswer(ID, value)).replace(idHex, ''),
      (bytes) => decodeAnswer(concat(Uint8Array.of(4, 3, 2, 1), bytes)).answer,
    ],
    gossip: [
      GOSSIP_SAMPLES,
      (value) => toHex(gossipCodec.encode(value)),
      (bytes) => gossipCodec.decode(bytes),
    ],
  }
  for (const [plane, [samples, encode, decode]] of Object.entries(planes)) {
    samples.forEach((sample, i) => {
      it(`${plane} ${sample.value.type} ${i} is the stored vector, says borsh, and decodes to itself`, () => {
        const vector = vectors[plane]?.[i] as string
        expect(encode(sample.value as never)).to.equal(vector)
        expect(oracle(sample)).to.equal(vector)
        expect(decode(Uint8Array.from(Buffer.from(vector, 'hex')))).to.deep.equal(sample.value)
      })
    })
  }

  it('keep the id of a request', () => {
    expect(decodeRequest(encodeRequest(ID, { type: 'cancel' })).id).to.equal(ID)
    expect(decodeAnswer(encodeAnswer(4_294_967_295, { type: 'joined' })).id).to.equal(4_294_967_295)
  })

  it('refuse unknown tags, but give the id of a request of an unknown kind', () => {
    expect(thrownCode(() => decodePushFrame(Uint8Array.of(10)))).to.equal('CODEC_MALFORMED')
    expect(thrownCode(() => decodeAnswer(Uint8Array.of(1, 0, 0, 0, 11)))).to.equal(
      'CODEC_MALFORMED',
    )
    expect(thrownCode(() => gossipCodec.decode(Uint8Array.of(2)))).to.equal('CODEC_MALFORMED')
    expect(decodeRequest(Uint8Array.of(1, 0, 0, 0, 6, 9))).to.deep.equal({
      id: 1,
      request: { type: 'unsupported', tag: 6 },
    })
  })

  const id = new Uint8Array(32)
  const context = id
  const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item)
  const grant = {
    epoch: 0,
    madeAt: 0n,
    coversTo: 0n,
    sealed: new Uint8Array(0),
    giver: id,
    signature: new Uint8Array(64),
  }
  const hello = { type: 'hello', version: 1, nonce: new Uint8Array(16) } as const
  const deltas = { type: 'deltas', context, want: [], have: [], maxBytes: 0 } as const
  const push: Record<string, (over: number) => PushFrame> = {
    addresses: (over) => ({ ...hello, addresses: many(MAX_HELLO_ADDRESSES + over, '') }),
    'bytes of an address': (over) => ({
      ...hello,
      addresses: ['a'.repeat(MAX_ADDRESS_BYTES + over)],
    }),
    heads: (over) => ({ type: 'ack', context, heads: many(MAX_FRAME_HEADS + over, id) }),
    grants: (over) => ({ type: 'keys', context, grants: many(MAX_FRAME_GRANTS + over, grant) }),
    'bytes of a sealed key': (over) => ({
      type: 'keys',
      context,
      grants: [{ ...grant, sealed: new Uint8Array(MAX_SEALED_KEY_BYTES + over) }],
    }),
    'bytes of an envelope': (over) => ({
      type: 'delta',
      context,
      envelope: new Uint8Array(MAX_PUSHED_ENVELOPE_BYTES + over),
    }),
  }
  const requests: Record<string, (over: number) => SyncRequest> = {
    ranges: (over) => ({
      ...{ type: 'ranges', context, maxBytes: 0 },
      ranges: many(MAX_RANGES + over, { author: id, from: 1n, to: 1n }),
    }),
    'wanted ids': (over) => ({ ...deltas, want: many(MAX_WANTED_IDS + over, id), have: [] }),
    'known heads': (over) => ({ ...deltas, want: [], have: many(MAX_FRAME_HEADS + over, id) }),
    epochs: (over) => ({ type: 'keys', context, epochs: many(MAX_WANTED_EPOCHS + over, 0) }),
  }
  const answers: Record<string, (over: number) => SyncAnswer> = {
    envelopes: (over) => ({
      type: 'envelopes',
      items: many(MAX_FRAME_ENVELOPES + over, new Uint8Array(0)),
    }),
    'bytes of an envelope': (over) => ({
      type: 'envelopes',
      items: [new Uint8Array(DELTAS_FRAME_BYTES + over)],
    }),
    'bytes of a part': (over) => ({
      type: 'part',
      more: true,
      bytes: new Uint8Array(DELTAS_FRAME_BYTES + over),
    }),
    'bytes of a chunk': (over) => ({
      type: 'chunk',
      more: true,
      bytes: new Uint8Array(BLOB_CHUNK_BYTES + over),
    }),
    authors: (over) => ({
      ...{ type: 'frontier', more: false },
      authors: many(MAX_FRAME_AUTHORS + over, {
        ...{ author: id, height: 1n, digest: new Uint8Array(16) },
      }),
    }),
    members: (over) => ({
      type: 'members',
      items: many(MAX_FRAME_MEMBERS + over, { identity: id, peer: '', addresses: [] }),
    }),
  }
  const limits = [
    ...Object.entries(push).map(
      ([what, make]) =>
        [`push: ${what}`, (over: number) => encodePushFrame(make(over)), decodePushFrame] as const,
    ),
    ...Object.entries(requests).map(
      ([what, make]) =>
        [
          `request: ${what}`,
          (over: number) => encodeRequest(1, make(over)),
          decodeRequest,
        ] as const,
    ),
    ...Object.entries(answers).map(
      ([what, make]) =>
        [`answer: ${what}`, (over: number) => encodeAnswer(1, make(over)), decodeAnswer] as const,
    ),
    [
      'gossip: bytes of an envelope',
      (over: number) =>
        gossipCodec.encode({
          type: 'delta',
          envelope: new Uint8Array(MAX_GOSSIPED_ENVELOPE_BYTES + over),
        }),
      gossipCodec.decode,
    ] as const,
  ]
  for (const [what, encode, decode] of limits) {
    it(`hold as many as allowed, not one more: ${what}`, () => {
      expect(() => decode(encode(0))).to.not.throw()
      expect(thrownCode(() => encode(1))).to.equal('CODEC_ENCODE')
    })
  }

  it('refuse counts and lengths one past a limit before reading on', () => {
    const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer)
    const frames = [
      concat(Uint8Array.of(4), context, u32(MAX_FRAME_HEADS + 1)),
      concat(Uint8Array.of(4), context, u32(0xffffffff)),
      concat(Uint8Array.of(5), context, u32(MAX_FRAME_GRANTS + 1)),
      concat(Uint8Array.of(3), context, u32(0xffffffff), id),
    ]
    for (const frame of frames)
      expect(thrownCode(() => decodePushFrame(frame))).to.equal('CODEC_MALFORMED')
    expect(thrownCode(() => decodePushFrame(new Uint8Array(MAX_WIRE_FRAME_BYTES + 1)))).to.equal(
      'CODEC_TOO_LARGE',
    )
    expect(
      thrownCode(() => decodePushFrame(new Uint8Array(MAX_WIRE_FRAME_BYTES + 1).fill(3))),
    ).to.equal('CODEC_TOO_LARGE')
    expect(
      thrownCode(() => gossipCodec.decode(new Uint8Array(MAX_GOSSIP_MESSAGE_BYTES + 1))),
    ).to.equal('CODEC_TOO_LARGE')
  })
})
