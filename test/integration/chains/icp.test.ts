/** The anchor of the Internet Computer as applications make it, without any key, on a chain of this machine; certificates are verified. */
import { expect } from 'chai'
import { type Deployment, icpAnchor, parseDeployment } from '../../../src/chains/icp/index.ts'
import { networkOf } from '../../../src/chains/icp/network.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { add } from '../../compliance/anchor-bench.ts'
import {
  contextOf,
  creation,
  ownGroup,
  person,
  shiftedClock,
} from '../../compliance/anchor-support.ts'
import { failure } from '../../support/error-code.ts'
import { type IcpTestChain, makeCanister, startIcpTestChain } from '../../support/icp-chain.ts'
import { becomes, KV_BUNDLE, nodeWorld } from '../../support/real-node.ts'

function deploymentOf({ world, contracts }: Pick<IcpTestChain, 'world' | 'contracts'>): Deployment {
  const { rootKey } = world.chain
  const { contexts, packages } = contracts
  const deployment = {
    ...{ version: 1, chain: 'icp', network: networkOf(rootKey), rootKey: toHex(rootKey) },
    contracts: { contexts: { address: contexts }, packages: { address: packages } },
  }
  return parseDeployment(deployment, 'a test')
}

describe('the anchor of the Internet Computer', function () {
  this.timeout(60_000)

  it('makes a context, adds members, and tells of both', async () => {
    await using chain = await startIcpTestChain({ hasSubnet: true, isVerifying: true })
    const anchor = icpAnchor({ rpcUrls: [chain.url], deployment: deploymentOf(chain) })({
      ...{ clock: systemClock, random: systemRandom, logger: silentLogger },
    })
    await anchor.start()
    const [a, b] = [person('A'), person('B')]
    const context = contextOf(a)
    const told: string[] = []
    const both = Promise.withResolvers<void>()
    anchor.watch(({ subject }) => {
      if (told.push(toHex(subject)) === 2) both.resolve()
    })
    const receipt = await anchor.submit(context, creation(), a)
    expect(receipt.transaction).to.match(/^[0-9a-f]{64}$/)
    await anchor.submit(ownGroup(context), add(b), a)
    const read = await anchor.readMembers(ownGroup(context))
    expect(read?.value.members).to.have.length(2)
    expect(read?.evidence).to.include({ certified: true, finality: 'final' })
    await both.promise
    expect(told).to.deep.equal([toHex(context), toHex(context)])
    expect(anchor.supports).to.deep.include({
      packages: true,
      eventPush: false,
      sponsoredFees: true,
    })
    await anchor.stop()
  })

  it('has a node wait with a context when enough were made today, and make it the next day', async () => {
    await using chain = await startIcpTestChain({ isVerifying: true })
    const contexts = await makeCanister(chain.world, 'contexts', { daily: 1 })
    const deployment = deploymentOf({ ...chain, contracts: { ...chain.contracts, contexts } })
    await using world = await nodeWorld()
    const clock = shiftedClock()
    const anchors = [icpAnchor({ rpcUrls: [chain.url], deployment })]
    const node = await world.node('a', { anchors, clock })
    const application = (await node.applications.installFile(KV_BUNDLE)).id
    const first = await node.contexts.create({ application, protocol: 'icp' })
    const { code } = await failure(node.contexts.create({ application, protocol: 'icp' }))
    expect(code).to.equal('ANCHOR_BUSY')
    const states = (): string[] =>
      node.contexts.intents().map(({ kind, state }) => `${kind} ${state}`)
    expect(states().filter((one) => one === 'create refused')).to.deep.equal([])
    expect(node.contexts.intents().some(({ kind }) => kind === 'create')).to.equal(true)
    await chain.world.chain.moveTime(24 * 3_600_000)
    clock.advance(24 * 3600)
    // the same call finds what waits; what was signed yesterday is signed anew
    const again = async (): Promise<boolean> => {
      await node.contexts.create({ application, protocol: 'icp' }).catch(() => undefined)
      return (await node.contexts.list()).length === 2
    }
    await becomes('the second is there too', again)
    expect((await node.contexts.list()).map(({ id }) => toHex(id))).to.include(toHex(first.context))
  })
})
