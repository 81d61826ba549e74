/** What contracts announce, from the bytes that they keep. */
import { expect } from 'chai'
import * as P from 'micro-packed'
import { decodeEvent } from '../../../../../src/chains/shared/core/events.ts'
import { bytes, bytes32, string } from '../../../../../src/node/codec/codec.ts'
import { EMPTY } from '../../../../../src/node/primitives/bytes.ts'
import { thrownCode } from '../../../../support/error-code.ts'

const layout = P.struct({
  ...{ name: string, subject: bytes32, signer: bytes32 },
  ...{ nonce: P.U64LE, revision: P.U64LE, fields: bytes },
})
const SUBJECT = new Uint8Array(32).fill(7)

function announced(name: string, fields: Uint8Array = EMPTY): Uint8Array {
  const nobody = new Uint8Array(32)
  return layout.encode({ name, subject: SUBJECT, signer: nobody, nonce: 0n, revision: 9n, fields })
}

describe('chains: events of the core', () => {
  for (const name of ['GroupAdopted', 'ContextAdopted', 'ContextSealed']) {
    it(`tell of ${name}, which has no fields of its own`, () => {
      const { subject, revision, ...rest } = decodeEvent('here', announced(name))
      expect([rest.name, revision]).to.deep.equal([name, 9n])
      expect(subject).to.deep.equal(SUBJECT)
    })
  }

  it('are none of another name, nor cut short', () => {
    for (const wrong of [announced('GroupLost'), announced('NonceBumped'), Uint8Array.of(1)]) {
      expect(thrownCode(() => decodeEvent('here', wrong))).to.equal('ANCHOR_BAD_ANSWER')
    }
  })
})
