import { expect } from 'chai'
import { localAnchor, startLocalChain } from '../../../src/chains/local/index.ts'
import type { Signalled } from '../../../src/node/interface.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { muteServer } from '../../support/mute-server.ts'
import { admit, newContext, nodeWorld } from '../../support/real-node.ts'

describe('methods that take a signal', () => {
  it('give up when it fires, here while the anchor says nothing', async () => {
    await using world = await nodeWorld()
    const chain = await startLocalChain({ port: 0 })
    const anchors = [localAnchor({ url: chain.url })]
    const [a, b] = [await world.node('a', { anchors }), await world.node('b', { anchors })]
    const { context } = await newContext(a)
    const other = await admit(a, b, context)
    const [application] = await a.applications.list()
    if (application === undefined) return expect.fail('expected an application')
    const invitee = await b.identities.create()
    const open = await a.contexts.inviteOpen({ context })
    const { text } = await a.contexts.invite({ context, invitee })
    await chain.stop()
    await using _mute = await muteServer(Number(new URL(chain.url).port))

    const { contexts } = a
    const methods: Record<string, (options: Signalled) => Promise<unknown>> = {
      create: (options) => contexts.create({ application: application.id, ...options }),
      invite: (options) => contexts.invite({ context, invitee: other, ...options }),
      join: (options) => b.contexts.join(text, options),
      joinOpen: (options) => b.contexts.joinOpen(open.text, options),
      removeMembers: (options) => contexts.removeMembers(context, [other], options),
      setRole: (options) => contexts.setRole(context, [other], 'reader', options),
      grant: (options) => contexts.grant(context, other, 'manageMembers', options),
      revoke: (options) => contexts.revoke(context, other, 'manageMembers', options),
      updateApplication: (options) => contexts.updateApplication(context, application.id, options),
      leave: (options) => contexts.leave(context, options),
      refresh: (options) => contexts.refresh(context, options),
    }
    for (const [name, method] of Object.entries(methods)) {
      expect(await rejectionCode(method({ signal: AbortSignal.abort() })), name).to.equal('ABORTED')
      const controller = new AbortController()
      const answer = rejectionCode(method({ signal: controller.signal }))
      setImmediate(() => controller.abort())
      expect(await answer, name).to.equal('ABORTED')
    }
    // who gives up a reading leaves it to others who wait for the same
    const controller = new AbortController()
    const gaveUp = rejectionCode(contexts.refresh(context, { signal: controller.signal }))
    let isOver = false
    const waits = rejectionCode(contexts.refresh(context)).finally(() => (isOver = true))
    controller.abort()
    expect(await gaveUp).to.equal('ABORTED')
    expect(isOver).to.equal(false)
    await a.stop()
    expect(await waits).to.equal('ABORTED')
  })
})
