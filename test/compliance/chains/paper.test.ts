/** The shared parts of chains, on one that can do less than any: see `paper-chain.ts`. */
import { expect } from 'chai'
import { localAuthority } from '../../../src/chains/local/model/authority.ts'
import type { Anchor } from '../../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../../src/node/anchor/envelope-anchor.ts'
import { envelopeCodec } from '../../../src/node/anchor/envelope.ts'
import type { AnchorEvent } from '../../../src/node/anchor/events.ts'
import type { PackageEvent } from '../../../src/node/anchor/packages/events.ts'
import { systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { PAPER_BATCH, PaperChain, paperService } from '../../support/paper-chain.ts'
import { add, type AnchorHarness } from '../anchor-bench.ts'
import { anchorSuite } from '../anchor-suite.ts'
import { contextOf, creation, ownGroup, person, shiftedClock } from '../anchor-support.ts'

async function harness(): Promise<AnchorHarness & { readonly chain: PaperChain }> {
  const clock = shiftedClock()
  const components = { clock, random: systemRandom, logger: silentLogger }
  const events: AnchorEvent[] = []
  const packageEvents: PackageEvent[] = []
  const authority = localAuthority(
    {
      onEvent: (event) => void events.push(event),
      onPackageEvent: (event) => void packageEvents.push(event),
    },
    components,
  )
  await authority.start()
  const chain = new PaperChain(authority, clock)
  const service = paperService({ chain, ...components })
  await service.lifecycle.start()
  const anchors: Anchor[] = []
  return {
    chain,
    clock,
    service,
    packages: service.packages,
    events: async () => events,
    packageEvents: async () => packageEvents,
    async anchor() {
      const own = paperService({ chain, ...components })
      const named = { protocol: 'paper', network: 'paper', contract: 'paper' }
      const anchor = envelopeAnchor({ ...named, service: own, packages: own.packages })(components)
      anchors.push(anchor)
      await anchor.start()
      return anchor
    },
    async stop() {
      for (const anchor of anchors) await anchor.stop()
      await service.lifecycle.stop()
      await authority.stop()
    },
  }
}

anchorSuite('a chain on paper', harness)

describe('a chain on paper', () => {
  it('gets lists in parts that it takes, proves its answers, and applies what was lost once', async () => {
    const { chain, anchor, stop } = await harness()
    const [a, context] = [person('A'), contextOf(person('A'))]
    const one = await anchor()
    await one.submit(context, creation(), a)
    const people = Array.from({ length: 3 * PAPER_BATCH + 1 }, (_, i) => person(`member ${i}`))
    await one.submit(ownGroup(context), add(...people), a)
    const sizes = chain.sent.slice(1).map(({ envelope }) => {
      const { operation } = envelopeCodec.decode(envelope)
      return 'ids' in operation ? operation.ids.length : 0
    })
    expect(sizes).to.deep.equal([PAPER_BATCH, PAPER_BATCH, PAPER_BATCH, 1])
    const read = await one.readMembers(ownGroup(context))
    expect(read?.value.members).to.have.length(people.length + 1)
    expect(read?.evidence.certified).to.equal(true)
    await stop()
  })
})
