import { expect } from 'chai'
import { CYCLES_LEDGER } from '../../../src/chains/icp/constants.ts'
import {
  canistersArgument,
  controllersArgument,
  cyclesArgument,
} from '../../../src/cli/chains/icp/arguments.ts'
import { thrownCode } from '../../support/error-code.ts'

describe('arguments about the Internet Computer', () => {
  it('name canisters by what they are to be, each once', () => {
    const other = 'rwlgt-iiaaa-aaaaa-aaaaa-cai'
    expect(canistersArgument(undefined)).to.deep.equal({})
    const named = canistersArgument([`packages=${other}`, `contexts=${CYCLES_LEDGER}`])
    expect(named).to.deep.equal({ packages: other, contexts: CYCLES_LEDGER })
    for (const texts of [
      ['contexts'],
      [CYCLES_LEDGER],
      [`others=${CYCLES_LEDGER}`],
      // one letter is another
      ['contexts=rwlgt-iiaaa-aaaaa-aaaab-cai'],
      [`contexts=${other}`, `packages=${other}`],
    ]) {
      expect(
        thrownCode(() => canistersArgument(texts)),
        texts.join(),
      ).to.equal('CLI_USAGE')
    }
  })

  it('count cycles in T, exactly', () => {
    expect(cyclesArgument('5')).to.equal(5_000_000_000_000n)
    expect(cyclesArgument('0.000000000001')).to.equal(1n)
    for (const text of ['', '0', '-1', '1e3', '1.', '0.0000000000001', '1000001', '5T']) {
      expect(
        thrownCode(() => cyclesArgument(text)),
        text,
      ).to.equal('CLI_USAGE')
    }
  })

  it('say who keeps control, in one of two words', () => {
    expect([controllersArgument('keep'), controllersArgument('drop')]).to.deep.equal([
      'keep',
      'drop',
    ])
    expect(thrownCode(() => controllersArgument('lose'))).to.equal('CLI_USAGE')
  })
})
