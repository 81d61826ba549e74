import { expect } from 'chai'
import type { ContextRecord } from '../../../src/node/anchor/anchor.ts'
import { EventLog } from '../../../src/node/context/event-log.ts'
import { Intents } from '../../../src/node/context/intents/intents.ts'
import { SECOND_LOOK_MS } from '../../../src/node/context/limits.ts'
import { Aliases } from '../../../src/node/context/aliases.ts'
import { ContextRegistry } from '../../../src/node/context/registry.ts'
import type { ContextReplica } from '../../../src/node/context/replica/replica.ts'
import { ContextReplicas } from '../../../src/node/context/replica-source.ts'
import { MerogateError } from '../../../src/node/errors.ts'
import { equalBytes } from '../../../src/node/primitives/bytes.ts'
import { Background } from '../../../src/node/primitives/background.ts'
import { ApplicationId, BlobId, ContextId } from '../../../src/node/primitives/ids.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { columnRange } from '../../../src/node/store/keys.ts'
import { CONTEXT_COLUMNS, contextRows } from '../../../src/node/store/repositories/contexts.ts'
import { globals } from '../../../src/node/store/repositories/globals.ts'
import { aliasRows } from '../../../src/node/store/repositories/aliases.ts'
import { intentRows } from '../../../src/node/store/repositories/intents.ts'
import { APPLICATION, bytesOf, CONTEXT, craftDelta, keyOf } from '../../support/craft-delta.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { seededRandom } from '../../support/hand-clock.ts'
import {
  GROUP,
  MODULE,
  type ReplicaKit,
  replicaKit,
  testKeyring,
} from '../../support/replica-kit.ts'

const me = keyOf('me')

/** What an installed application has besides its ids. */
const INSTALLED = {
  ...{ size: 1, source: 'test', metadata: new Uint8Array(), module: MODULE },
  ...{ package: 'unknown', version: '0.0.0' },
}

/** A registry over the store of a kit, whose group all contexts share. @param isInstalled every application is here */
async function registryOf(
  kit: ReplicaKit,
  { isInstalled = false } = {},
): Promise<{
  registry: ContextRegistry
  /** Contexts that are to be read at the anchor. */
  reread: ContextId[]
  /** What the anchor told of. */
  news: { height: bigint }
  eventLog: EventLog
  settled: () => Promise<void>
}> {
  const { store, time: clock, group, identities, model, metrics, deltas, eventRows } = kit
  const working = new Background(silentLogger)
  const background = (work: Promise<void>): void => working.add(work)
  const random = seededRandom('registry')
  const reread: ContextId[] = []
  const news = { height: 0n }
  const shared = { store, clock, random, logger: silentLogger, metrics, background }
  const rows = contextRows(store)
  const globalRows = globals(store)
  const groups = {
    get: () => group,
    ensure: async () => group,
    anchors: () => [],
    rotation: () => undefined,
    acceptKeys: async () => ({ accepted: 0, looked: 0, refused: 0 }),
  }
  const eventLog = new EventLog({ ...shared, rows: eventRows, position: () => undefined })
  const registry = new ContextRegistry(
    {
      ...shared,
      rows,
      aliases: new Aliases(aliasRows(store)),
      deltas,
      events: eventRows,
      model,
      globals: globalRows,
      putBlob: async () => {},
      groups,
      identities,
      replicas: new ContextReplicas({ ...shared, rows, deltas, groups, identities }),
      eventLog,
      intents: new Intents({ ...shared, rows: intentRows(store) }),
      applications: {
        build: async (id, blob) => (isInstalled ? { ...INSTALLED, id, blob } : undefined),
        ensureLoaded: async () => MODULE,
        installRecord: () => Promise.reject(new RangeError('not part of this test')),
      },
      sync: () => ({
        blobFinder: { fetch: async () => undefined },
        membersOnline: () => [],
        isFetching: () => false,
      }),
    },
    {
      followUp: () => {},
      reread: (context, height) => {
        reread.push(context)
        if (height > news.height) news.height = height
      },
      admitted: () => {},
      newsOf: () => news.height,
    },
  )
  await registry.load()
  return { registry, reread, news, eventLog, settled: () => working.settled() }
}

function recordOf(name: string): ContextRecord {
  return {
    id: ContextId.from(bytesOf(name)),
    group: GROUP,
    application: {
      id: ApplicationId.from(APPLICATION),
      blob: BlobId.from(bytesOf('blob')),
      size: 1n,
      source: 'test',
      metadata: new Uint8Array(),
    },
    applicationRevision: 1n,
  }
}

const NAMES = ['a', 'b', 'c']

describe('contexts that share a group', () => {
  it('leave nothing that listens to it when they are deleted', async () => {
    const kit = await replicaKit({ own: [me], members: [[me, 'writer']] })
    const { registry, settled } = await registryOf(kit)
    const before = kit.group.events.listeners
    const replicas = []
    for (const name of NAMES) {
      replicas.push(await registry.admit(recordOf(name), me.publicKey, 'stub'))
    }
    await settled()
    expect(kit.group.events.listeners).to.equal(before + 3 * NAMES.length)
    for (const replica of replicas) await registry.forget(replica)
    expect(kit.group.events.listeners).to.equal(before)
    expect(registry.all()).to.deep.equal([])
  })

  it('are closed with all their listeners', async () => {
    const kit = await replicaKit({ own: [me], members: [[me, 'writer']] })
    const { registry, settled } = await registryOf(kit)
    const before = kit.group.events.listeners
    for (const name of NAMES) await registry.admit(recordOf(name), me.publicKey, 'stub')
    await settled()
    await registry.close()
    expect(kit.group.events.listeners).to.equal(before)
  })
})

describe('a context that is being deleted', () => {
  it('is not made anew before it is gone: its rows would go with it', async () => {
    const kit = await replicaKit({ own: [me], members: [[me, 'writer']] })
    const { registry, settled } = await registryOf(kit)
    const record = recordOf('a')
    const admit = (): Promise<unknown> => registry.admit(record, me.publicKey, 'stub')
    const first = await registry.admit(record, me.publicKey, 'stub')
    await settled()
    const forgetting = registry.forget(first)
    expect(await rejectionCode(admit())).to.equal('CONTEXT_DELETING')
    await registry.forgotten(record.id)
    await forgetting
    expect(registry.all()).to.deep.equal([])
    await admit()
    await settled()
    expect(registry.all()).to.have.lengthOf(1)
    expect(await contextRows(kit.store).list()).to.have.lengthOf(1)
  })
})

describe('a context that was deleted while the anchor was asked about it', () => {
  it('and made anew, waits for what the anchor names as the new one: its members give it to no other', async () => {
    const kit = await replicaKit({ own: [me], members: [[me, 'writer']] })
    const { registry, settled } = await registryOf(kit)
    const record = recordOf('a')
    const admit = (): Promise<ContextReplica> => registry.admit(record, me.publicKey, 'stub')
    const first = await admit()
    await settled()
    const [id, blob] = [ApplicationId.from(bytesOf('next')), BlobId.from(bytesOf('next blob'))]
    const value = {
      ...record,
      application: { ...record.application, id, blob },
      applicationRevision: 2n,
    }
    const evidence = { height: 5n, finality: 'final', certified: false } as const
    let answer = (): void => {}
    const answered = new Promise<void>((resolve) => (answer = resolve))
    kit.anchor.readContext = async () => {
      await answered
      return { value, evidence }
    }
    const asking = registry.refresh(first)
    await registry.forget(first)
    const second = await admit()
    await settled()
    answer()
    await asking
    expect(registry.applications.awaited(record.id)).to.equal(undefined)
    await registry.refresh(second)
    expect(registry.applications.awaited(record.id)).to.deep.equal(id)
    expect(contextRows(kit.store).isLinked(second.state.ref.number, blob)).to.equal(true)
  })
})

describe('a context whose member comes back as somebody else', () => {
  it('takes up what came meanwhile, though the anchor named the member before its key was bound', async () => {
    const alice = keyOf('alice')
    const kit = await replicaKit({
      own: [me],
      members: [
        [alice, 'writer'],
        [me, 'writer'],
      ],
    })
    const { registry, reread, settled } = await registryOf(kit)
    const record = { ...recordOf('a'), id: CONTEXT }
    const replica = await registry.admit(record, me.publicKey, 'stub')
    await settled()
    kit.anchor.say([[alice, 'writer']])
    await kit.group.refresh()
    const delta = craftDelta({ author: alice, keyring: testKeyring(), item: 'x' })
    expect((await replica.receive(delta.bytes)).status).to.equal('parked')
    const again = await kit.identities.create()
    kit.anchor.say([
      [alice, 'writer'],
      [again, 'writer'],
    ])
    await kit.group.refresh()
    await settled()
    expect(reread).to.deep.equal([])
    await registry.admit(record, again.publicKey, 'stub')
    await settled()
    expect(replica.state.dag.waiting('held')).to.deep.equal([])
    expect(replica.state.hasState).to.equal(true)
    expect(reread).to.deep.equal([CONTEXT])
  })
})

describe('a member that the anchor shows, and its list of the members not yet', () => {
  it('is in no context before the list shows it', async () => {
    const alice = keyOf('alice')
    const kit = await replicaKit({ own: [me], members: [[alice, 'writer']] })
    const { registry, settled } = await registryOf(kit)
    const admit = (): Promise<unknown> => registry.admit(recordOf('a'), me.publicKey, 'stub')
    expect(await rejectionCode(admit())).to.equal('ANCHOR_BEHIND')
    expect(registry.all()).to.deep.equal([])
    kit.anchor.say([
      [alice, 'writer'],
      [me, 'writer'],
    ])
    await admit()
    await settled()
    expect(registry.all()).to.have.lengthOf(1)
    const again = await kit.identities.create()
    expect(await rejectionCode(registry.admit(recordOf('a'), again.publicKey, 'stub'))).to.equal(
      'ANCHOR_BEHIND',
    )
    await settled()
  })
})

describe('a delta of an application that a context does not run', () => {
  it('is not taken for one of the time before on the word of an endpoint that lags', async () => {
    const alice = keyOf('alice')
    const kit = await replicaKit({
      own: [me],
      members: [
        [alice, 'writer'],
        [me, 'writer'],
      ],
    })
    const { registry, reread, news, settled } = await registryOf(kit)
    const record = { ...recordOf('a'), id: CONTEXT }
    let revision = 2n
    let height = 5n
    kit.anchor.readContext = async () => ({
      value: { ...record, applicationRevision: revision },
      evidence: { height, finality: 'final', certified: false },
    })
    const replica = await registry.admit(
      { ...record, applicationRevision: 2n },
      me.publicKey,
      'stub',
    )
    await settled()
    const application = bytesOf('another application')
    const delta = craftDelta({
      author: alice,
      keyring: testKeyring(),
      item: 'x',
      payload: { application },
    })
    news.height = 6n
    expect((await replica.receive(delta.bytes)).status).to.equal('parked')
    await settled()
    const waits = (): number => replica.state.dag.waiting('held').length
    expect(waits(), 'the anchor told of something newer than its answer').to.equal(1)
    news.height = 4n
    revision = 1n
    height = 4n
    await registry.refreshForeign(replica)
    expect(waits(), 'the answer is older than what the context runs').to.equal(1)
    expect(news.height, 'so a newer one is waited for').to.equal(5n)
    expect(reread).to.deep.equal([CONTEXT])
    await registry.refreshForeign(replica)
    expect(reread, 'once').to.deep.equal([CONTEXT])
    revision = 2n
    height = 5n
    await registry.refreshForeign(replica)
    expect(waits(), 'the answer is as new as can be').to.equal(0)
  })
})

describe('a delta of an application that the anchor cannot be asked about', () => {
  it('has the context read again once the anchor is back, though nobody else says anything', async () => {
    const alice = keyOf('alice')
    const kit = await replicaKit({
      own: [me],
      members: [
        [alice, 'writer'],
        [me, 'writer'],
      ],
    })
    const { registry, reread, settled } = await registryOf(kit)
    const replica = await registry.admit({ ...recordOf('a'), id: CONTEXT }, me.publicKey, 'stub')
    await settled()
    kit.anchor.readContext = () =>
      Promise.reject(new MerogateError('ANCHOR_UNREACHABLE', 'transport', 'away'))
    const payload = { application: bytesOf('another application') }
    const delta = craftDelta({ author: alice, keyring: testKeyring(), item: 'x', payload })
    expect((await replica.receive(delta.bytes)).status).to.equal('parked')
    await settled()
    expect(reread).to.deep.equal([CONTEXT])
  })
})

describe('a context that moves to another application', () => {
  it('tells so before it tells of anything that the new one did', async () => {
    const alice = keyOf('alice')
    const kit = await replicaKit({
      own: [me],
      members: [
        [alice, 'writer'],
        [me, 'writer'],
      ],
    })
    const { registry, eventLog, settled } = await registryOf(kit, { isInstalled: true })
    const record = { ...recordOf('a'), id: CONTEXT }
    const replica = await registry.admit(record, me.publicKey, 'stub')
    await settled()
    const id = ApplicationId.from(bytesOf('another application'))
    const payload = { application: id }
    const delta = craftDelta({ author: alice, keyring: testKeyring(), item: 'x', payload })
    expect((await replica.receive(delta.bytes)).status).to.equal('parked')
    const told: string[] = []
    eventLog.on('context:changed', () => {
      const isNew = equalBytes(replica.state.meta.application, id)
      told.push(isNew ? 'new application' : 'change')
    })
    eventLog.on('state:mutation', () => told.push('mutation'))
    const moved = { ...record, application: { ...record.application, id }, applicationRevision: 2n }
    kit.anchor.readContext = async () => ({
      value: moved,
      evidence: { height: 5n, finality: 'final', certified: false },
    })
    await registry.refresh(replica)
    await settled()
    expect(told).to.include('mutation')
    expect(told.indexOf('new application')).to.be.within(0, told.indexOf('mutation') - 1)
  })
})

describe('an application that was never the context’s', () => {
  it('is left when the anchor takes it back twice, and stays for an endpoint that lags', async () => {
    const kit = await replicaKit({ own: [me], members: [[me, 'writer']] })
    const { registry, settled } = await registryOf(kit)
    const record = { ...recordOf('a'), id: CONTEXT }
    const lie = {
      ...record,
      application: { ...record.application, blob: BlobId.from(bytesOf('malware')) },
      applicationRevision: 1n << 63n,
    }
    let said: ContextRecord = lie
    let height = 5n
    kit.anchor.readContext = async () => ({
      value: said,
      evidence: { height, finality: 'final', certified: false },
    })
    const replica = await registry.admit(lie, me.publicKey, 'stub')
    await settled()
    await registry.refresh(replica)
    const runs = () => {
      const { applicationRevision, blob } = replica.state.meta
      return [applicationRevision, equalBytes(blob, lie.application.blob)]
    }
    said = { ...record, applicationRevision: 3n }
    height = 4n
    await registry.refresh(replica)
    expect(runs(), 'a lagging endpoint').to.deep.equal([1n << 63n, true])
    height = 6n
    const refreshing = registry.refresh(replica)
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setImmediate(resolve))
      kit.clock.advance(SECOND_LOOK_MS / 10)
    }
    await refreshing
    await settled()
    expect(runs()[0], 'below the one that is fetched now').to.equal(2n)
    expect(registry.applications.awaited(CONTEXT)).to.deep.equal(record.application.id)
  })
})

describe('a context that is deleted', () => {
  it('is gone after the next start at the latest, whatever the disk refused', async () => {
    const kit = await replicaKit({ own: [me], members: [[me, 'writer']] })
    const rows = contextRows(kit.store)
    const count = async (): Promise<number> => {
      let found = 0
      for (const column of CONTEXT_COLUMNS) {
        for await (const _key of kit.store.keys(columnRange(column))) found++
      }
      return found
    }
    const before = await count()
    for (let failAt = 1; failAt <= 2; failAt++) {
      const { registry, settled } = await registryOf(kit)
      const replica = await registry.admit(recordOf('a'), me.publicKey, 'stub')
      await settled()
      kit.store.failAt = failAt
      expect(await rejectionCode(registry.forget(replica))).to.equal('STORE_FAILED')
      await registry.close()
      const again = await registryOf(kit)
      if (failAt > 1) expect(await rows.list(), 'begun').to.deep.equal([])
      for (const left of again.registry.all()) await again.registry.forget(left)
      await again.settled()
      expect(await rows.list()).to.deep.equal([])
      expect(await count()).to.equal(before)
    }
  })
})
