/** A canister that takes groups over from another: what is made there has ids of its own. */
import { expect } from 'chai'
import { icpAnchor } from '../../../src/chains/icp/index.ts'
import { ARTIFACTS } from '../../../src/chains/icp/contracts/artifacts.ts'
import { networkOf } from '../../../src/chains/icp/network.ts'
import { deriveContextId } from '../../../src/node/anchor/envelope.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { makeCanister, openService } from '../../support/icp-chain.ts'
import { BELIEVE, openWorld } from '../../support/icp-devnet.ts'
import { creation, person, refusalOf, salt } from '../anchor-support.ts'

describe('anchor: icp, a canister with a predecessor', () => {
  it('gets contexts by ids that are its own, through an anchor whose SDK is loaded late', async () => {
    await using world = await openWorld()
    const { url, rootKey } = world.chain
    const predecessor = await makeCanister(world, 'contexts')
    const address = await makeCanister(world, 'contexts', { predecessor })
    const verify = BELIEVE
    const openAt = async (contexts: string): Promise<boolean> =>
      openService(world, { contexts }, [url], { verify }).hasPredecessor()
    expect([await openAt(predecessor), await openAt(address)]).to.deep.equal([false, true])

    const network = networkOf(rootKey)
    const codeHash = ARTIFACTS.codeHashOf('contexts')
    const anchor = icpAnchor({
      rpcUrls: [url],
      deployment: {
        ...{ version: 1, chain: 'icp', network, rootKey: toHex(rootKey) },
        contracts: { contexts: { address, codeHash } },
      },
    })({ clock: systemClock, random: systemRandom, logger: silentLogger })
    await anchor.start()
    try {
      const author = person('a')
      const before = deriveContextId(author.publicKey, salt())
      const id = await anchor.contextId(author.publicKey, salt())
      expect(id).to.not.deep.equal(before)
      expect(await refusalOf(anchor.submit(before, creation(), author))).to.equal(
        'ContextIdMismatch',
      )
      await anchor.submit(id, creation(), author)
      expect((await anchor.readContext(id))?.value.id).to.deep.equal(id)
    } finally {
      await anchor.stop()
    }
  })
})
