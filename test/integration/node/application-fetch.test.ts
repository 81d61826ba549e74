import { readdir, writeFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { localAnchor } from '../../../src/chains/local/index.ts'
import {
  type Anchor,
  type AnchorFactory,
  ApplicationId,
  type ContextId,
  type IntentInfo,
  type Node,
} from '../../../src/node/index.ts'
import { recordLogger } from '../../support/record-logger.ts'
import { appBundle } from '../../support/bundles.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { kvWasm } from '../../support/kv-app.ts'
import {
  admit,
  becomes,
  call,
  converged,
  hasStatus,
  infoOf,
  nodeWorld,
  set,
} from '../../support/real-node.ts'

/** A build of the example app. Builds of one version that differ in their notes go by one id. */
async function build(node: Node, appVersion: string, notes = ''): Promise<ApplicationId> {
  const manifest = { appVersion, package: 'com.example.kv', metadata: { name: notes } }
  const { id } = await node.applications.installBytes(await appBundle(kvWasm(), manifest), 'test')
  return id
}

async function fetchOf(node: Node, context: ContextId): Promise<IntentInfo | undefined> {
  return (await infoOf(node, context)).intents.find(({ kind }) => kind === 'application')
}

/** Where a stopped node listened, so that it can be started where others look for it. */
function listenOf(node: Node): { network: { listen: string[] } } {
  const listen = node.addresses().map((address) => address.replace(/\/p2p\/.*$/, ''))
  return { network: { listen } }
}

describe('an application that a context is moved to while a member is away', () => {
  it('is fetched once somebody has it; until then the member goes on with the one it has', async () => {
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const first = await build(a, '1.0.0')
    const { context } = await a.contexts.create({ application: first })
    await admit(a, b, context)
    await set(a, context, 'old')
    await converged([a, b], context)
    await b.stop()
    const second = await build(a, '2.0.0')
    await a.contexts.updateApplication(context, second)
    await set(a, context, 'new')
    const where = listenOf(a)
    await a.stop()

    const again = await world.node('b')
    await becomes('it knows what it lacks', async () => {
      return (await fetchOf(again, context))?.reason?.code === 'APPLICATION_NOT_INSTALLED'
    })
    await hasStatus(again, context, 'ready')
    expect((await infoOf(again, context)).application).to.deep.equal(first)
    await set(again, context, 'meanwhile')
    // over a restart of its own too
    await again.stop()
    const third = await world.node('b')
    expect((await fetchOf(third, context))?.tries).to.be.greaterThan(0)
    const back = await world.node('a', where)
    await becomes('it runs the new one', async () => {
      const { application, applicationRevision } = await infoOf(third, context)
      return idEquals(application, second) && applicationRevision === 2n
    })
    await converged([back, third], context)
    expect(await call(third, context, 'entries')).to.have.all.keys('old', 'new', 'meanwhile')
    expect((await infoOf(third, context)).deltas).to.include({ parked: 0, quarantined: 0 })
    await becomes(
      'nothing is left to do',
      async () => (await infoOf(third, context)).intents.length === 0,
    )
  })
})

/** Files of blobs, without the folders beside them. */
async function blobsIn(folder: string): Promise<readonly string[]> {
  const all = await readdir(folder, { withFileTypes: true })
  return all.filter((entry) => entry.isFile()).map(({ name }) => name)
}

describe('an application whose bytes are damaged on disk', () => {
  for (const how of ['missing', 'overwritten'] as const) {
    it(`is fetched again when they are ${how}`, async () => {
      await using world = await nodeWorld()
      const [a, b] = [await world.node('a'), await world.node('b')]
      const application = await build(a, '1.0.0')
      const { context } = await a.contexts.create({ application })
      await admit(a, b, context)
      const where = listenOf(a)
      await a.stop()
      await b.stop()
      const folder = join(world.home('b'), 'blobs')
      for (const name of await blobsIn(folder)) {
        if (how === 'missing') await rm(join(folder, name))
        else await writeFile(join(folder, name), 'something else')
      }
      const again = await world.node('b')
      await becomes('it knows what it lacks', async () => {
        return (await fetchOf(again, context))?.reason?.code === 'APPLICATION_NOT_INSTALLED'
      })
      expect((await infoOf(again, context)).status).to.equal('uninitialized')
      await world.node('a', where)
      await hasStatus(again, context, 'ready')
      await set(again, context, 'k')
    })
  }

  it('is fetched again by a member that runs it, once it cannot give it to others', async () => {
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const application = await build(a, '1.0.0')
    const { context } = await a.contexts.create({ application })
    await admit(a, b, context)
    const [member] = await b.identities.owned(context)
    if (member === undefined) return expect.fail('b is no member')
    await a.contexts.grant(context, member, 'manageMembers')
    await b.contexts.refresh(context)
    const folder = join(world.home('b'), 'blobs')
    const whole = await blobsIn(folder)
    for (const name of whole) await rm(join(folder, name))
    const where = listenOf(a)
    await a.stop()
    // it runs in b, which does not look at the bytes until somebody asks for them
    expect((await infoOf(b, context)).intents).to.deep.equal([])
    const c = await world.node('c')
    const invitee = await c.identities.create()
    const { text } = await b.contexts.invite({ context, invitee })
    await c.contexts.join(text)
    await becomes('b knows that it lacks it', async () => (await fetchOf(b, context)) !== undefined)
    await world.node('a', where)
    await hasStatus(c, context, 'ready')
    await becomes('b has it again', async () => {
      return (await blobsIn(folder)).length === whole.length
    })
    await becomes('nothing is left to do', async () => (await fetchOf(b, context)) === undefined)
  })
})

describe('another build of the same package and version', () => {
  it('does not keep a joiner from the right one, and both stay', async () => {
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const application = await build(a, '1.0.0', 'theirs')
    expect(await build(b, '1.0.0', 'ours')).to.deep.equal(application)
    const own = await b.contexts.create({ application })
    const { context } = await a.contexts.create({ application })
    await admit(a, b, context) // waits until it is ready
    await set(b, context, 'k')
    await converged([a, b], context)
    await set(b, own.context, 'k')
    const blobs = (await b.applications.list()).map(({ blob }) => blob.join())
    expect(new Set(blobs).size).to.equal(2)
    await b.stop()
    const again = await world.node('b')
    await hasStatus(again, context, 'ready')
    await hasStatus(again, own.context, 'ready')
    for (const id of [context, own.context]) {
      expect(await rejectionCode(again.applications.uninstall(application))).to.equal(
        'APPLICATION_IN_USE',
      )
      await again.contexts.delete(id)
    }
    expect(await again.applications.uninstall(application)).to.equal(true)
    expect(await again.applications.list()).to.deep.equal([])
  })
})

describe('an application that many contexts wait for', () => {
  it('is fetched and installed once', async () => {
    await using world = await nodeWorld()
    const logger = recordLogger()
    const [a, b] = [await world.node('a'), await world.node('b', { logger })]
    const application = await build(a, '1.0.0')
    const contexts: ContextId[] = []
    for (let i = 0; i < 6; i++) contexts.push((await a.contexts.create({ application })).context)
    await Promise.all(
      contexts.map(async (context) => {
        const invitee = await b.identities.create()
        const { text } = await a.contexts.invite({ context, invitee })
        await b.contexts.join(text)
      }),
    )
    await Promise.all(contexts.map((context) => b.contexts.waitReady(context)))
    expect(
      logger.lines.filter(({ message }) => message === 'application installed'),
    ).to.have.lengthOf(1)
    expect(logger.lines.filter(({ message }) => message === 'blob stored')).to.have.lengthOf(1)
  })
})

describe('an application that changes while a node joins', () => {
  /** The anchor as a joiner sees it whom the first answer about a context reaches after the news of what is done meanwhile. */
  function overtaken(make: AnchorFactory, meanwhile: () => Promise<unknown>): AnchorFactory {
    return (components): Anchor => {
      const anchor = make(components)
      const read = anchor.readContext.bind(anchor)
      let told = 0n
      anchor.watch(({ height }) => {
        told = height
      })
      anchor.readContext = async (...args) => {
        anchor.readContext = read
        const found = await read(...args)
        await meanwhile()
        const now = await read(...args)
        await becomes('it is told of', () => told >= (now?.evidence.height ?? 0n))
        return found
      }
      return anchor
    }
  }

  it('is followed, though the news came before there was a context to read', async () => {
    await using world = await nodeWorld()
    const a = await world.node('a')
    const [first, second] = [await build(a, '1.0.0'), await build(a, '2.0.0')]
    const { context } = await a.contexts.create({ application: first })
    const update = (): Promise<void> => a.contexts.updateApplication(context, second)
    const anchors = [overtaken(localAnchor({ url: world.chain.url }), update)]
    const b = await world.node('b', { anchors })
    await admit(a, b, context)
    await becomes('it runs the new one', async () => {
      return idEquals((await infoOf(b, context)).application, second)
    })
    await set(b, context, 'k')
    await converged([a, b], context)
  })
})

describe('an application that is not what the anchor says', () => {
  /** The anchor as somebody sees it to whom it names another id for the same bytes, once told so. */
  function misnaming(make: AnchorFactory, say: { id: ApplicationId | undefined }): AnchorFactory {
    return (components): Anchor => {
      const anchor = make(components)
      const read = anchor.readContext.bind(anchor)
      anchor.readContext = async (...args) => {
        const found = await read(...args)
        if (found === undefined || say.id === undefined) return found
        const { application } = found.value
        const value = {
          ...found.value,
          application: { ...application, id: say.id },
          applicationRevision: 9n,
        }
        return { ...found, value }
      }
      return anchor
    }
  }

  it('is refused for good, and the context goes on with the one before', async () => {
    await using world = await nodeWorld()
    const say: { id: ApplicationId | undefined } = { id: undefined }
    const anchors = [misnaming(localAnchor({ url: world.chain.url }), say)]
    const [a, b] = [await world.node('a'), await world.node('b', { anchors })]
    const application = await build(a, '1.0.0')
    const { context } = await a.contexts.create({ application })
    await admit(a, b, context)
    say.id = ApplicationId.from(new Uint8Array(32).fill(7))
    await b.contexts.refresh(context)
    await becomes('it is refused', async () => (await fetchOf(b, context))?.state === 'refused')
    expect((await fetchOf(b, context))?.reason?.code).to.equal('APPLICATION_MISMATCH')
    expect(await infoOf(b, context)).to.deep.include({ application, status: 'ready' })
    await set(b, context, 'k')
    await converged([a, b], context)
  })
})

function idEquals(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
