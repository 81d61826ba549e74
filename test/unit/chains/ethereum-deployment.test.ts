import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { getAddress, isAddress } from 'ethers'
import { networkName } from '../../../src/chains/ethereum/constants.ts'
import {
  type Deployment,
  deployments,
  parseDeployment,
  readDeployment,
} from '../../../src/chains/ethereum/deploy/deployment.ts'
import { mergeDeployment } from '../../../src/chains/shared/deployment.ts'
import { compilerVersion, planDeployment } from '../../../src/chains/ethereum/deploy/plan.ts'
import { rejectionCode, thrownCode } from '../../support/error-code.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const address = (byte: string): string => `0x${byte.repeat(20)}`

const DEPLOYMENT: Deployment = {
  version: 1,
  chain: 'ethereum',
  network: 'sepolia',
  chainId: 11_155_111,
  contracts: {
    identityRegistry: { address: address('11'), transaction: `0x${'ab'.repeat(32)}`, height: 5 },
    contextAnchor: { address: address('22') },
    packageRegistry: { address: address('33') },
  },
}

describe('a deployment file', () => {
  it('is read as it was written, all or nothing', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'd.json')
    await deployments.write(path, DEPLOYMENT)
    expect(await readDeployment(path)).to.deep.equal(DEPLOYMENT)
    expect(await readdir(folder.path)).to.deep.equal(['d.json'])
    const nowhere = deployments.write(join(folder.path, 'none/d.json'), DEPLOYMENT)
    expect(await rejectionCode(nowhere)).to.equal('CHAIN_DEPLOYMENT')
  })

  const WRONG: readonly [string, unknown][] = [
    ['nothing', undefined],
    ['another version', { ...DEPLOYMENT, version: 2 }],
    ['another chain', { ...DEPLOYMENT, chain: 'near' }],
    ['no chain id', { ...DEPLOYMENT, chainId: 0 }],
    [
      'a short address',
      { ...DEPLOYMENT, contracts: { ...DEPLOYMENT.contracts, contextAnchor: { address: '0x12' } } },
    ],
    [
      'no context contract',
      { ...DEPLOYMENT, contracts: { identityRegistry: { address: address('11') } } },
    ],
  ]
  for (const [what, json] of WRONG) {
    it(`is refused with ${what}`, () => {
      expect(thrownCode(() => parseDeployment(json, 'a test'))).to.equal('CHAIN_DEPLOYMENT')
    })
  }

  it('is the same whatever the case of its addresses, and another with other contracts', () => {
    const { contracts } = DEPLOYMENT
    const lower = { ...contracts, contextAnchor: { address: address('Ab').toLowerCase() } }
    const upper = { ...contracts, contextAnchor: { address: address('AB') } }
    const of = (each: Deployment['contracts']): Deployment => ({ ...DEPLOYMENT, contracts: each })
    expect(deployments.isSame(of(lower), of(upper))).to.equal(true)
    expect(deployments.isSame(DEPLOYMENT, of(lower))).to.equal(false)
    expect(deployments.isSame(DEPLOYMENT, { ...DEPLOYMENT, chainId: 1 })).to.equal(false)
  })

  it('keeps what it knows of contracts that were there, and the name of its network', () => {
    const after: Deployment = {
      ...DEPLOYMENT,
      network: 'chain-11155111',
      contracts: {
        identityRegistry: { address: address('11') },
        contextAnchor: { address: address('22'), transaction: `0x${'cd'.repeat(32)}`, height: 9 },
      },
    }
    const merged = mergeDeployment(DEPLOYMENT, after)
    expect(merged.network).to.equal('sepolia')
    expect(merged.contracts.identityRegistry).to.deep.equal(DEPLOYMENT.contracts.identityRegistry)
    expect(merged.contracts.contextAnchor.height).to.equal(9)
  })
})

describe('the plan of a deployment', () => {
  it('has an address of its own for each contract, the same at every look', () => {
    const plan = planDeployment()
    const addresses = plan.map((contract) => contract.address)
    expect(new Set(addresses).size).to.equal(3)
    for (const each of addresses)
      expect(isAddress(each) && getAddress(each) === each).to.equal(true)
    expect(planDeployment()).to.deep.equal(plan)
  })

  it('tells the others where the registry is', () => {
    const [registry, ...others] = planDeployment()
    const told = registry?.address.slice(2).toLowerCase() ?? 'none'
    expect(registry?.constructorArguments).to.equal('0x')
    for (const { constructorArguments } of others) expect(constructorArguments).to.include(told)
  })

  it('names the compiler as block explorers do', () => {
    expect(compilerVersion()).to.match(/^0\.8\.\d+\+commit\.[0-9a-f]{8}$/)
  })
})

describe('the name of a network', () => {
  it('is what people call it, or its number', () => {
    expect(networkName(11_155_111)).to.equal('sepolia')
    expect(networkName(4242)).to.equal('chain-4242')
  })
})
