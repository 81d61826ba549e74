import { expect } from 'chai'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import {
  ContextId,
  idKey,
  idText,
  isZero,
  PublicKey,
  ZERO_ID,
} from '../../../src/node/primitives/ids.ts'
import { thrownCode } from '../../support/error-code.ts'

describe('ids', () => {
  it('are 32 bytes and nothing else', () => {
    for (const length of [0, 31, 33, 64]) {
      expect(thrownCode(() => ContextId.from(new Uint8Array(length)))).to.equal('ID_INVALID')
      expect(thrownCode(() => PublicKey.parse(toBase58(new Uint8Array(length).fill(9))))).to.equal(
        'ID_INVALID',
      )
    }
  })

  it('come back from their text', () => {
    for (const fill of [0, 1, 0x7f, 0xff]) {
      const id = ContextId.from(new Uint8Array(32).fill(fill))
      expect(ContextId.parse(idText(id))).to.deep.equal(id)
      expect(idKey(id)).to.have.length(64)
    }
  })

  it('refuse long text before they look at it, and whatever is no text', () => {
    expect(thrownCode(() => ContextId.parse('1'.repeat(10_000_000)))).to.equal('ID_INVALID')
    expect(thrownCode(() => ContextId.parse('0'.repeat(43)))).to.equal('ID_INVALID')
    expect(thrownCode(() => ContextId.parse(7 as unknown as string))).to.equal('ID_INVALID') // what JSON may hold
  })

  it('know the zero id', () => {
    expect(isZero(ZERO_ID)).to.equal(true)
    expect(isZero(new Uint8Array(32).fill(0, 0, 31).fill(1, 31))).to.equal(false)
  })
})
