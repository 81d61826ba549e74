import { expect } from 'chai'
import { localAnchor, startLocalChain } from '../../../src/chains/local/index.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { muteServer } from '../../support/mute-server.ts'
import {
  admit,
  call,
  converged,
  hasStatus,
  infoOf,
  newContext,
  nodeWorld,
  set,
} from '../../support/real-node.ts'

/** Longest time a node may take to stop without its anchor, ms: a few seconds of margin over what libp2p takes. */
const MAX_STOP_MS = 4_000

describe('nodes whose anchor is gone', () => {
  it('go on replicating, start, serve and stop', async () => {
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const { context } = await newContext(a)
    await admit(a, b, context)
    await converged([a, b], context)
    await world.chain.stop()

    await Promise.all([set(a, context, 'from-a'), set(b, context, 'from-b')])
    await converged([a, b], context, { applied: 3 })
    expect(await rejectionCode(a.contexts.refresh(context))).to.equal('ANCHOR_UNREACHABLE')
    const stopping = performance.now()
    await b.stop()
    const stopMs = performance.now() - stopping
    const starting = performance.now()
    const again = await world.node('b')
    const startMs = performance.now() - starting
    expect(await call(again, context, 'entries')).to.have.all.keys('from-a', 'from-b')
    await set(a, context, 'later')
    await set(again, context, 'later-too')
    await converged([a, again], context, { applied: 5 })
    expect((await infoOf(again, context)).status).to.equal('ready')
    const last = performance.now()
    await again.stop()
    const againMs = performance.now() - last
    console.log(
      `      without an anchor: stop ${stopMs.toFixed(0)} ms, start ${startMs.toFixed(0)} ms, stop ${againMs.toFixed(0)} ms`,
    )
    expect(Math.max(stopMs, againMs)).to.be.lessThan(MAX_STOP_MS)
  })

  it('start and stop while it takes connections and says nothing', async () => {
    await using world = await nodeWorld()
    const first = await startLocalChain({ port: 0 })
    const anchors = [localAnchor({ url: first.url })]
    const [a, b] = [await world.node('a', { anchors }), await world.node('b', { anchors })]
    const { context } = await newContext(a)
    await admit(a, b, context)
    await first.stop()
    await b.stop()
    await using _mute = await muteServer(Number(new URL(first.url).port))
    const began = performance.now()
    const again = await world.node('b', { anchors })
    const startMs = performance.now() - began
    await Promise.all([set(a, context, 'from-a'), set(again, context, 'from-b')])
    await converged([a, again], context, { applied: 3 })
    const reading = rejectionCode(again.contexts.refresh(context))
    const stopping = performance.now()
    await again.stop()
    const stopMs = performance.now() - stopping
    expect(await reading).to.equal('ABORTED')
    console.log(
      `      with a mute anchor: start ${startMs.toFixed(0)} ms, stop ${stopMs.toFixed(0)} ms`,
    )
    expect(Math.max(startMs, stopMs)).to.be.lessThan(MAX_STOP_MS)
  })

  it('learn what it decided when it is back', async () => {
    await using world = await nodeWorld()
    const file = world.home('members.log')
    const first = await startLocalChain({ port: 0, file })
    const { url } = first
    const anchors = [localAnchor({ url })]
    const [a, b] = [await world.node('a', { anchors }), await world.node('b', { anchors })]
    const { context } = await newContext(a)
    const invitee = await admit(a, b, context)
    await b.stop()
    await a.contexts.removeMembers(context, [invitee])
    await first.stop()
    const again = await world.node('b', { anchors })
    await set(again, context, 'not-known-yet')
    expect((await infoOf(again, context)).status).to.equal('ready')
    await using _second = await startLocalChain({ port: Number(new URL(url).port), file })
    await hasStatus(again, context, 'left')
    expect(await rejectionCode(set(again, context, 'k'))).to.equal('CONTEXT_LEFT')
    expect(await call(a, context, 'get', { key: 'not-known-yet' })).to.equal(null)
  })
})
