import { expect } from 'chai'
import { localAnchor } from '../../../src/chains/local/index.ts'
import type { Anchor, AnchorFactory } from '../../../src/node/index.ts'
import { promMetrics } from '../../../src/server/index.ts'
import { lyingAnchor } from '../../support/lying-anchor.ts'
import { newContext, nodeWorld } from '../../support/real-node.ts'

/** Two sources, of which the first says, while it lies, that the members are those of a revision before. */
function twoSources(make: AnchorFactory, lies: () => boolean): AnchorFactory {
  return (components): Anchor => {
    const anchor = make(components)
    return {
      ...lyingAnchor(() => anchor, {})(components),
      get contract() {
        return anchor.contract
      },
      get network() {
        return anchor.network
      },
      get told() {
        return anchor.told
      },
      async readMembers(group, options) {
        const read = await anchor.readMembers(group, options)
        if (read === undefined) return undefined
        const source = options?.besides === 'first' ? 'second' : 'first'
        const isLie = source === 'first' && lies()
        const revision = read.value.revision - (isLie ? 1n : 0n)
        return { value: { ...read.value, revision }, evidence: { ...read.evidence, source } }
      },
    }
  }
}

describe('gauges of groups', () => {
  it('count views in doubt, and moves to another contract, while there are any', async () => {
    await using world = await nodeWorld()
    const metrics = promMetrics({ process: false })
    let isLying = false
    const anchors = [twoSources(localAnchor({ url: world.chain.url }), () => isLying)]
    const node = await world.node('a', { anchors, metrics })
    const gauge = async (name: string): Promise<number> => {
      const line = new RegExp(`^${name} (\\d+)$`, 'm').exec(await metrics.render())
      return Number(line?.[1])
    }
    const { context } = await newContext(node)
    const counts = (): Promise<number[]> =>
      Promise.all(['merogate_group_views_doubted', 'merogate_group_moves_pending'].map(gauge))
    expect(await counts()).to.deep.equal([0, 0])
    isLying = true
    await node.contexts.refresh(context)
    expect(await counts()).to.deep.equal([1, 0])
    expect(await metrics.render()).to.include('merogate_group_views_total{outcome="doubted"} 1')
    isLying = false
    await node.contexts.refresh(context)
    expect(await counts()).to.deep.equal([0, 0])
    await node.contexts.migrate(context, new Uint8Array(20).fill(7))
    expect(await counts()).to.deep.equal([0, 1])
    await node.contexts.migrate(context, undefined)
    expect(await counts()).to.deep.equal([0, 0])
  })
})
