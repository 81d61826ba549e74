import { expect } from 'chai'
import { localAnchor } from '../../../src/chains/local/index.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { type Lie, lyingAnchor } from '../../support/lying-anchor.ts'
import {
  admit,
  becomes,
  call,
  converged,
  infoOf,
  newContext,
  nodeWorld,
  set,
} from '../../support/real-node.ts'

describe('roles of members', () => {
  it('let a reader see everything and write nothing', async () => {
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const { context } = await newContext(a)
    await set(a, context, 'before')
    await admit(a, b, context, 'reader')
    await set(a, context, 'after')
    await converged([a, b], context)
    expect(await call(b, context, 'entries')).to.deep.equal({ before: 'before', after: 'after' })

    const { root } = await infoOf(b, context)
    expect(await rejectionCode(set(b, context, 'mine'))).to.equal('CONTEXT_READ_ONLY')
    expect((await infoOf(b, context)).root).to.deep.equal(root)
    expect(await call(b, context, 'get', { key: 'mine' })).to.equal(null)
  })

  it('keep out what a reader writes that believes itself a writer', async () => {
    await using world = await nodeWorld()
    const lie: Lie = {}
    const anchors = [lyingAnchor(localAnchor({ url: world.chain.url }), lie)]
    const [a, b] = [await world.node('a'), await world.node('b')]
    const liar = await world.node('liar', { anchors })
    const { context } = await newContext(a)
    await admit(a, b, context)
    lie.member = await liar.identities.create()
    const { text } = await a.contexts.invite({ context, invitee: lie.member, role: 'reader' })
    await liar.contexts.join(text)
    await liar.contexts.waitReady(context)
    await set(liar, context, 'forged')
    expect(await call(liar, context, 'get', { key: 'forged' })).to.equal('forged')

    // it reached both, by push, and waits there for a right that its author has not got
    await Promise.all(
      [a, b].map((node) =>
        becomes('the forged delta is parked', async () => {
          await liar.contexts.sync(context)
          return (await infoOf(node, context)).deltas.parked === 1
        }),
      ),
    )
    await set(a, context, 'honest')
    await converged([a, b], context)
    for (const node of [a, b]) {
      expect(await call(node, context, 'entries')).to.deep.equal({ honest: 'honest' })
    }
  })

  it('give a relay deltas but no keys', async () => {
    await using world = await nodeWorld()
    const [a, relay] = [await world.node('a'), await world.node('relay')]
    const { context } = await newContext(a)
    await admit(a, relay, context, 'relay')
    await set(a, context, 'secret')
    const { applied } = (await infoOf(a, context)).deltas
    await becomes('the relay holds the deltas', async () => {
      const { deltas } = await infoOf(relay, context)
      return deltas.parked + deltas.pending === applied
    })
    expect((await infoOf(relay, context)).status).to.equal('uninitialized')
    expect(await rejectionCode(call(relay, context, 'entries'))).to.equal('CONTEXT_UNINITIALIZED')
  })
})
