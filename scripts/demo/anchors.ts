/** `--chain all`: one node is on every chain that has contracts, and anchors a context on each, which another joins. */
import { CHAINS, hasContracts } from '../../src/cli/chains/chains.ts'
import { ALL } from '../../src/cli/chains/running.ts'
import { equalRoots, KV_STORE, startCluster } from '../support/cluster.ts'
import { expect, fact, step } from './stage.ts'

const WAIT_MS = 30_000

/** Runs something, and says how long it took. */
async function timed<T>(work: () => Promise<T>): Promise<{ result: T; text: string }> {
  const began = performance.now()
  const result = await work()
  return { result, text: `${(performance.now() - began).toFixed(0)} ms` }
}

export async function anchorsAct(): Promise<void> {
  const names = CHAINS.filter(hasContracts).map(({ name }) => name)
  await using cluster = await step(`start ${names.length} chains, contracts deployed`, () =>
    startCluster(ALL),
  )
  const [alice, bob] = await step('start two nodes, each with an account where it has to pay', () =>
    Promise.all([cluster.node('alice'), cluster.node('bob')]),
  )
  const { applicationId } = await alice.client.admin.installFile(KV_STORE)
  for (const protocol of names) {
    const contextId = await step(`anchor a context on ${protocol}, and admit bob`, async () => {
      const made = await timed(() => alice.client.admin.createContext({ applicationId, protocol }))
      const { contextId: id } = made.result
      const { publicKey } = await bob.client.admin.createIdentity()
      const admitted = await timed(() =>
        alice.client.admin.invite({ contextId: id, invitee: publicKey }),
      )
      const joined = await timed(async () => {
        await bob.client.admin.join(admitted.result ?? '')
        await bob.client.admin.context(id, WAIT_MS)
      })
      fact(`created in ${made.text}, bob admitted in ${admitted.text}, joined in ${joined.text}`)
      return id
    })
    const { contractId } = await alice.client.admin.context(contextId)
    fact(`context ${contextId} in ${contractId}`)
    const args = { key: 'anchor', value: protocol }
    await alice.client.rpc.execute({ contextId, method: 'set', args })
    await equalRoots([alice, bob], contextId)
    const read = { contextId, method: 'get', args: { key: 'anchor' } }
    expect((await bob.client.rpc.execute(read)) === protocol, `bob cannot read on ${protocol}`)
  }
  await step('stop everything', () => cluster.stop())
}
