import { expect } from 'chai'
import {
  type Cluster,
  type ClusterNode,
  equalRoots,
  shareContext,
  startCluster,
} from '../../../scripts/support/cluster.ts'

const ROUNDS = 3
const BURST = 200

describe('a node process that is killed in a burst', () => {
  let cluster: Cluster
  let a: ClusterNode
  let b: ClusterNode
  let contextId: string

  before(async function () {
    this.timeout(60_000)
    cluster = await startCluster()
    ;[a, b] = await Promise.all([cluster.node('alice'), cluster.node('bob')])
    ;({ contextId } = await shareContext([a, b]))
  })
  after(function () {
    this.timeout(30_000)
    return cluster.stop()
  })

  const set = (node: ClusterNode, key: string): Promise<unknown> =>
    node.client.rpc.execute({ contextId, method: 'set', args: { key, value: key } })

  it(`loses nothing that it acknowledged, ${ROUNDS} times in a row`, async () => {
    const kept: string[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const before = kept.length
      let killed: Promise<void> | undefined
      const calls = Array.from({ length: BURST }, async (_, i) => {
        const node = i % 2 === 0 ? a : b
        const key = `${round}-${i}`
        try {
          await set(node, key)
        } catch (error) {
          if (node === a) throw error
          return // never acknowledged: it may or may not be there
        }
        kept.push(key)
        // later in each round, so that other work is cut off
        if (kept.length - before === (BURST / 8) * (round + 1)) killed ??= b.process.kill()
      })
      await Promise.all(calls)
      expect(killed, 'the burst was over too soon').to.not.equal(undefined)
      await killed
      await set(a, `${round}-away`)
      kept.push(`${round}-away`)

      b = await cluster.node('bob')
      await equalRoots([a, b], contextId)
      for (const { client } of [a, b]) {
        const there = await client.rpc.execute<Record<string, string>>({
          contextId,
          method: 'entries',
        })
        expect(kept.filter((key) => there[key] !== key)).to.deep.equal([])
        const { rootMismatches, status } = await client.admin.context(contextId)
        expect({ rootMismatches, status }).to.deep.equal({ rootMismatches: 0, status: 'ready' })
      }
    }
  }).timeout(60_000)
})
