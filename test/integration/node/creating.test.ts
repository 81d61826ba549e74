import { expect } from 'chai'
import { localAnchor } from '../../../src/chains/local/index.ts'
import {
  type ApplicationId,
  ContextId,
  type IntentInfo,
  type Node,
} from '../../../src/node/index.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { contextRows } from '../../../src/node/store/repositories/contexts.ts'
import { INTENT_KIND, intentRows } from '../../../src/node/store/repositories/intents.ts'
import { openLevelStore } from '../../../src/node/store/level-store.ts'
import { WatData, watModule } from '../../support/wat.ts'
import { type Cut, cutAnchor } from '../../support/cut-anchor.ts'
import { failure, rejectionCode } from '../../support/error-code.ts'
import {
  becomes,
  call,
  KV_BUNDLE,
  newContext,
  nodeWorld,
  type NodeWorld,
  set,
} from '../../support/real-node.ts'

/** A node whose anchor's answers can be cut off, with the example app. */
async function cutNode(
  world: NodeWorld,
  cut: Cut,
): Promise<{ node: Node; application: ApplicationId }> {
  const node = await world.node('a', {
    anchors: [cutAnchor(localAnchor({ url: world.chain.url }), cut)],
  })
  return { node, application: await install(node) }
}

async function install(node: Node): Promise<ApplicationId> {
  return (await node.applications.installFile(KV_BUNDLE)).id
}

function creations(node: Node): readonly IntentInfo[] {
  return node.contexts.intents().filter(({ kind }) => kind === 'create')
}

for (const when of ['before', 'after'] as const) {
  describe(`a creation cut off ${when} the anchor heard of it`, () => {
    it('is finished by the same process, and the same call made again joins it', async () => {
      await using world = await nodeWorld()
      // the second and third call look before they send, which would find the first one's context
      const cut: Cut = { sent: 0, submit: when, read: 'before' }
      const { node, application } = await cutNode(world, cut)
      const pending: unknown[] = []
      for (let i = 0; i < 3; i++) {
        const { code, details } = await failure(node.contexts.create({ application }))
        expect(code).to.equal('ANCHOR_UNREACHABLE')
        pending.push((details['pending'] as { context: string }).context)
      }
      expect(new Set(pending).size).to.equal(1)
      expect(creations(node)).to.have.lengthOf(1)
      Object.assign(cut, { submit: undefined, read: undefined })
      const { context } = await node.contexts.create({ application })
      expect(context).to.deep.equal(ContextId.parse(String(pending[0])))
      expect(cut.sent).to.equal(1) // paid once
      expect(creations(node)).to.deep.equal([])
      await set(node, context, 'k')
      await node.stop()
      const again = await world.node('a')
      await becomes('all is done', () => again.contexts.intents().length === 0)
      expect(await again.contexts.list()).to.have.lengthOf(1)
      expect(await call(again, context, 'get', { key: 'k' })).to.equal('k')
    })

    it('is finished by a restart, where the same call finds it', async () => {
      await using world = await nodeWorld()
      const { node, application } = await cutNode(world, { sent: 0, submit: when })
      await failure(node.contexts.create({ application }))
      expect(await node.contexts.list()).to.deep.equal([])
      await node.stop()

      const again = await world.node('a')
      await becomes('the context is there', async () => {
        return (await again.contexts.list())[0]?.status === 'ready'
      })
      await becomes('it is known as done', () => creations(again)[0]?.state === 'done')
      const { context } = await again.contexts.create({ application })
      expect(await again.contexts.list()).to.have.lengthOf(1)
      await set(again, context, 'k')
      // and once more is another
      await again.contexts.create({ application })
      expect(await again.contexts.list()).to.have.lengthOf(2)
      await again.stop()
      const store = await openLevelStore(`${world.home('a')}/data`, { clock: systemClock })
      expect(await intentRows(store).list(INTENT_KIND.create)).to.deep.equal([])
      expect(await contextRows(store).list()).to.have.lengthOf(2)
      await store.close()
    })
  })
}

describe('a creation that is withdrawn', () => {
  it('is gone when the anchor does not know of it', async () => {
    await using world = await nodeWorld()
    const cut: Cut = { sent: 0, submit: 'before' }
    const { node, application } = await cutNode(world, cut)
    await failure(node.contexts.create({ application }))
    const [intent] = creations(node)
    expect(await node.contexts.withdraw(intent?.id ?? '')).to.equal(true)
    cut.submit = undefined
    await newContext(node)
    expect(await node.contexts.list()).to.have.lengthOf(1)
    expect(cut.sent).to.equal(1)
  })

  it('stays, and is finished, when the anchor has made the context', async () => {
    await using world = await nodeWorld()
    const cut: Cut = { sent: 0, submit: 'after' }
    const { node, application } = await cutNode(world, cut)
    cut.read = 'before'
    await failure(node.contexts.create({ application }))
    const id = creations(node)[0]?.id ?? ''
    const { code } = await failure(node.contexts.withdraw(id))
    expect(code).to.equal('ANCHOR_UNREACHABLE') // nobody can say what there is to withdraw
    Object.assign(cut, { submit: undefined, read: undefined })
    const late = await failure(node.contexts.withdraw(id)).catch(() => undefined)
    expect([undefined, 'CONTEXT_EXISTS']).to.include(late?.code)
    await becomes('the context is there', async () => (await node.contexts.list()).length === 1)
  })
})

describe('two calls that create', () => {
  it('make two contexts, also with equal arguments at the same time', async () => {
    await using world = await nodeWorld()
    const node = await world.node('a')
    const application = await install(node)
    const made = await Promise.all([1, 2].map(() => node.contexts.create({ application })))
    expect(new Set(made.map(({ context }) => context.join())).size).to.equal(2)
    expect(await node.contexts.list()).to.have.lengthOf(2)
  })

  it('make one when they name the same seed and identity', async () => {
    await using world = await nodeWorld()
    const node = await world.node('a')
    const application = await install(node)
    const identity = await node.identities.create()
    const seed = new Uint8Array(32).fill(7)
    const [a, b] = await Promise.all(
      [1, 2].map(() => node.contexts.create({ application, seed, identity })),
    )
    expect(a).to.deep.equal(b)
    expect(await rejectionCode(node.contexts.create({ application, seed, identity }))).to.equal(
      'CONTEXT_EXISTS',
    )
  })
})

describe('a creation that the application refuses', () => {
  it('is over, and leaves no intent', async () => {
    await using world = await nodeWorld()
    const node = await world.node('a')
    const module = watModule([], new WatData(), '(func (export "init") unreachable)')
    const { id: application } = await node.applications.installBytes(module, 'test')
    const { code, details } = await failure(node.contexts.create({ application }))
    expect(code).to.equal('RUNTIME_TRAP')
    expect(details['pending']).to.equal(undefined)
    expect(node.contexts.intents()).to.deep.equal([])
    await node.stop()
    const again = await world.node('a')
    expect(again.contexts.intents()).to.deep.equal([])
    expect(await again.contexts.list()).to.deep.equal([])
  })
})
