import { readFileSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { serialize } from 'borsh'
import { expect } from 'chai'
import {
  type DeltaEnvelope,
  type DeltaHeader,
  type DeltaPayload,
  deltaId,
  envelopeCodec,
  eventsCodec,
  headerCodec,
  payloadCodec,
  type PayloadEvent,
  signedBytes,
} from '../../../src/node/codec/delta.ts'
import { verifySignature } from '../../../src/node/crypto/sign.ts'
import { EMPTY, fromHex, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { DeltaId } from '../../../src/node/primitives/ids.ts'
import { bytesOf, keyOf } from '../../support/craft-delta.ts'
import { BORSH, borshValue } from '../../support/delta-arbitraries.ts'

const FILE = join(import.meta.dirname, '../../vectors/delta.json')
const author = keyOf('vector author')

interface Case {
  readonly events: readonly PayloadEvent[]
  readonly payload: Omit<DeltaPayload, 'events'>
  readonly header: Omit<DeltaHeader, 'author' | 'member' | 'payloadLength' | 'payloadHash'>
  readonly announced: boolean
}

const HLC = Uint8Array.from({ length: 24 }, (_, i) => i + 1)
const CASES: readonly Case[] = [
  {
    events: [],
    payload: {
      application: bytesOf('application'),
      appPayload: EMPTY,
      authorRoot: new Uint8Array(32),
      causedBy: undefined,
      depth: 0,
    },
    header: {
      version: 2,
      context: bytesOf('context'),
      sequence: 1n,
      authority: undefined,
      epoch: 0,
      membersRevision: 0n,
      hlc: HLC,
      parents: [new Uint8Array(32)],
      kind: 0,
    },
    announced: false,
  },
  {
    events: [
      { kind: 'Set', data: utf8('{"key":"ä"}'), handler: undefined },
      { kind: '😀', data: EMPTY, handler: 'on_set' },
    ],
    payload: {
      application: bytesOf('application'),
      appPayload: utf8('what the guest wrote'),
      authorRoot: bytesOf('root'),
      causedBy: { delta: bytesOf('cause'), event: 0x1234 },
      depth: 8,
    },
    header: {
      version: 2,
      context: bytesOf('context'),
      sequence: 0xfedcba9876543210n,
      authority: bytesOf('authority'),
      epoch: 0xfffffffe,
      membersRevision: 0xfffffffffffffffen,
      hlc: HLC,
      parents: [bytesOf('a'), bytesOf('b'), bytesOf('c')].sort(Buffer.compare),
      kind: 1,
    },
    announced: true,
  },
]

interface Vectors {
  readonly source: string
  readonly author: string
  readonly cases: readonly Record<
    'events' | 'payload' | 'header' | 'id' | 'signature' | 'envelope',
    string
  >[]
}

function values(entry: Case): {
  payload: DeltaPayload
  header: (plain: Uint8Array) => DeltaHeader
  envelope: (header: DeltaHeader, signature: Uint8Array) => DeltaEnvelope
} {
  return {
    payload: { ...entry.payload, events: serialize(BORSH.events, borshValue(entry.events)) },
    header: (plain) => ({
      ...entry.header,
      author: author.publicKey,
      member: author.publicKey,
      payloadLength: plain.length,
      payloadHash: createHash('sha256').update(plain).digest(),
    }),
    envelope: (header, signature) => ({
      header,
      signature,
      nonce: bytesOf('nonce').subarray(0, 12),
      sealedEpoch: 7,
      sealed: entry.announced ? EMPTY : bytesOf('sealed'),
    }),
  }
}

/** The file as the borsh package, SHA-256 and RFC 8032 make it, without our own codec. */
function makeVectors(): Vectors {
  const cases = CASES.map((entry) => {
    const { payload, header: headerOf, envelope } = values(entry)
    const plain = serialize(BORSH.payload, borshValue(payload))
    const header = headerOf(plain)
    const bytes = serialize(BORSH.header, borshValue(header))
    const id = createHash('sha256').update('cali/delta/1\0').update(bytes).digest()
    const signature = author.sign(Buffer.concat([utf8('cali/delta-sig/1\0'), id]))
    return {
      events: toHex(payload.events),
      payload: toHex(plain),
      header: toHex(bytes),
      id: toHex(id),
      signature: toHex(signature),
      envelope: toHex(serialize(BORSH.envelope, borshValue(envelope(header, signature)))),
    }
  })
  const source =
    'bytes by the borsh package; id: SHA-256 of cali/delta/1, a zero byte and the header; signature by RFC 8032 over cali/delta-sig/1, a zero byte and the id'
  return { source, author: toHex(author.publicKey), cases }
}

describe('delta vectors', () => {
  // UPDATE_VECTORS=1 writes the file anew
  if (process.env['UPDATE_VECTORS'] !== undefined) {
    writeFileSync(FILE, `${JSON.stringify(makeVectors(), null, 2)}\n`)
  }
  const vectors = JSON.parse(readFileSync(FILE, 'utf8')) as Vectors // compared whole below

  it('are what the oracles make of the cases', () => {
    expect(vectors).to.deep.equal(makeVectors())
  })

  for (const [index, vector] of vectors.cases.entries()) {
    it(`case ${index}: events, payload, header, id, signature and envelope`, () => {
      const entry = CASES[index]
      if (entry === undefined) throw new RangeError('a vector without a case')
      const { payload, header: headerOf, envelope: envelopeOf } = values(entry)
      expect(toHex(eventsCodec.encode([...entry.events]))).to.equal(vector.events)
      expect(eventsCodec.decode(fromHex(vector.events))).to.deep.equal(entry.events)
      const plain = payloadCodec.encode(payload)
      expect(toHex(plain)).to.equal(vector.payload)
      expect(toHex(payloadCodec.encode(payloadCodec.decode(plain)))).to.equal(vector.payload)
      const header = headerOf(plain)
      expect(toHex(headerCodec.encode(header))).to.equal(vector.header)
      expect(toHex(deltaId(headerCodec.decode(fromHex(vector.header))))).to.equal(vector.id)
      const signature = fromHex(vector.signature)
      const id = DeltaId.from(fromHex(vector.id))
      expect(verifySignature(fromHex(vectors.author), signedBytes(id), signature)).to.equal(true)
      const envelope = envelopeOf(header, signature)
      expect(toHex(envelopeCodec.encode(envelope))).to.equal(vector.envelope)
      const read = envelopeCodec.decode(fromHex(vector.envelope))
      expect(toHex(read.sealed)).to.equal(toHex(envelope.sealed))
      expect(read.sealedEpoch).to.equal(7)
    })
  }
})
