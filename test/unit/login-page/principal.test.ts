import { createHash } from 'node:crypto'
import { Principal } from '@dfinity/principal'
import { expect } from 'chai'
import fc from 'fast-check'
import { principalOf, sha224 } from '../../../src/login-page/wallets/principal.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'

describe('principals in the login page', () => {
  it('hash as Node does, at every length around the blocks', () => {
    for (let length = 0; length < 200; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255)
      const expected = createHash('sha224').update(bytes).digest('hex')
      expect(toHex(sha224(bytes)), `${length} bytes`).to.equal(expected)
    }
  })

  it('are those of the library', () => {
    const keys = fc.uint8Array({ minLength: 32, maxLength: 120 })
    fc.assert(
      fc.property(keys, (der) => {
        expect(principalOf(der)).to.equal(Principal.selfAuthenticating(der).toText())
      }),
    )
  })
})
