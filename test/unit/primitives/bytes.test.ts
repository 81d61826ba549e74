import { expect } from 'chai'
import {
  compareBytes,
  concat,
  EMPTY,
  equalBytes,
  fromBase58,
  fromHex,
  fromUtf8,
  shortHex,
  toBase58,
  toBase64Url,
  toHex,
  utf8,
} from '../../../src/node/primitives/bytes.ts'
import { thrownCode } from '../../support/error-code.ts'

describe('bytes', () => {
  it('reads UTF-8 and nothing that only resembles it', () => {
    for (const text of ['', 'a', 'ä€😀', '\ufeffmark', '\0'])
      expect(fromUtf8(utf8(text))).to.equal(text)
    for (const bad of [
      [0xff],
      [0xc3],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
    ]) {
      expect(thrownCode(() => fromUtf8(Uint8Array.from(bad)))).to.equal('BYTES_NOT_UTF8')
    }
  })

  it('reads hexadecimal in either case', () => {
    expect(toHex(fromHex('00fFA0'))).to.equal('00ffa0')
    for (const bad of ['0', 'zz', '0x00', ' 00', '00 ']) {
      expect(thrownCode(() => fromHex(bad))).to.equal('BYTES_NOT_HEX')
    }
  })

  it('reads base58 with the Bitcoin alphabet', () => {
    expect(toBase58(new Uint8Array(32).fill(1))).to.equal(
      '4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi',
    )
    expect(fromBase58('11')).to.deep.equal(Uint8Array.of(0, 0))
    for (const bad of ['0', 'O', 'I', 'l', 'a b', 'ä']) {
      expect(thrownCode(() => fromBase58(bad))).to.equal('BYTES_NOT_BASE58')
    }
  })

  it('writes base64url without padding', () => {
    expect(toBase64Url(Uint8Array.of(0xfb, 0xff))).to.equal('-_8')
  })

  it('joins, compares and abbreviates', () => {
    expect(concat()).to.deep.equal(EMPTY)
    expect(concat(Uint8Array.of(1), EMPTY, Uint8Array.of(2, 3))).to.deep.equal(
      Uint8Array.of(1, 2, 3),
    )
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).to.equal(true)
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0))).to.equal(false)
    expect(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).to.be.lessThan(0)
    expect(compareBytes(Uint8Array.of(2), Uint8Array.of(1, 255))).to.be.greaterThan(0)
    expect(compareBytes(Uint8Array.of(7), Uint8Array.of(7))).to.equal(0)
    expect(shortHex(Uint8Array.of(1, 2, 3, 4, 5))).to.equal('01020304')
  })
})
