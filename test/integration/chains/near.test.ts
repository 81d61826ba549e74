/** The anchor of NEAR as applications make it, with the keys of an account by reference, on a chain of this machine. */
import { expect } from 'chai'
import { nearAnchor } from '../../../src/chains/near/index.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { add } from '../../compliance/anchor-bench.ts'
import { contextOf, creation, ownGroup, person } from '../../compliance/anchor-support.ts'
import { startNearTestChain } from '../../support/near.ts'

describe('the anchor of NEAR', () => {
  it('makes a context, adds members, and tells of both', async () => {
    await using chain = await startNearTestChain()
    const from = { KEY: chain.key(1) }
    const anchor = nearAnchor({
      rpcUrls: [chain.url],
      deployment: chain.deployment,
      key: { env: 'KEY', from },
    })({ clock: systemClock, random: systemRandom, logger: silentLogger })
    await anchor.start()
    const [a, b] = [person('A'), person('B')]
    const context = contextOf(a)
    const told: string[] = []
    const both = Promise.withResolvers<void>()
    anchor.watch(({ subject }) => {
      if (told.push(toHex(subject)) === 2) both.resolve()
    })
    const receipt = await anchor.submit(context, creation(), a)
    expect(receipt.transaction).to.match(/^[1-9A-HJ-NP-Za-km-z]{32,44}@node1\.near$/)
    await anchor.submit(ownGroup(context), add(b), a)
    const read = await anchor.readMembers(ownGroup(context))
    expect(read?.value.members).to.have.length(2)
    expect(read?.evidence.block).to.match(/^0x[0-9a-f]{64}$/)
    await both.promise
    expect(told).to.deep.equal([toHex(context), toHex(context)])
    expect(anchor.supports).to.deep.include({ packages: true, eventPush: false })
    await anchor.stop()
  })
})
