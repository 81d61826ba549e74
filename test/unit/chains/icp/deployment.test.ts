import { expect } from 'chai'
import { IC_ROOT_KEY } from '../../../../src/chains/icp/constants.ts'
import { type Deployment, parseDeployment } from '../../../../src/chains/icp/deploy/deployment.ts'
import { MAIN_NETWORK, networkOf, rootKeyOf } from '../../../../src/chains/icp/network.ts'
import { fromHex, toHex } from '../../../../src/node/primitives/bytes.ts'
import { thrownCode } from '../../../support/error-code.ts'

const OTHER = `3081${'ab'.repeat(131)}`

const MAIN: Deployment = {
  version: 1,
  chain: 'icp',
  network: 'ic',
  contracts: { contexts: { address: 'rwlgt-iiaaa-aaaaa-aaaaa-cai', codeHash: 'ab'.repeat(32) } },
}

describe('a deployment on the Internet Computer', () => {
  it('names its network by the root key, which is built in for the main one alone', () => {
    expect(networkOf(fromHex(IC_ROOT_KEY))).to.equal(MAIN_NETWORK)
    const network = networkOf(fromHex(OTHER))
    expect(network).to.match(/^icp-[0-9a-f]{16}$/)
    expect(parseDeployment(MAIN, 'a test')).to.deep.equal(MAIN)
    expect(toHex(rootKeyOf(MAIN))).to.equal(IC_ROOT_KEY)
    const other = { ...MAIN, network, rootKey: OTHER }
    expect(toHex(rootKeyOf(parseDeployment(other, 'a test')))).to.equal(OTHER)
  })

  const WRONG: readonly [string, unknown][] = [
    ['the root key of another network', { ...MAIN, rootKey: OTHER }],
    ['no root key where it is not the main network', { ...MAIN, network: 'icp-0123456789abcdef' }],
    ['a network of another form', { ...MAIN, network: 'mainnet', rootKey: OTHER }],
    ['another chain', { ...MAIN, chain: 'near' }],
    ['an address that is none', { ...MAIN, contracts: { contexts: { address: 'rwlgt' } } }],
    ['no contexts', { ...MAIN, contracts: {} }],
  ]
  for (const [what, json] of WRONG) {
    it(`is refused with ${what}`, () => {
      expect(thrownCode(() => parseDeployment(json, 'a test'))).to.equal('CHAIN_DEPLOYMENT')
    })
  }
})
