import { serialize } from 'borsh'
import { expect } from 'chai'
import fc from 'fast-check'
import { envelopeCodec } from '../../../src/node/anchor/envelope.ts'
import {
  derivePackageId,
  packageEnvelopeCodec,
  releaseCodec,
} from '../../../src/node/anchor/packages/envelope.ts'
import { isMerogateError } from '../../../src/node/errors.ts'
import { concat, utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { borshEnvelope, envelope, publicKey } from './arbitraries.ts'
import { codecLaws } from './codec-laws.ts'
import { borshPackageEnvelope, packageEnvelope } from './package-arbitraries.ts'

/** Whether bytes are refused with the code for malformed ones. */
function isMalformed(decode: () => unknown): boolean {
  try {
    decode()
    return false
  } catch (error) {
    if (!isMerogateError(error, 'CODEC_MALFORMED')) throw error
    return true
  }
}

describe('package envelope', () => {
  codecLaws(packageEnvelopeCodec, packageEnvelope, borshPackageEnvelope)

  it('keeps no view of the bytes it was decoded from', () => {
    fc.assert(
      fc.property(packageEnvelope, (value) => {
        const { subject, operation } = packageEnvelopeCodec.decode(
          packageEnvelopeCodec.encode(value),
        )
        const { release } = { release: undefined, ...operation }
        const kept = release === undefined ? [] : [release.bundle, release.abi, release.notes]
        for (const bytes of [subject, ...kept]) expect(bytes.buffer.byteLength).to.equal(32)
      }),
    )
  })

  it('[71] is no envelope of the other contract, and the other way round', () => {
    fc.assert(
      fc.property(packageEnvelope, envelope, (own, other) => {
        const bytes = packageEnvelopeCodec.encode(own)
        expect(isMalformed(() => envelopeCodec.decode(bytes))).to.equal(true)
        const { schema, value } = borshEnvelope(other)
        const foreign = serialize(schema, value)
        expect(isMalformed(() => packageEnvelopeCodec.decode(foreign))).to.equal(true)
      }),
    )
  })

  it('holds a release as the contracts do', () => {
    fc.assert(
      fc.property(packageEnvelope, (value) => {
        const { operation } = value
        if (operation.kind !== 'publishRelease') return
        const bytes = packageEnvelopeCodec.encode(value)
        const record = releaseCodec.encode(operation.release)
        expect(bytes.subarray(bytes.length - record.length)).to.deep.equal(record)
      }),
    )
  })

  it('derives the id of a package from its creator and name', () => {
    fc.assert(
      fc.property(publicKey, fc.string({ unit: 'grapheme' }), (creator, name) => {
        const tag = concat(utf8('package-id/1'), Uint8Array.of(0))
        const expected = sha256(concat(tag, creator, utf8(name)))
        expect(new Uint8Array(derivePackageId(creator, name))).to.deep.equal(
          new Uint8Array(expected),
        )
      }),
    )
  })
})
