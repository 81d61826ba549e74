import { expect } from 'chai'
import {
  DELTA_KIND,
  type DeltaEnvelope,
  type DeltaHeader,
  type DeltaPayload,
  deltaId,
  envelopeCodec,
  eventsCodec,
  headerCodec,
  MAX_ENVELOPE_BYTES,
  MAX_HEADER_BYTES,
  MAX_PARENTS,
  MAX_PAYLOAD_BYTES,
  payloadCodec,
  type PayloadEvent,
} from '../../../src/node/codec/delta.ts'
import { EMPTY, fromHex, toHex } from '../../../src/node/primitives/bytes.ts'
import {
  MAX_EVENT_DATA_BYTES,
  MAX_EVENT_HANDLER_BYTES,
  MAX_EVENT_KIND_BYTES,
  MAX_EVENTS,
} from '../../../src/node/runtime/limits.ts'
import { bytesOf } from '../../support/craft-delta.ts'
import { thrownCode } from '../../support/error-code.ts'

const HEADER: DeltaHeader = {
  version: 2,
  context: bytesOf('context'),
  author: bytesOf('author'),
  sequence: 1n,
  member: bytesOf('author'),
  authority: undefined,
  epoch: 1,
  membersRevision: 1n,
  hlc: new Uint8Array(24).fill(1),
  parents: [bytesOf('parent')],
  kind: DELTA_KIND.state,
  payloadLength: 0,
  payloadHash: bytesOf('payload'),
}
const PAYLOAD: DeltaPayload = {
  application: bytesOf('application'),
  appPayload: EMPTY,
  events: EMPTY,
  authorRoot: bytesOf('root'),
  causedBy: undefined,
  depth: 0,
}
const PAYLOAD_OVERHEAD = payloadCodec.encode(PAYLOAD).length

function parents(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => bytesOf(`parent ${i}`))
}

describe('delta codecs', () => {
  it('take 64 parents in a header and no more', () => {
    const full = headerCodec.encode({
      ...HEADER,
      authority: bytesOf('a'),
      parents: parents(MAX_PARENTS),
    })
    expect(full.length).to.be.at.most(MAX_HEADER_BYTES)
    expect(headerCodec.decode(full).parents).to.have.length(MAX_PARENTS)
    expect(
      thrownCode(() => headerCodec.encode({ ...HEADER, parents: parents(MAX_PARENTS + 1) })),
    ).to.equal('CODEC_ENCODE')
    // the same by hand: the count stands after version, three ids, no authority, epoch, revision and time
    const count = 1 + 96 + 1 + 4 + 8 + 24
    const one = headerCodec.encode(HEADER)
    const more = Buffer.concat([
      one.subarray(0, count),
      Uint8Array.of(MAX_PARENTS + 1, 0, 0, 0),
      ...parents(MAX_PARENTS + 1),
      one.subarray(count + 4 + 32),
    ])
    expect(thrownCode(() => headerCodec.decode(new Uint8Array(more)))).to.equal('CODEC_MALFORMED')
  })

  it('refuse one byte more than each bound before they read', () => {
    const refused = (work: () => unknown): void =>
      expect(thrownCode(work)).to.equal('CODEC_TOO_LARGE') as never
    refused(() => headerCodec.decode(new Uint8Array(MAX_HEADER_BYTES + 1)))
    refused(() => payloadCodec.decode(new Uint8Array(MAX_PAYLOAD_BYTES + 1)))
    refused(() => envelopeCodec.decode(new Uint8Array(MAX_ENVELOPE_BYTES + 1)))
    refused(() => eventsCodec.decode(new Uint8Array(MAX_PAYLOAD_BYTES + 1)))
  })

  it('take the greatest payload, also inside an envelope', () => {
    const appPayload = new Uint8Array(MAX_PAYLOAD_BYTES - PAYLOAD_OVERHEAD)
    const plain = payloadCodec.encode({ ...PAYLOAD, appPayload })
    expect(plain).to.have.length(MAX_PAYLOAD_BYTES)
    expect(payloadCodec.decode(plain).appPayload).to.have.length(appPayload.length)
    const envelope: DeltaEnvelope = {
      header: { ...HEADER, authority: bytesOf('a'), parents: parents(MAX_PARENTS) },
      signature: new Uint8Array(64),
      nonce: new Uint8Array(12),
      sealedEpoch: 1,
      sealed: new Uint8Array(MAX_PAYLOAD_BYTES + 16),
    }
    const bytes = envelopeCodec.encode(envelope)
    expect(bytes.length).to.be.at.most(MAX_ENVELOPE_BYTES)
    expect(envelopeCodec.decode(bytes).sealed).to.have.length(MAX_PAYLOAD_BYTES + 16)
  })

  it('refuse a length prefix of nearly 2^32 without allocating it', () => {
    const bytes = payloadCodec.encode(PAYLOAD)
    bytes.fill(0xff, 32, 36) // length of appPayload
    expect(thrownCode(() => payloadCodec.decode(bytes))).to.equal('CODEC_MALFORMED')
    const events = eventsCodec.encode([])
    events.fill(0xff)
    expect(thrownCode(() => eventsCodec.decode(events))).to.equal('CODEC_MALFORMED')
  })

  it('refuse an option tag that is neither 0 nor 1', () => {
    const bytes = headerCodec.encode(HEADER)
    expect(bytes[105]).to.equal(0)
    bytes[105] = 2
    expect(thrownCode(() => headerCodec.decode(bytes))).to.equal('CODEC_MALFORMED')
  })

  it('refuse text that is not UTF-8, and keep a byte order mark', () => {
    const events: PayloadEvent[] = [{ kind: '\ufeffk', data: EMPTY, handler: undefined }]
    const bytes = eventsCodec.encode(events)
    expect(eventsCodec.decode(bytes)).to.deep.equal(events)
    bytes[8] = 0xff // first byte of the kind
    expect(thrownCode(() => eventsCodec.decode(bytes))).to.equal('CODEC_MALFORMED')
  })

  describe('bounds of events', () => {
    const event = (over: Partial<PayloadEvent>): PayloadEvent => ({
      kind: 'k',
      data: EMPTY,
      handler: undefined,
      ...over,
    })
    const cases: [string, PayloadEvent[], PayloadEvent[]][] = [
      [
        'count',
        Array<PayloadEvent>(MAX_EVENTS).fill(event({})),
        Array<PayloadEvent>(MAX_EVENTS + 1).fill(event({})),
      ],
      [
        'kind',
        [event({ kind: 'k'.repeat(MAX_EVENT_KIND_BYTES) })],
        [event({ kind: 'k'.repeat(MAX_EVENT_KIND_BYTES + 1) })],
      ],
      [
        'data',
        [event({ data: new Uint8Array(MAX_EVENT_DATA_BYTES) })],
        [event({ data: new Uint8Array(MAX_EVENT_DATA_BYTES + 1) })],
      ],
      [
        'handler',
        [event({ handler: 'h'.repeat(MAX_EVENT_HANDLER_BYTES) })],
        [event({ handler: 'h'.repeat(MAX_EVENT_HANDLER_BYTES + 1) })],
      ],
    ]
    for (const [name, most, tooMuch] of cases) {
      it(`${name}: the greatest comes back, one more is refused`, () => {
        expect(eventsCodec.decode(eventsCodec.encode(most))).to.deep.equal(most)
        expect(thrownCode(() => eventsCodec.encode(tooMuch))).to.equal('CODEC_ENCODE')
        expect(thrownCode(() => eventsCodec.decode(unbounded(tooMuch)))).to.equal('CODEC_MALFORMED')
      })
    }
  })

  it('give every mutated header field another id', () => {
    const ids = new Set([toHex(deltaId(HEADER))])
    const mutations: Partial<DeltaHeader>[] = [
      { version: 3 },
      { sequence: 2n },
      { context: bytesOf('another context') },
      { author: bytesOf('another author') },
      { member: bytesOf('another member') },
      { authority: bytesOf('authority') },
      { epoch: 2 },
      { membersRevision: 2n },
      { hlc: new Uint8Array(24).fill(2) },
      { parents: parents(2) },
      { kind: DELTA_KIND.merge },
      { payloadLength: 1 },
      { payloadHash: bytesOf('another payload') },
    ]
    expect(mutations).to.have.length(Object.keys(HEADER).length)
    for (const mutation of mutations) ids.add(toHex(deltaId({ ...HEADER, ...mutation })))
    expect(ids.size).to.equal(mutations.length + 1)
  })
})

/** The same layout without any bound, as a dishonest node writes it. */
function unbounded(events: readonly PayloadEvent[]): Uint8Array {
  const u32 = (value: number): Uint8Array => {
    const out = new Uint8Array(4)
    new DataView(out.buffer).setUint32(0, value, true)
    return out
  }
  const sized = (bytes: Uint8Array): Uint8Array[] => [u32(bytes.length), bytes]
  const parts = events.flatMap(({ kind, data, handler }) => [
    ...sized(Buffer.from(kind)),
    ...sized(data),
    ...(handler === undefined ? [fromHex('00')] : [fromHex('01'), ...sized(Buffer.from(handler))]),
  ])
  return new Uint8Array(Buffer.concat([u32(events.length), ...parts]))
}
