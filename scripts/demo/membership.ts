/** Second act: who is a member is decided by a contract, here on a chain of its own. */
import type { Chain } from '../../src/cli/chains/chain.ts'
import {
  type ClusterNode,
  equalRoots,
  KV_STORE,
  refusalOf,
  startCluster,
} from '../support/cluster.ts'
import { expect, fact, step } from './stage.ts'

/** Longest wait for any one condition, ms. */
const WAIT_MS = 20_000

/** Resolves with the milliseconds until a node shows a status of a context. */
async function untilStatus(node: ClusterNode, contextId: string, status: string): Promise<number> {
  const began = performance.now()
  while ((await node.client.admin.context(contextId)).status !== status) {
    if (performance.now() - began > WAIT_MS) throw new Error(`status is not ${status}`)
    await node.client.admin.sync(contextId, 100).catch(() => {}) // one that has left has nothing to exchange
  }
  return performance.now() - began
}

export async function membershipAct({ name, words }: Chain): Promise<void> {
  await using cluster = await step(`start ${words.chain}, contracts deployed`, () =>
    startCluster(name),
  )
  const accounts = cluster.hasAccounts
    ? 'each with an account of its own'
    : 'without accounts: nobody who calls pays'
  const [alice, bob, carol] = await step(`start three nodes, ${accounts}`, () =>
    Promise.all([cluster.node('alice'), cluster.node('bob'), cluster.node('carol')]),
  )
  const set = (node: ClusterNode, key: string): Promise<unknown> =>
    node.client.rpc.execute({ contextId, method: 'set', args: { key, value: key } })
  const { contextId, contract } = await step(
    'alice creates a context in the contract',
    async () => {
      const { applicationId } = await alice.client.admin.installFile(KV_STORE)
      const made = await alice.client.admin.createContext({ applicationId, protocol: name })
      const context = await alice.client.admin.context(made.contextId)
      return { contextId: made.contextId, contract: context.contractId }
    },
  )
  fact(`contract ${contract}`)
  const { admin } = alice.client
  const { publicKey } = await step('alice admits bob, who joins', async () => {
    const identity = await bob.client.admin.createIdentity()
    const invitation = await admin.invite({ contextId, invitee: identity.publicKey })
    await bob.client.admin.join(invitation ?? '')
    await bob.client.admin.context(contextId, WAIT_MS)
    return identity
  })
  await step('carol joins as a reader, with an invitation for whoever holds it', async () => {
    const open = await admin.inviteOpen({ contextId, role: 'reader' })
    await carol.client.admin.joinOpen(open?.invitation ?? '')
    await carol.client.admin.context(contextId, WAIT_MS)
  })
  await step('all read what alice and bob write; carol cannot write', async () => {
    await Promise.all([set(alice, 'from-alice'), set(bob, 'from-bob')])
    await equalRoots([alice, bob, carol], contextId)
    const refused = await refusalOf(set(carol, 'from-carol'))
    expect(refused !== 'none', 'a reader could write')
    fact(`carol: ${refused}`)
  })
  await step('alice removes bob in the contract: he is cut off', async () => {
    await admin.removeMembers(contextId, [publicKey])
    const ms = await untilStatus(bob, contextId, 'left')
    const refused = await refusalOf(set(bob, 'too-late'))
    expect(refused !== 'none', 'a removed member could write')
    fact(`after ${ms.toFixed(0)} ms; bob: ${refused}`)
  })
  await step('the chain’s endpoint dies: those who know each other go on', async () => {
    await cluster.stopChain()
    await set(alice, 'without-chain')
    await equalRoots([alice, carol], contextId)
    const value = await carol.client.rpc.execute({
      contextId,
      method: 'get',
      args: { key: 'without-chain' },
    })
    expect(value === 'without-chain', 'a delta was stopped')
  })
  await step('stop everything', () => cluster.stop())
}
