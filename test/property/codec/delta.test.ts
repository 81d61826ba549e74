import { serialize } from 'borsh'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Codec } from '../../../src/node/codec/codec.ts'
import {
  deltaId,
  envelopeCodec,
  eventsCodec,
  headerCodec,
  payloadCodec,
} from '../../../src/node/codec/delta.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import {
  BORSH,
  borshValue,
  envelope,
  header,
  payload,
  payloadEvent,
} from '../../support/delta-arbitraries.ts'
import { thrownCode } from '../../support/error-code.ts'

const REFUSALS = ['CODEC_MALFORMED', 'CODEC_TOO_LARGE']

function laws<T>(
  name: string,
  codec: Codec<T>,
  values: fc.Arbitrary<T>,
  schema: (typeof BORSH)[keyof typeof BORSH],
): void {
  describe(`codec of ${name}`, () => {
    it('writes what the borsh package writes, and reads it back', () => {
      fc.assert(
        fc.property(values, (value) => {
          const bytes = codec.encode(value)
          expect(toHex(bytes)).to.equal(toHex(serialize(schema, borshValue(value))))
          expect(codec.decode(bytes)).to.deep.equal(value)
        }),
      )
    })

    it('refuses every truncation and every trailing byte', () => {
      fc.assert(
        fc.property(values, fc.nat(), (value, cut) => {
          const bytes = codec.encode(value)
          const shorter = bytes.subarray(0, cut % bytes.length)
          expect(thrownCode(() => codec.decode(shorter))).to.be.oneOf(REFUSALS)
          expect(thrownCode(() => codec.decode(Uint8Array.of(...bytes, 0)))).to.be.oneOf(REFUSALS)
        }),
      )
    })

    it('reads mutated bytes as what they encode, or refuses them with a code', () => {
      fc.assert(
        fc.property(values, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, flip) => {
          const bytes = codec.encode(value)
          const index = at % bytes.length
          bytes[index] = (bytes[index] ?? 0) ^ flip
          let read: T
          try {
            read = codec.decode(bytes)
          } catch {
            expect(thrownCode(() => codec.decode(bytes))).to.be.oneOf(REFUSALS)
            return
          }
          expect(toHex(codec.encode(read))).to.equal(toHex(bytes))
        }),
      )
    })

    it('never fails otherwise on random bytes', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
          expect(thrownCode(() => codec.decode(bytes))).to.be.oneOf([...REFUSALS, 'none'])
        }),
      )
    })
  })
}

laws('headers', headerCodec, header, BORSH.header)
laws('payloads', payloadCodec, payload, BORSH.payload)
laws('events', eventsCodec, fc.array(payloadEvent, { maxLength: 8 }), BORSH.events)
laws('envelopes', envelopeCodec, envelope, BORSH.envelope)

describe('id of a delta', () => {
  it('covers every byte of the header', () => {
    fc.assert(
      fc.property(header, header, (a, b) => {
        const isSame = toHex(headerCodec.encode(a)) === toHex(headerCodec.encode(b))
        expect(toHex(deltaId(a)) === toHex(deltaId(b))).to.equal(isSame)
      }),
    )
  })
})
