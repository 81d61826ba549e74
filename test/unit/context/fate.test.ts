import { expect } from 'chai'
import { type ChainErrorCode, chainError } from '../../../src/chains/shared/errors.ts'
import { fateOf } from '../../../src/node/context/intents/fate.ts'
import { MerogateError } from '../../../src/node/errors.ts'
import {
  anchorError,
  refusal,
  type RefusalName,
  rejected,
} from '../../../src/node/anchor/errors.ts'

describe('what may be done after a try failed', () => {
  const CURABLE: readonly [ChainErrorCode, string][] = [
    ['CHAIN_REVERTED', 'it may be tried again'],
    ['CHAIN_FUNDS', 'the account gets funds'],
    ['CHAIN_FEE', 'the chain gets cheaper'],
    ['CHAIN_RELAYER_FAILED', 'the relayer recovers'],
    ['CHAIN_RELAYER_REFUSED', 'the relayer changes its mind'],
    ['CHAIN_READ_ONLY', 'the node is given an account'],
    ['CHAIN_KEY', 'the key is where it should be'],
    ['CHAIN_SUCCESSOR', 'the node is upgraded'],
    ['CHAIN_NO_CONTRACT', 'the deployment is the right one'],
    ['CHAIN_DISAGREEMENT', 'the endpoints agree'],
  ]
  for (const [code, cure] of CURABLE) {
    it(`is tried again after ${code}, until ${cure}`, () => {
      expect(fateOf(chainError('ethereum', code, 'a test'))).to.equal('later')
    })
  }

  for (const name of ['BadNonce', 'Expired', 'WrongDomain'] as const) {
    it(`is tried again after ${name}, which is about when and how it was sent`, () => {
      expect(fateOf(rejected(refusal(name), 'createContext'))).to.equal('later')
    })
  }

  it('is tried again after ANCHOR_BUSY, until the anchor makes something new again', () => {
    expect(fateOf(anchorError('ANCHOR_BUSY', 'a test'))).to.equal('later')
  })

  it('is over where the anchor knows nothing of the kind', () => {
    const error = new MerogateError('CONTEXT_NO_PROPOSALS', 'chain', 'a test')
    expect(fateOf(error)).to.equal('refused')
  })

  const FINAL: readonly RefusalName[] = ['Unauthorized', 'ContextExists', 'Barred', 'Malformed']
  for (const name of FINAL) {
    it(`is over after ${name}, which the contract would say again`, () => {
      expect(fateOf(rejected(refusal(name), 'createContext'))).to.equal('refused')
    })
  }
})
