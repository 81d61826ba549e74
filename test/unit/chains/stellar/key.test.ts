import { expect } from 'chai'
import { amountText } from '../../../../src/chains/shared/amount.ts'
import { ACCOUNT, XLM } from '../../../../src/chains/stellar/constants.ts'
import {
  accountKey,
  channelKeys,
  parseKey,
  readKey,
  secretText,
} from '../../../../src/chains/stellar/key.ts'
import { toHex } from '../../../../src/node/primitives/bytes.ts'
import { codeOf } from '../../../compliance/anchor-support.ts'

const SECRET = 'SADQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQP54X'
const ADDRESS = 'GDVEU3DD4KOFECV66VIHWEZOYX4ZKR3WV27L464SIIPOU2IUI3JCZA57'

const FIRST_SEED = 'f918c492381881bddb942e6c3b2ba513b1f2453dba38a04b30672b997844f6e4'

describe('a key of Stellar', () => {
  it('is a secret as its tools write it, and nothing else', () => {
    const key = parseKey(SECRET)
    expect(key?.address).to.equal(ADDRESS).and.match(ACCOUNT)
    expect(key && secretText(key)).to.equal(SECRET)
    for (const text of [
      ADDRESS,
      SECRET.slice(0, -1),
      SECRET.replace('4X', '4Y'),
      '07'.repeat(32),
    ]) {
      expect(parseKey(text), text).to.equal(undefined)
    }
  })

  it('is read from where it is, and never repeated', async () => {
    const from = { RIGHT: SECRET, WRONG: `x${SECRET}` }
    expect((await readKey({ env: 'RIGHT', from })).address).to.equal(ADDRESS)
    const wrong = readKey({ env: 'WRONG', from })
    expect(await wrong.catch(String)).to.not.include(SECRET)
    expect(await codeOf(wrong)).to.equal('CHAIN_KEY')
  })

  it('has channels that follow from it, the same whenever they are made', () => {
    const key = accountKey(new Uint8Array(32).fill(7))
    const [first, second, ...more] = channelKeys(key, 2)
    expect(more).to.deep.equal([])
    // HKDF-SHA256 by RFC 5869, of Python's hmac
    expect(first && toHex(first.signer.seed)).to.equal(FIRST_SEED)
    expect(second?.address).to.not.equal(first?.address)
    expect(channelKeys(key, 16)[1]?.address).to.equal(second?.address)
  })

  it('is of an account that counts in ten-millionths', () => {
    expect(amountText(12_345_678n, XLM)).to.equal('1.234567 XLM')
  })
})
