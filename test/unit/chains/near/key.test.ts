import { expect } from 'chai'
import { readKeys } from '../../../../src/chains/near/key.ts'
import { signingKeys } from '../../../../src/chains/near/send/account.ts'
import { codeOf } from '../../../compliance/anchor-support.ts'
import { toBase58 } from '../../../../src/node/primitives/bytes.ts'

const KEY = `ed25519:${toBase58(new Uint8Array(32).fill(1))}`
const OTHER = `ed25519:${toBase58(new Uint8Array(32).fill(2))}`

/** What is read where a variable holds a text. */
function read(text: string, account?: string): ReturnType<typeof readKeys> {
  return readKeys({ env: 'KEY', from: { KEY: text } }, account)
}

describe('keys of a NEAR account', () => {
  it('are read from a credentials file, which names it', async () => {
    for (const name of ['private_key', 'secret_key']) {
      const text = JSON.stringify({ account_id: 'a.near', public_key: 'x', [name]: KEY }, null, 2)
      expect(await read(text)).to.deep.equal({ account: 'a.near', keys: [KEY] })
      expect(await read(text, 'a.near')).to.deep.equal({ account: 'a.near', keys: [KEY] })
      expect(await codeOf(read(text, 'b.near'))).to.equal('CHAIN_KEY')
    }
  })

  it('are read as text, one or several, of an account that is named beside', async () => {
    expect(await read(` ${KEY}\n`, 'a.near')).to.deep.equal({ account: 'a.near', keys: [KEY] })
    expect(await read(`${KEY}\n${OTHER}`, 'a.near')).to.deep.equal({
      ...{ account: 'a.near', keys: [KEY, OTHER] },
    })
    expect(await codeOf(read(KEY))).to.equal('CHAIN_KEY')
  })

  it('are neither of another curve nor of another length, and are not repeated', async () => {
    const texts = [
      'secp256k1:abc',
      'ed25519:0OIl',
      `ed25519:${toBase58(new Uint8Array(33))}`,
      `${KEY} something else`,
      '{',
      '{}',
      JSON.stringify({ account_id: 'A B', private_key: KEY }),
      Array.from({ length: 17 }, () => KEY).join(' '),
    ]
    for (const text of texts) {
      const error = await read(text, 'a.near').catch((thrown: unknown) => thrown)
      expect(error, text).to.have.property('code', 'CHAIN_KEY')
      expect(String(error)).not.to.include(text)
    }
  })

  it('sign with the public half that follows from them', async () => {
    const [key] = signingKeys(await read(KEY, 'a.near'))
    expect(key?.name).to.equal('ed25519:AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9')
  })
})
