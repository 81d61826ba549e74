/** A process that ends in the middle of what takes several steps, at each of its writes to the disk: the next one finishes it, or nothing was begun. */
import { join } from 'node:path'
import { expect } from 'chai'
import type { ContextId, Node } from '../../../src/node/index.ts'
import { isRejectedAs } from '../../../src/node/anchor/errors.ts'
import { noMetrics } from '../../../src/node/metrics.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { openLevelStore } from '../../../src/node/store/level-store.ts'
import { appBundle } from '../../support/bundles.ts'
import { type DyingStore, dyingStore } from '../../support/dying-store.ts'
import { kvWasm } from '../../support/kv-app.ts'
import {
  admit,
  becomes,
  infoOf,
  KV_BUNDLE,
  newContext,
  nodeWorld,
  type NodeWorld,
  set,
} from '../../support/real-node.ts'

/** Moments of one piece of work at which its process ends; when it has more writes, some of them. */
const MOMENTS = 5

interface Mortal {
  readonly node: Node
  readonly store: DyingStore
}

/** A node whose process can be made to end. */
async function mortal(world: NodeWorld, name: string): Promise<Mortal> {
  const components = { clock: systemClock, logger: silentLogger, metrics: noMetrics }
  const store = dyingStore(await openLevelStore(join(world.home(name), 'data'), components))
  return { node: await world.node(name, {}, { store }), store }
}

interface Work<T> {
  /** What must be there before, on the node that ends. */
  prepare(node: Node): Promise<T>
  /** The work; resolves when all of it is done. */
  run(node: Node, prepared: T): Promise<void>
  /** What the next process must come to. `isBegun`: the one before had stored anything of it. */
  check(node: Node, prepared: T, isBegun: boolean): Promise<void>
}

/** Ends a process at some of the writes of its work, and lets the next one see. */
async function cutOff<T>(world: NodeWorld, { prepare, run, check }: Work<T>): Promise<void> {
  const whole = await mortal(world, 'whole')
  const first = await prepare(whole.node)
  const before = whole.store.batches
  await run(whole.node, first)
  const writes = whole.store.batches - before
  await whole.node.stop()
  const step = Math.max(1, Math.ceil(writes / MOMENTS))
  for (let after = 0; after < writes; after += step) {
    const name = `cut${after}`
    const { node, store } = await mortal(world, name)
    const prepared = await prepare(node)
    store.lastBatch = store.batches + after
    await Promise.race([run(node, prepared).catch(() => {}), store.died])
    await node.stop()
    const again = await world.node(name)
    try {
      await check(again, prepared, after > 0)
      await becomes(`nothing is left to do, cut off after ${after} of ${writes}`, () =>
        again.contexts.intents().every(({ state }) => state === 'done'),
      )
    } catch (error) {
      throw new Error(`cut off after ${after} of ${writes} writes`, { cause: error })
    }
    await again.stop()
  }
  console.log(`      ${writes} writes, cut off after each ${step}`)
}

async function isReady(node: Node, context: ContextId): Promise<boolean> {
  return (await node.contexts.get(context))?.status === 'ready'
}

async function settled(node: Node, context: ContextId): Promise<void> {
  await becomes('all is done', async () => {
    return (await isReady(node, context)) && node.contexts.intents().length === 0
  })
}

describe('a process that ends', () => {
  it('while it creates leaves one context, or none that was begun', async () => {
    await using world = await nodeWorld()
    const seed = new Uint8Array(32).fill(9)
    await cutOff(world, {
      async prepare(node) {
        const { id: application } = await node.applications.installFile(KV_BUNDLE)
        return { application, seed, identity: await node.identities.create() }
      },
      run: async (node, options) => void (await node.contexts.create(options)),
      async check(node, options, isBegun) {
        if (isBegun) {
          await becomes('it is there', async () => (await node.contexts.list()).length === 1)
        } else {
          expect(node.contexts.intents()).to.deep.equal([])
          await node.contexts.create(options)
        }
        const [info] = await node.contexts.list()
        if (info === undefined) return expect.fail('expected a context')
        await becomes('it is ready', () => isReady(node, info.id))
        await set(node, info.id, 'k')
      },
    })
  }).timeout(60_000)

  it('while it joins is a member afterwards, with the state', async () => {
    await using world = await nodeWorld()
    const host = await world.node('host')
    const { context } = await newContext(host)
    await set(host, context, 'k')
    await cutOff(world, {
      async prepare(node) {
        const invitee = await node.identities.create()
        return (await host.contexts.invite({ context, invitee })).text
      },
      async run(node, text) {
        await node.contexts.join(text)
        await settled(node, context)
      },
      async check(node, text, isBegun) {
        if (!isBegun) await node.contexts.join(text)
        await becomes('it is ready', () => isReady(node, context))
      },
    })
  }).timeout(60_000)

  it('while it claims an open invitation has used it once', async () => {
    await using world = await nodeWorld()
    const host = await world.node('host')
    const { context } = await newContext(host)
    await cutOff(world, {
      prepare: async () => (await host.contexts.inviteOpen({ context, maxUses: 1 })).text,
      async run(node, text) {
        await node.contexts.joinOpen(text)
        await settled(node, context)
      },
      async check(node, text) {
        const before = (await host.contexts.members(context)).length
        // goes on with what was begun; who has joined hears that the ticket is used
        const isMember = (await node.contexts.get(context)) !== undefined
        const isJoining = node.contexts.intents(context).some(({ kind }) => kind === 'join')
        await node.contexts.joinOpen(text).catch((error: unknown) => {
          if (!isMember || isJoining || !isRejectedAs(error, 'InvitationUsed')) throw error
        })
        await becomes('it is ready', () => isReady(node, context))
        expect((await host.contexts.members(context)).length - before).to.be.within(0, 1)
        expect(await node.identities.owned(context)).to.have.lengthOf(1)
      },
    })
  }).timeout(60_000)

  it('while it fetches an application runs it afterwards', async () => {
    await using world = await nodeWorld()
    const host = await world.node('host')
    const build = async (appVersion: string) => {
      const bundle = await appBundle(kvWasm(), { appVersion, package: 'com.example.kv' })
      return (await host.applications.installBytes(bundle, 'test')).id
    }
    const [first, second] = [await build('1.0.0'), await build('2.0.0')]
    const runs = (node: Node, context: ContextId): Promise<void> =>
      becomes('it runs the new one', async () => {
        const { applicationRevision, status, intents } = await infoOf(node, context)
        return applicationRevision === 2n && status === 'ready' && intents.length === 0
      })
    await cutOff(world, {
      async prepare(node) {
        const { context } = await host.contexts.create({ application: first })
        await admit(host, node, context)
        await settled(node, context)
        return context
      },
      async run(node, context) {
        await host.contexts.updateApplication(context, second)
        await runs(node, context)
      },
      check: runs,
    })
  }).timeout(60_000)
})
