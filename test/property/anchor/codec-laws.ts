/** What every codec of envelopes promises, whatever contract it belongs to. */
import { serialize, type Schema } from 'borsh'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Codec } from '../../../src/node/codec/codec.ts'
import { isMerogateError } from '../../../src/node/errors.ts'

/** Registers the tests of a codec against the `borsh` package. */
export function codecLaws<T>(
  subject: Codec<T>,
  values: fc.Arbitrary<T>,
  toBorsh: (value: T) => { schema: Schema; value: unknown },
): void {
  it('has the bytes that borsh gives it', () => {
    fc.assert(
      fc.property(values, (value) => {
        const oracle = toBorsh(value)
        expect(subject.encode(value)).to.deep.equal(serialize(oracle.schema, oracle.value))
      }),
    )
  })

  it('comes back from its bytes', () => {
    fc.assert(
      fc.property(values, (value) => {
        // a group that is absent has no field after decoding
        expect(subject.decode(subject.encode(value))).to.deep.equal(value)
      }),
    )
  })

  it('never decodes two byte strings to one value, and fails with a code only', () => {
    const flip = fc.record({ value: values, at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) })
    fc.assert(
      fc.property(flip, ({ value, at, to }) => {
        const bytes = Uint8Array.from(subject.encode(value))
        bytes[at % bytes.length] = to
        try {
          expect(subject.encode(subject.decode(bytes))).to.deep.equal(bytes)
        } catch (error) {
          if (!isMerogateError(error, 'CODEC_MALFORMED')) throw error
        }
      }),
    )
  })
}
