import { join } from 'node:path'
import { expect } from 'chai'
import { envelopeCodec } from '../../../src/node/codec/delta.ts'
import { compareBytes } from '../../../src/node/primitives/bytes.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import type { ContextId, DeltaId } from '../../../src/node/primitives/ids.ts'
import { contextRows } from '../../../src/node/store/repositories/contexts.ts'
import { deltaRows } from '../../../src/node/store/repositories/deltas.ts'
import { openLevelStore } from '../../../src/node/store/level-store.ts'
import { kvInput } from '../../support/kv-app.ts'
import {
  admit,
  becomes,
  call,
  converged,
  hasStatus,
  infoOf,
  newContext,
  nodeWorld,
} from '../../support/real-node.ts'

/** The epoch that a delta of a stopped node is sealed under. */
async function epochOf(home: string, context: ContextId, delta: DeltaId): Promise<number> {
  const store = await openLevelStore(join(home, 'data'), { clock: systemClock })
  try {
    const contexts = await contextRows(store).list()
    const number = contexts.find(({ id }) => compareBytes(id, context) === 0)?.row.number
    const bytes = await deltaRows(store).envelope(number ?? -1, delta)
    return envelopeCodec.decode(bytes ?? new Uint8Array()).sealedEpoch
  } finally {
    await store.close()
  }
}

describe('the key after a removal', () => {
  it('is another one for all that is written, though the elected member is away and the remover restarts', async () => {
    await using world = await nodeWorld()
    let a = await world.node('a')
    const [b, c] = [await world.node('b'), await world.node('c')]
    const { context, member } = await newContext(a)
    // the member that is to make the key is another than the one who removes
    let elected = await b.identities.create()
    while (compareBytes(elected, member) > 0) elected = await b.identities.create()
    const { text } = await a.contexts.invite({ context, invitee: elected })
    await b.contexts.join(text)
    await b.contexts.waitReady(context)
    const gone = await admit(a, c, context)
    await converged([a, b, c], context)
    await b.stop()
    await a.contexts.removeMembers(context, [gone])
    await hasStatus(c, context, 'left')
    await a.stop()
    a = await world.node('a')
    expect((await infoOf(a, context)).rotation?.tries).to.equal(0)
    const input = kvInput({ key: 'secret', value: 'secret' })
    const { delta } = await a.contexts.execute({ context, method: 'set', input })
    expect((await infoOf(a, context)).rotation).to.equal(undefined)

    const again = await world.node('b')
    await again.peers.dial(a.addresses()) // both have new ones
    await converged([a, again], context)
    expect(await call(again, context, 'get', { key: 'secret' })).to.equal('secret')
    await again.stop()
    await a.stop()
    if (delta === undefined) throw new RangeError('expected a delta')
    expect(await epochOf(world.home('a'), context, delta)).to.be.greaterThan(0)
  })

  it('reaches members that hear of the removal later', async () => {
    await using world = await nodeWorld()
    const nodes = [await world.node('a'), await world.node('b'), await world.node('c')]
    const [a, b, c] = nodes as [(typeof nodes)[0], (typeof nodes)[0], (typeof nodes)[0]] // three
    const { context } = await newContext(a)
    await admit(a, b, context)
    const gone = await admit(a, c, context)
    await converged([a, b, c], context)
    await b.stop()
    await a.contexts.removeMembers(context, [gone])
    await call(a, context, 'set', { key: 'k', value: 'v' })
    const again = await world.node('b')
    await becomes('it reads what was written', async () => {
      return (await call(again, context, 'get', { key: 'k' })) === 'v'
    })
    await call(again, context, 'set', { key: 'answer', value: 'v' })
    await converged([a, again], context)
  })
})
