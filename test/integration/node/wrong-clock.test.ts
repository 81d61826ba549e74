import { expect } from 'chai'
import type { ExecuteResult, Node } from '../../../src/node/index.ts'
import type { ContextId } from '../../../src/node/primitives/ids.ts'
import { kvInput } from '../../support/kv-app.ts'
import {
  admit,
  becomes,
  converged,
  infoOf,
  newContext,
  nodeWorld,
  set,
} from '../../support/real-node.ts'
import { shiftedClock } from '../../support/shifted-clock.ts'

const HOUR_MS = 3_600_000

function write(node: Node, context: ContextId, key: string): Promise<ExecuteResult> {
  return node.contexts.execute({ context, method: 'set', input: kvInput({ key, value: key }) })
}

async function clockReason(node: Node): Promise<string | undefined> {
  return (await node.health()).reasons['clock']
}

describe('a machine whose clock is wrong', () => {
  for (const stepMs of [HOUR_MS, -HOUR_MS]) {
    it(`by ${stepMs} ms: what its node writes and takes in while it runs is as if it were right`, async () => {
      await using world = await nodeWorld()
      const clock = shiftedClock()
      const [a, b] = [await world.node('a', { clock }), await world.node('b')]
      const { context } = await newContext(a)
      await admit(a, b, context)
      expect(await write(a, context, 'before')).not.to.have.property('clockSkewMs')

      clock.aheadMs = stepMs
      const { clockSkewMs = 0 } = await write(a, context, 'in the wrong hour')
      expect(Math.abs(clockSkewMs - stepMs)).to.be.lessThan(2_000)
      await set(b, context, 'to it')
      await converged([a, b], context, { applied: 4 })
      const { checks, reasons } = await a.health()
      expect(Object.values(checks)).not.to.include(false)
      expect(reasons['clock']).to.include('3600 s')
      expect(await clockReason(b)).to.equal(undefined)

      clock.aheadMs = 0
      expect(await write(a, context, 'afterwards')).not.to.have.property('clockSkewMs')
      expect(await clockReason(a)).to.equal(undefined)
      await converged([a, b], context, { applied: 5 })
    })
  }

  it('before its node is started: members it meets are believed more', async () => {
    await using world = await nodeWorld()
    const [first, b] = [await world.node('a'), await world.node('b')]
    const { context } = await newContext(first)
    await admit(first, b, context)
    await first.stop()
    const a = await world.node('a', { clock: shiftedClock(HOUR_MS) })
    await set(a, context, 'waits until a member has told the time')
    expect(await clockReason(a)).to.include('ahead of that of the member')
    await converged([a, b], context, { applied: 2 })
  })

  it('while its node is alone: only the context it wrote to then waits elsewhere', async () => {
    await using world = await nodeWorld()
    let [a, b] = [await world.node('a'), await world.node('b')]
    const { context: written } = await newContext(a)
    const { context: other } = await newContext(a)
    for (const context of [written, other]) await admit(a, b, context)
    await a.stop()
    await b.stop()
    a = await world.node('a', { clock: shiftedClock(HOUR_MS) })
    await set(a, written, 'alone')
    await a.stop()
    ;[a, b] = [await world.node('a'), await world.node('b')]
    await b.peers.dial(a.addresses())
    await set(a, other, 'met again')
    await converged([a, b], other)
    await becomes('it is parked', async () => (await infoOf(b, written)).deltas.parked === 1)
    const { waitsFor } = await infoOf(b, written)
    expect(waitsFor.parked).to.deep.equal({ future: 1 })
    const waitMs = (waitsFor.futureUntilMs ?? 0) - shiftedClock().nowMs()
    expect(waitMs).to.be.within(HOUR_MS - 60_000, HOUR_MS)
  })
})
