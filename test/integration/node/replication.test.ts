import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import {
  admit,
  becomes,
  call,
  converged,
  infoOf,
  KV_BUNDLE,
  newContext,
  nodeWorld,
  set,
} from '../../support/real-node.ts'
import { kvWasm } from '../../support/kv-app.ts'

describe('event handlers', () => {
  it('run once on each receiver, and not again after a restart', async () => {
    await using world = await nodeWorld()
    const [a, b, c] = [await world.node('a'), await world.node('b'), await world.node('c')]
    const { context } = await newContext(a)
    await admit(a, b, context)
    await admit(a, c, context)
    await call(a, context, 'set_notify', { key: 'k', value: 'v' })
    // the creation, the call, and a delta of each receiver's handler
    await converged([a, b, c], context, { applied: 4 })
    for (const node of [a, b, c]) expect(await call(node, context, 'seen')).to.equal(2)

    await b.stop()
    await call(a, context, 'set_notify', { key: 'k', value: 'w' })
    await converged([a, c], context, { applied: 6 })
    expect(await call(c, context, 'seen')).to.equal(3)
    const again = await world.node('b')
    await converged([a, again, c], context, { applied: 7 })
    for (const node of [a, again, c]) expect(await call(node, context, 'seen')).to.equal(4)

    await again.stop()
    const third = await world.node('b')
    await set(a, context, 'last')
    await converged([a, third, c], context, { applied: 8 })
    expect(await call(third, context, 'seen')).to.equal(4)
  })
})

describe('a node that never installed the application', () => {
  for (const [what, bytes] of [
    ['a bundle', () => readFile(KV_BUNDLE)],
    ['a bare module', async () => kvWasm()],
  ] as const) {
    it(`gets ${what} from members`, async () => {
      await using world = await nodeWorld()
      const [a, b] = [await world.node('a'), await world.node('b')]
      const installed = await a.applications.installBytes(await bytes(), 'test')
      const { context } = await a.contexts.create({ application: installed.id })
      await set(a, context, 'k', 'v')
      await admit(a, b, context)
      expect(await call(b, context, 'get', { key: 'k' })).to.equal('v')
      const got = await b.applications.get(installed.id)
      expect(got?.blob).to.deep.equal(installed.blob)
      expect(got?.module.hash).to.deep.equal(installed.module.hash)
      expect(got?.version).to.equal(installed.version)
    })
  }
})

describe('catching up', () => {
  it('brings a late joiner 1000 deltas, and a node that was away 300', async function () {
    this.timeout(60_000)
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const { context } = await newContext(a)
    const writeMany = async (count: number, name: string): Promise<void> => {
      const keys = Array.from({ length: count }, (_, i) => `k${i % 50}`)
      await Promise.all(keys.map((key, i) => set(a, context, key, `${name}${i}`)))
    }
    await writeMany(1_000, 'v')
    const began = performance.now()
    await admit(a, b, context)
    await converged([a, b], context, { applied: 1_001, ms: 30_000 })
    const joinedMs = performance.now() - began
    await b.stop()
    await writeMany(300, 'w')
    const restarted = performance.now()
    const again = await world.node('b')
    const upMs = performance.now() - restarted
    await converged([a, again], context, { applied: 1_301, ms: 30_000 })
    const returnedMs = performance.now() - restarted
    console.log(
      `      joined to 1000 deltas: ${joinedMs.toFixed(0)} ms; back to 300: ${returnedMs.toFixed(0)} ms, of which start ${upMs.toFixed(0)} ms`,
    )
    expect(await call(again, context, 'entries')).to.deep.equal(await call(a, context, 'entries'))
    expect((await infoOf(again, context)).rootMismatches).to.equal(0)
  })
})

describe('members that met through a third', () => {
  it('go on when it is gone, and over a restart', async () => {
    await using world = await nodeWorld()
    const [a, b, c] = [await world.node('a'), await world.node('b'), await world.node('c')]
    const { context } = await newContext(a)
    await admit(a, b, context)
    await admit(a, c, context)
    await converged([a, b, c], context)
    await becomes('b and c know each other', () => b.peers.list().some(({ id }) => id === c.peerId))
    await a.stop()
    await set(b, context, 'from-b')
    await set(c, context, 'from-c')
    await converged([b, c], context, { applied: 3 })
    await c.stop()
    const again = await world.node('c')
    await set(b, context, 'later')
    await converged([b, again], context, { applied: 4 })
  })
})

describe('many contexts on two nodes', () => {
  const COUNT = 50

  it('are made, joined, replicated and opened again', async function () {
    this.timeout(60_000)
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const { id: application } = await a.applications.installFile(KV_BUNDLE)
    // side by side: what they share, such as local numbers, must not get mixed up
    const contexts = await Promise.all(
      Array.from({ length: COUNT }, async () => (await a.contexts.create({ application })).context),
    )
    await Promise.all(contexts.map((context) => admit(a, b, context)))
    await Promise.all(
      contexts.map(async (context, i) => {
        await Promise.all([set(a, context, `a${i}`), set(b, context, `b${i}`)])
        await converged([a, b], context, { applied: 3 })
      }),
    )
    await b.stop()
    const restarted = performance.now()
    const again = await world.node('b')
    const startMs = performance.now() - restarted
    await Promise.all(contexts.map((context, i) => set(a, context, `later${i}`)))
    for (const [i, context] of contexts.entries()) {
      await converged([a, again], context, { applied: 4 })
      expect(await call(again, context, 'entries')).to.have.all.keys(`a${i}`, `b${i}`, `later${i}`)
    }
    console.log(`      start with ${COUNT} contexts: ${startMs.toFixed(0)} ms`)
  })
})
