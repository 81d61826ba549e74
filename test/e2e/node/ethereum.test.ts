import { expect } from 'chai'
import {
  type Cluster,
  type ClusterNode,
  equalRoots,
  refusalOf,
  KV_STORE,
  startCluster,
} from '../../../scripts/support/cluster.ts'
import { decodeInvitation, encodeInvitation } from '../../../src/node/context/invitation.ts'
import { PublicKey } from '../../../src/node/index.ts'
import { becomes } from '../../support/real-node.ts'

/** Longest wait for any one condition, ms. */
const WAIT_MS = 20_000

describe('node processes whose members are in a contract on Ethereum', () => {
  let cluster: Cluster
  let [a, b, c]: ClusterNode[] = []
  let contextId: string
  let applicationId: string

  const node = (which: ClusterNode | undefined): ClusterNode => {
    if (which === undefined) throw new RangeError('the node was not started')
    return which
  }
  const set = (which: ClusterNode | undefined, key: string): Promise<unknown> =>
    node(which).client.rpc.execute({ contextId, method: 'set', args: { key, value: key } })
  const get = (which: ClusterNode | undefined, key: string): Promise<unknown> =>
    node(which).client.rpc.execute({ contextId, method: 'get', args: { key } })
  const hasStatus = (which: ClusterNode | undefined, status: string): Promise<void> =>
    becomes(
      `status ${status}`,
      async () => (await node(which).client.admin.context(contextId)).status === status,
    )
  const admit = async (which: ClusterNode | undefined): Promise<string> => {
    const { publicKey } = await node(which).client.admin.createIdentity()
    const invitation = await node(a).client.admin.invite({ contextId, invitee: publicKey })
    await node(which).client.admin.join(invitation ?? '')
    await node(which).client.admin.context(contextId, WAIT_MS)
    return publicKey
  }

  before(async function () {
    this.timeout(60_000)
    cluster = await startCluster('ethereum')
    ;[a, b, c] = await Promise.all(['alice', 'bob', 'carol'].map((name) => cluster.node(name)))
    applicationId = (await node(a).client.admin.installFile(KV_STORE)).applicationId
    ;({ contextId } = await node(a).client.admin.createContext({ applicationId }))
  })
  after(function () {
    this.timeout(30_000)
    return cluster.stop()
  })

  it('share a context that the contract admits them to, each with its own keys', async () => {
    await admit(b)
    const context = await node(b).client.admin.context(contextId)
    expect(context.protocol).to.equal('ethereum')
    await Promise.all([set(a, 'from-a'), set(b, 'from-b')])
    await equalRoots([node(a), node(b)], contextId)
    expect(await get(b, 'from-a')).to.equal('from-a')
    expect(await get(a, 'from-b')).to.equal('from-b')
  })

  it('keep out an outsider, whatever invitation it writes for itself', async () => {
    const { publicKey } = await node(c).client.admin.createIdentity()
    const genuine = await node(a).client.admin.inviteOpen({ contextId })
    const content = decodeInvitation(genuine?.invitation ?? '')
    const forged = encodeInvitation({
      ...content,
      invitee: PublicKey.parse(publicKey),
      ticket: new Uint8Array(),
    })
    const refused = await refusalOf(node(c).client.admin.join(forged))
    expect(refused).to.not.equal('none')
    const members = await node(a).client.admin.members(contextId)
    expect(members.map((member) => member.publicKey)).to.not.include(publicKey)
    const ticket = Uint8Array.from(content.ticket)
    ticket[200] = (ticket[200] ?? 0) ^ 1
    const altered = encodeInvitation({ ...content, ticket })
    expect(await refusalOf(node(c).client.admin.joinOpen(altered))).to.not.equal('none')
  })

  it('let in whoever holds an open invitation, in the role it says and not more often', async () => {
    const open = await node(a).client.admin.inviteOpen({ contextId, role: 'reader' })
    const invitation = open?.invitation ?? ''
    const { memberPublicKey } = await node(c).client.admin.joinOpen(invitation)
    await node(c).client.admin.context(contextId, WAIT_MS)
    await set(a, 'for-readers')
    await equalRoots([node(a), node(c)], contextId)
    expect(await get(c, 'for-readers')).to.equal('for-readers')
    expect(await refusalOf(set(c, 'no'))).to.not.equal('none')
    expect(await refusalOf(node(b).client.admin.joinOpen(invitation))).to.not.equal('none')
    // the contract makes a writer of it
    await node(a).client.admin.setRole(contextId, [memberPublicKey], 'writer')
    await becomes('carol writes', async () => (await refusalOf(set(c, 'now'))) === 'none')
    await equalRoots([node(a), node(b), node(c)], contextId)
  })

  it('grant capabilities that count, and take them', async () => {
    const [own = ''] = await node(b).client.admin.identitiesOwned(contextId)
    const { publicKey } = await node(c).client.admin.createIdentity()
    const invite = (): Promise<unknown> =>
      node(b).client.admin.invite({ contextId, invitee: publicKey })
    expect(await refusalOf(invite())).to.not.equal('none')
    await node(a).client.admin.grant(contextId, own, 'ManageMembers')
    expect(await refusalOf(invite())).to.equal('none')
    await node(a).client.admin.revoke(contextId, own, 'ManageMembers')
    expect(await refusalOf(invite())).to.not.equal('none')
    await node(a).client.admin.removeMembers(contextId, [publicKey])
  })

  it('put a second context into the group of the first, and update what it runs', async () => {
    const { groupId } = await node(a).client.admin.context(contextId)
    const second = await node(a).client.admin.createContext({ applicationId, groupId })
    expect(second.groupId).to.equal(groupId)
    const other = await node(a).client.admin.installFile(KV_STORE, new TextEncoder().encode('v2'))
    await node(a).client.admin.updateApplication(second.contextId, other.applicationId)
    const updated = await node(a).client.admin.context(second.contextId)
    expect(updated.applicationId).to.equal(other.applicationId)
    expect((await node(a).client.admin.context(contextId)).applicationId).to.equal(applicationId)
  })

  it('cut off who is removed, and seal under a key it does not have', async () => {
    const [gone = ''] = await node(b).client.admin.identitiesOwned(contextId)
    await node(a).client.admin.removeMembers(contextId, [gone])
    await hasStatus(b, 'left')
    expect(await refusalOf(set(b, 'late'))).to.not.equal('none')
    await becomes('carol knows', async () => {
      const members = await node(c).client.admin.members(contextId)
      return !members.some(({ publicKey }) => publicKey === gone)
    })
    await Promise.all([set(a, 'without-b'), set(c, 'c-too')])
    await equalRoots([node(a), node(c)], contextId)
    const { deltas } = await node(b).client.admin.context(contextId)
    expect(deltas.pending + deltas.parked).to.equal(0)
  })

  it('remember all of it over a restart', async function () {
    this.timeout(30_000)
    await node(c).process.stop()
    await set(a, 'while-away')
    c = await cluster.node('carol')
    await equalRoots([node(a), node(c)], contextId)
    expect(await get(c, 'while-away')).to.equal('while-away')
    expect(await refusalOf(set(c, 'back'))).to.equal('none')
  })

  it('go on without the chain, and say what does not work meanwhile', async () => {
    await cluster.stopChain()
    await Promise.all([set(a, 'a-alone'), set(c, 'c-alone')])
    await equalRoots([node(a), node(c)], contextId)
    const { publicKey } = await node(b).client.admin.createIdentity()
    const invite = node(a).client.admin.invite({ contextId, invitee: publicKey })
    expect(await refusalOf(invite)).to.equal('chain_unavailable')
    expect(await refusalOf(set(a, 'still'))).to.equal('none')
  })
})

describe('a creation on Ethereum whose node dies in the middle', () => {
  /** Transactions of all accounts that lie in no block yet. */
  async function pending(cluster: Cluster): Promise<number> {
    const block = await cluster.sendToChain('eth_getBlockByNumber', ['pending', false])
    return (block as { transactions: unknown[] }).transactions.length
  }

  for (const [what, mined] of [
    ['while its identity is being bound', 0],
    ['while the context is being made', 1],
  ] as const) {
    it(`is finished at the next start, once: ${what}`, async function () {
      this.timeout(60_000)
      await using cluster = await startCluster('ethereum')
      const node = await cluster.node('alice')
      const { applicationId } = await node.client.admin.installFile(KV_STORE)
      await cluster.sendToChain('evm_setAutomine', [false])
      const cut = refusalOf(node.client.admin.createContext({ applicationId }))
      for (let i = 0; i < mined; i++) {
        await becomes('a transaction waits', async () => (await pending(cluster)) === 1)
        await cluster.sendToChain('evm_mine')
      }
      await becomes('a transaction waits', async () => (await pending(cluster)) === 1)
      await node.process.kill()
      expect(await cut).to.not.equal('none')
      // what it had sent is mined while it is away
      await cluster.sendToChain('evm_mine')
      await cluster.sendToChain('evm_setAutomine', [true])
      const again = await cluster.node('alice')
      await becomes('the context is ready', async () => {
        const contexts = await again.client.admin.contexts()
        return contexts.length === 1 && contexts[0]?.status === 'ready'
      })
      const [context] = await again.client.admin.contexts()
      const contextId = context?.id ?? ''
      await again.client.rpc.execute({
        contextId,
        method: 'set',
        args: { key: 'k', value: 'v' },
      })
      expect(await again.client.admin.members(contextId)).to.have.lengthOf(1)
    })
  }
})
