import { expect } from 'chai'
import { Level } from 'level'
import { join } from 'node:path'
import type { Node } from '../../../src/node/index.ts'
import type { ContextId } from '../../../src/node/primitives/ids.ts'
import { concat, utf8 } from '../../../src/node/primitives/bytes.ts'
import { COLUMN, columnRange, rowKey, u32be } from '../../../src/node/store/keys.ts'
import { collectionsWasm } from '../../support/collections-app.ts'
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

/** The database of a node that has stopped. */
function database(home: string): Level<Uint8Array, Uint8Array> {
  return new Level(join(home, 'data'), { keyEncoding: 'view', valueEncoding: 'view' })
}

function edit(node: Node, context: ContextId, shape: string, op: string, ...path: string[]) {
  return call(node, context, 'edit', { shape, op, path, value: 'v' })
}

describe('members that applied the same deltas and have different roots', () => {
  it('replay their histories, and end equal', async function () {
    this.timeout(60_000)
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const { id } = await a.applications.installBytes(collectionsWasm(), 'test')
    const { context } = await a.contexts.create({ application: id })
    await admit(a, b, context)
    await converged([a, b], context, { applied: 1 })

    // each claims the key alone: who comes first owns it, and the other's copy thinks otherwise
    await b.stop()
    await edit(a, context, 'authored', 'claim', 'k')
    await a.stop()
    const b2 = await world.node('b')
    await edit(b2, context, 'authored', 'claim', 'k')
    const a2 = await world.node('a')
    await a2.peers.dial(b2.addresses()) // both have new ones
    await becomes('all deltas are on both', async () => {
      const infos = await Promise.all([a2, b2].map((node) => infoOf(node, context)))
      return infos.every(({ deltas }) => deltas.applied === 3)
    })
    // heartbeats would do the same in time
    await becomes('roots are equal and nobody differs', async () => {
      await Promise.all([a2, b2].map((node) => node.contexts.sync(context)))
      const [one, two] = await Promise.all([a2, b2].map((node) => infoOf(node, context)))
      const isSettled = one?.divergence === undefined && two?.divergence === undefined
      return isSettled && Buffer.compare(one?.root ?? Buffer.of(1), two?.root ?? Buffer.of(2)) === 0
    })
    expect(await call(a2, context, 'show')).to.deep.equal(await call(b2, context, 'show'))
    // and go on together
    await edit(a2, context, 'map_map', 'set', 'x', 'y')
    await converged([a2, b2], context, { applied: 4 })
  })
})

describe('a state whose rows were damaged', () => {
  it('is made anew from the history at the next start', async () => {
    await using world = await nodeWorld()
    const a = await world.node('a')
    const { context } = await newContext(a)
    for (const key of ['x', 'y', 'z']) await set(a, context, key)
    const { root } = await infoOf(a, context)
    await a.stop()
    const db = database(world.home('a'))
    await db.clear(columnRange(COLUMN.state))
    await db.close()
    const again = await world.node('a')
    await becomes('the entries are back', async () => {
      const entries = await call(again, context, 'entries').catch(() => undefined)
      return JSON.stringify(entries) === JSON.stringify({ x: 'x', y: 'y', z: 'z' })
    })
    expect((await infoOf(again, context)).root).to.deep.equal(root)
  })
})

describe('a replay that a crash cut off', () => {
  it('leaves no rows after the next start', async () => {
    await using world = await nodeWorld()
    const a = await world.node('a')
    const { context } = await newContext(a)
    await set(a, context, 'x')
    await a.stop()
    // built beside the state in use, under the last number there is
    const row = rowKey(COLUMN.state, concat(u32be(0xffff_ffff), utf8('row')))
    const db = database(world.home('a'))
    await db.put(row, utf8('half of it'))
    await db.close()
    const again = await world.node('a')
    expect(await call(again, context, 'entries')).to.deep.equal({ x: 'x' })
    await again.stop()
    const after = database(world.home('a'))
    try {
      expect(await after.get(row)).to.equal(undefined)
    } finally {
      await after.close()
    }
  })
})
