import { expect } from 'chai'
import { ZeroAddress } from 'ethers'
import { ethereumAnchor } from '../../../src/chains/ethereum/index.ts'
import { MIGRATION_SECONDS } from '../../../src/node/anchor/limits.ts'
import type { ContextId, Node } from '../../../src/node/index.ts'
import { fromHex } from '../../../src/node/primitives/bytes.ts'
import { failure } from '../../support/error-code.ts'
import {
  chainClock,
  deploySuccessor,
  startTestChain,
  type EthereumTestChain,
} from '../../support/ethereum.ts'
import type { HarnessClock } from '../../compliance/anchor-bench.ts'
import {
  admit,
  becomes,
  call,
  converged,
  infoOf,
  newContext,
  nodeWorld,
  type NodeWorld,
  set,
} from '../../support/real-node.ts'

describe('whole nodes whose group moves to another contract', function () {
  this.timeout(180_000)
  let chain: EthereumTestChain
  let clock: HarnessClock
  let world: NodeWorld

  before(async () => {
    chain = await startTestChain()
  })
  after(async () => chain.stop())
  beforeEach(async () => {
    await chain.reset()
    clock = await chainClock(chain)
    world = await nodeWorld()
  })
  afterEach(async () => world[Symbol.asyncDispose]())

  /** A node of the deployment, or of one with another contract; without an account it reads only. */
  function start(name: string, account?: number, contract?: string): Promise<Node> {
    const { contracts } = chain.deployment
    const { contextAnchor: made } = contracts
    const contextAnchor = { ...made, address: contract ?? made.address }
    const deployment = { ...chain.deployment, contracts: { ...contracts, contextAnchor } }
    const key =
      account === undefined ? {} : { key: { env: 'KEY', from: { KEY: chain.key(account) } } }
    const anchors = [
      ethereumAnchor({ rpcUrls: [chain.devnet.url], deployment, finality: 0, ...key }),
    ]
    const time = { ...clock, nowNs: () => BigInt(Math.round(clock.nowMs() * 1000)) * 1000n }
    return world.node(name, { anchors, clock: time })
  }

  const contractOf = async (node: Node, context: ContextId): Promise<string> =>
    (await infoOf(node, context)).contract

  /** Plans the move, and lets the week pass. */
  async function move(manager: Node, context: ContextId): Promise<string> {
    const next = await deploySuccessor(chain)
    await manager.contexts.migrate(context, fromHex(next.slice(2).toLowerCase()))
    await clock.advance(Number(MIGRATION_SECONDS) + 1)
    return next
  }

  it('go on before, during and after it, and so do who comes then and who starts anew', async () => {
    const [a, b] = [await start('a', 1), await start('b', 2)]
    const { context, group } = await newContext(a)
    await admit(a, b, context)
    await Promise.all([set(a, context, 'before-a'), set(b, context, 'before-b')])
    await converged([a, b], context)
    const first = await contractOf(a, context)

    const next = await deploySuccessor(chain)
    await a.contexts.migrate(context, fromHex(next.slice(2).toLowerCase()))
    await becomes('both see the plan', async () => {
      const infos = await Promise.all([a, b].map((node) => infoOf(node, context)))
      return infos.every(({ migration }) => migration !== undefined)
    })
    await Promise.all([set(a, context, 'during-a'), set(b, context, 'during-b')])
    await converged([a, b], context)
    expect(await contractOf(b, context)).to.equal(first)

    await clock.advance(Number(MIGRATION_SECONDS) + 1)
    // nobody has taken it over yet: data goes on, and who looks is told that it has moved
    await Promise.all([set(a, context, 'after-a'), set(b, context, 'after-b')])
    await converged([a, b], context)
    await b.contexts.refresh(context)
    expect((await infoOf(b, context)).migration).to.not.equal(undefined)

    // who comes then: by the contract of before, and by the one of now
    const c = await start('c', 3)
    await admit(a, c, context)
    const d = await start('d', 4, next)
    await admit(a, d, context)
    const all = [a, b, c, d]
    await Promise.all(all.map((node, i) => set(node, context, `moved-${i}`)))
    await converged(all, context)
    for (const node of all) {
      await node.contexts.refresh(context)
      expect(await contractOf(node, context)).to.equal(next)
      expect((await infoOf(node, context)).migration).to.equal(undefined)
    }
    expect(await call(d, context, 'entries')).to.include.keys('before-a', 'during-b', 'after-b')

    // who starts anew follows it, set up with whichever
    await b.stop()
    await c.stop()
    const [again, other] = [await start('b', 2), await start('c', 3, next)]
    const now = [a, again, other, d]
    await Promise.all(now.map((node, i) => set(node, context, `again-${i}`)))
    await converged(now, context)
    expect(await contractOf(again, context)).to.equal(next)

    // a context that is made there in the same group
    const second = await newContext(a, { group })
    const e = await start('e', 5)
    await admit(a, e, second.context)
    await set(e, second.context, 'there')
    await becomes('it is everywhere', async () => {
      return (await call(a, second.context, 'get', { key: 'there' })) === 'there'
    })
    // and who goes, goes for good
    const [gone] = await e.identities.owned(second.context)
    if (gone === undefined) throw new TypeError('it is a member')
    await a.contexts.removeMembers(context, [gone])
    await becomes('it knows', async () => (await infoOf(e, second.context)).status === 'left')
  })

  it('meet in it by open invitations, whichever contract they were set up with', async () => {
    const a = await start('a', 1)
    const { context } = await newContext(a)
    const next = await move(a, context)
    const { text } = await a.contexts.inviteOpen({ context, maxUses: 2 })
    const [c, d] = [await start('c', 3), await start('d', 4, next)]
    for (const node of [c, d]) {
      await node.contexts.joinOpen(text)
      await node.contexts.waitReady(context)
    }
    // a group that was made there, by whom was set up with it
    const there = await newContext(d)
    await admit(d, c, there.context)
    await Promise.all([c, d].map((node, i) => set(node, there.context, `${i}`)))
    await converged([c, d], there.context)
    await c.stop()
    const again = await start('c', 3)
    await set(again, there.context, 'again')
    expect(await contractOf(again, there.context)).to.equal(next)
    const invitee = await a.identities.create()
    await d.contexts.invite({ context: there.context, invitee })
    await becomes('it sees who comes', async () => {
      return (await again.contexts.members(there.context)).length === 3
    })
  })

  it('refuse invitations of contracts that do not take over from theirs', async () => {
    const stranger = await deploySuccessor(chain, await deploySuccessor(chain, ZeroAddress))
    const [a, b] = [await start('a', 1, stranger), await start('b', 2)]
    const { context } = await newContext(a)
    const invitee = await b.identities.create()
    const { text } = await a.contexts.invite({ context, invitee })
    expect(await failure(b.contexts.join(text))).to.include({ code: 'INVITATION_INVALID' })
  })
})
