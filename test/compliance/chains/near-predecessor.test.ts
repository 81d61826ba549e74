/** A contract of NEAR that takes groups over from another: what is made there has ids of its own, and is told of what was taken over. */
import { expect } from 'chai'
import { codeHashOf } from '../../../src/chains/near/contracts/artifacts.ts'
import { nearAnchor } from '../../../src/chains/near/index.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { NearFaults } from '../../support/near-faults.ts'
import { deploySuccessor, openService } from '../../support/near.ts'
import { creation, refusalOf, salt } from '../anchor-support.ts'

describe('anchor: near, a contract with a predecessor', () => {
  const t = new NearFaults()
  t.hooks()

  it('gets contexts by ids that are its own, through an anchor whose SDK is loaded late', async () => {
    const { deployment, url } = t.chain
    const receiver = await deploySuccessor(t.chain)
    const contexts = { address: receiver, codeHash: codeHashOf('contexts') }
    const next = { ...deployment, contracts: { contexts } }
    const service = openService({ deployment: next, rpcUrls: [url] }, { key: t.chain.key(2) })
    expect(await service.hasPredecessor()).to.equal(true)
    expect(await t.service([url]).hasPredecessor()).to.equal(false)

    const anchor = nearAnchor({ rpcUrls: [url], deployment: next })({
      ...{ clock: systemClock, random: systemRandom, logger: silentLogger },
    })
    await anchor.start()
    try {
      const id = await anchor.contextId(t.a.publicKey, salt())
      expect(id).to.not.deep.equal(t.context)
      // this anchor reads; with an account it is the same
      const paying = await t.over(service)
      expect(await paying.contextId(t.a.publicKey, salt())).to.deep.equal(id)
      expect(await refusalOf(paying.submit(t.context, creation(), t.a))).to.equal(
        'ContextIdMismatch',
      )
      await paying.submit(id, creation(), t.a)
      expect((await anchor.readContext(id))?.value.id).to.deep.equal(id)
    } finally {
      await anchor.stop()
    }
  })
})
