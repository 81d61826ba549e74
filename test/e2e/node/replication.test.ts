import { expect } from 'chai'
import {
  type Cluster,
  type ClusterNode,
  equalRoots,
  shareContext,
  startCluster,
} from '../../../scripts/support/cluster.ts'
import type { Mutation } from '../../../src/client/index.ts'
import { inParallel, takeMutations } from '../../support/cluster-calls.ts'

const CALLS = 1_000
/** Calls under way at one time from one client. */
const WIDTH = 16

/** Keys of the `Set` events of mutations, in order. */
function keysOf(mutations: readonly Mutation[]): string[] {
  return mutations.flatMap(
    ({ events }) =>
      events.filter(({ kind }) => kind === 'Set').map(({ json }) => (json as { key: string }).key), // our app's event
  )
}

describe('replication between two node processes', () => {
  let cluster: Cluster
  let a: ClusterNode
  let b: ClusterNode

  before(async function () {
    this.timeout(60_000)
    cluster = await startCluster()
    ;[a, b] = await Promise.all([cluster.node('alice'), cluster.node('bob')])
  })
  after(function () {
    this.timeout(30_000)
    return cluster.stop()
  })

  it('brings each of 1000 calls to the other node as an event in sequence, and as a value', async () => {
    const { contextId } = await shareContext([a, b])
    const events = takeMutations(b.client, contextId, { since: 1, until: CALLS })
    const keys = Array.from({ length: CALLS }, (_, i) => `key-${i}`)
    await inParallel(keys, WIDTH, (key) =>
      a.client.rpc.execute({ contextId, method: 'set', args: { key, value: `v-${key}` } }),
    )
    const seen = await events
    expect(keysOf(seen).sort()).to.deep.equal([...keys].sort())
    const first = seen[0]?.seq ?? 0
    expect(seen.map(({ seq }) => seq)).to.deep.equal(seen.map((_, i) => first + i))

    await equalRoots([a, b], contextId)
    const [ours, theirs] = await Promise.all(
      [a, b].map(({ client }) =>
        client.rpc.execute<Record<string, string>>({ contextId, method: 'entries' }),
      ),
    )
    expect(ours).to.deep.equal(Object.fromEntries(keys.map((key) => [key, `v-${key}`])))
    expect(theirs).to.deep.equal(ours)
  }).timeout(60_000)

  it('brings both nodes to one state when each writes 500 at once', async () => {
    const { contextId } = await shareContext([a, b])
    const each = [a, b].map((node, i) => {
      const keys = Array.from({ length: CALLS / 2 }, (_, n) => `${i}-${n}`)
      return { node, keys }
    })
    const all = each.flatMap(({ keys }) => keys).sort()
    const events = each.map(({ node }) =>
      takeMutations(node.client, contextId, { since: 1, until: CALLS }),
    )
    await Promise.all(
      each.map(({ node, keys }) =>
        inParallel(keys, WIDTH, (key) =>
          node.client.rpc.execute({ contextId, method: 'set', args: { key, value: key } }),
        ),
      ),
    )
    for (const seen of await Promise.all(events)) {
      expect(keysOf(seen).sort()).to.deep.equal(all)
      const first = seen[0]?.seq ?? 0
      expect(seen.map(({ seq }) => seq)).to.deep.equal(seen.map((_, i) => first + i))
    }
    await equalRoots([a, b], contextId)
    for (const { client } of [a, b]) {
      const entries = await client.rpc.execute<Record<string, string>>({
        contextId,
        method: 'entries',
      })
      expect(Object.keys(entries).sort()).to.deep.equal(all)
      const { rootMismatches } = await client.admin.context(contextId)
      expect(rootMismatches).to.equal(0)
    }
  }).timeout(60_000)
})
