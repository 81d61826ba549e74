import { serialize } from 'borsh'
import { expect } from 'chai'
import fc from 'fast-check'
import {
  claimDigest,
  deriveContextId,
  envelopeCodec,
  envelopeDigest,
  invitationDigest,
} from '../../../src/node/anchor/envelope.ts'
import { concat, utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { PublicKey } from '../../../src/node/primitives/ids.ts'
import { borshEnvelope, borshTerms, envelope, terms } from './arbitraries.ts'
import { codecLaws } from './codec-laws.ts'

describe('anchor envelope', () => {
  codecLaws(envelopeCodec, envelope, borshEnvelope)

  it('keeps no view of the bytes it was decoded from', () => {
    fc.assert(
      fc.property(envelope, (value) => {
        const { signer, subject, operation } = envelopeCodec.decode(envelopeCodec.encode(value))
        const kept = [signer, subject, ...('ids' in operation ? operation.ids : [])]
        for (const id of kept) expect(id.buffer.byteLength).to.equal(32)
      }),
    )
  })

  it('has digests with a tag and a zero byte before the bytes', () => {
    fc.assert(
      fc.property(terms, fc.uint8Array({ minLength: 32, maxLength: 32 }), (value, bytes) => {
        const key = PublicKey.from(bytes)
        const tagged = (tag: string, ...parts: Uint8Array[]): Uint8Array =>
          sha256(concat(utf8(tag), Uint8Array.of(0), ...parts))
        const oracle = borshTerms(value)
        const invitation = tagged('context-invitation/1', serialize(oracle.schema, oracle.value))
        expect(invitationDigest(value)).to.deep.equal(invitation)
        expect(claimDigest(value, key)).to.deep.equal(tagged('context-claim/1', invitation, key))
        expect(envelopeDigest(bytes)).to.deep.equal(tagged('context-operation/1', bytes))
        expect(new Uint8Array(deriveContextId(key, bytes))).to.deep.equal(
          new Uint8Array(tagged('context-id/1', key, bytes)),
        )
      }),
    )
  })
})
