import { expect } from 'chai'
import type { PayloadEvent } from '../../../src/node/codec/delta.ts'
import { EMPTY, toHex } from '../../../src/node/primitives/bytes.ts'
import {
  ContextId,
  DeltaId,
  GroupId,
  PublicKey,
  ZERO_ID,
} from '../../../src/node/primitives/ids.ts'
import {
  MAX_EVENT_DATA_BYTES,
  MAX_EVENT_HANDLER_BYTES,
  MAX_EVENT_KIND_BYTES,
  MAX_EVENTS,
} from '../../../src/node/runtime/limits.ts'
import {
  COLUMN,
  globalKey,
  rowKey,
  SCHEMA_VERSION,
  u32be,
  u64be,
} from '../../../src/node/store/keys.ts'
import { contextRows, type MetaRow } from '../../../src/node/store/repositories/contexts.ts'
import {
  DELTA_STATUS,
  deltaRows,
  type DeltaRow,
} from '../../../src/node/store/repositories/deltas.ts'
import { eventRows, LEDGER_STATUS } from '../../../src/node/store/repositories/events.ts'
import { globals } from '../../../src/node/store/repositories/globals.ts'
import { groupRows } from '../../../src/node/store/repositories/groups.ts'
import {
  INTENT_KIND,
  INTENT_STATUS,
  intentRows,
} from '../../../src/node/store/repositories/intents.ts'
import type { Store } from '../../../src/node/store/store.ts'
import { bytesOf } from '../../support/craft-delta.ts'
import { rejectionCode, thrownCode } from '../../support/error-code.ts'
import { memoryStore } from '../../support/memory-store.ts'

const id = (name: string): DeltaId => DeltaId.from(bytesOf(name))

describe('rows that exist once', () => {
  it('remember the layout, and refuse a newer one', async () => {
    const store = memoryStore()
    const rows = globals(store)
    await rows.checkVersion()
    await rows.checkVersion()
    const version = await store.get(globalKey('version'))
    expect(version).to.deep.equal(Uint8Array.of(SCHEMA_VERSION, 0, 0, 0))
    const newer = Uint8Array.of(SCHEMA_VERSION + 1, 0, 0, 0)
    await store.batch([{ type: 'put', key: globalKey('version'), value: newer }])
    expect(await rejectionCode(rows.checkVersion())).to.equal('STORE_TOO_NEW')
  })

  it('give out each local number once', async () => {
    const store = memoryStore()
    const rows = globals(store)
    const first = await Promise.all([rows.nextNumber(), rows.nextNumber(), rows.nextNumber()])
    expect(first).to.deep.equal([1, 2, 3])
    expect(await globals(store).nextNumber()).to.equal(4)
  })

  it('remember how far an anchor was read', async () => {
    const store = memoryStore()
    const rows = globals(store)
    expect(await rows.cursor('chain')).to.equal(undefined)
    await store.batch([rows.putCursor('chain', (1n << 64n) - 1n)])
    expect(await rows.cursor('chain')).to.equal((1n << 64n) - 1n)
    expect(await rows.cursor('another')).to.equal(undefined)
  })

  it('are corrupt when they do not decode', async () => {
    const store = memoryStore()
    await store.batch([{ type: 'put', key: globalKey('cursor/chain'), value: Uint8Array.of(1) }])
    expect(await rejectionCode(globals(store).cursor('chain'))).to.equal('STORE_CORRUPT')
  })
})

describe('rows of contexts', () => {
  const context = ContextId.from(bytesOf('context'))
  const row = {
    number: 7,
    group: bytesOf('group'),
    protocol: 'near',
    network: 'testnet',
    contract: 'a.testnet',
    status: 0,
  }
  const meta: MetaRow = {
    application: bytesOf('app'),
    blob: bytesOf('blob'),
    applicationRevision: 3n,
    root: bytesOf('root'),
    applied: 1n << 40n,
    eventSeq: 9n,
    seenNs: (1n << 64n) - 1n,
    hlc: new Uint8Array(24).fill(7),
    rootMismatches: 2,
  }

  it('come back, and go', async () => {
    const store = memoryStore()
    const rows = contextRows(store)
    const heads = [id('a'), id('b')]
    expect(await rows.meta(7)).to.equal(undefined)
    expect(await rows.heads(7)).to.deep.equal([])
    await store.batch([rows.put(context, row), rows.putMeta(7, meta), rows.putHeads(7, heads)])
    expect(await rows.list()).to.deep.equal([{ id: context, row }])
    expect(await rows.meta(7)).to.deep.equal(meta)
    expect((await rows.heads(7)).map(toHex)).to.deep.equal(heads.map(toHex))
    expect(await rows.meta(8)).to.equal(undefined)
    await store.batch([rows.del(context)])
    expect(await rows.list()).to.deep.equal([])
  })

  it('say which blobs their members share', async () => {
    const store = memoryStore()
    const rows = contextRows(store)
    await store.batch([rows.link(7, id('blob'))])
    expect(rows.isLinked(7, id('blob'))).to.equal(true)
    expect(rows.isLinked(7, id('other'))).to.equal(false)
    expect(rows.isLinked(8, id('blob'))).to.equal(false)
  })

  it('are corrupt when a byte is missing', async () => {
    const store = memoryStore()
    const rows = contextRows(store)
    await store.batch([rows.putMeta(7, meta)])
    const key = rowKey(COLUMN.meta, u32be(7))
    const value = (await store.get(key))?.subarray(1) ?? EMPTY
    await store.batch([{ type: 'put', key, value }])
    expect(await rejectionCode(rows.meta(7))).to.equal('STORE_CORRUPT')
  })
})

describe('rows of intents', () => {
  const context = ContextId.from(bytesOf('context'))
  const row = {
    ...{ status: INTENT_STATUS.open, tries: 3, sinceMs: 1n, nextMs: 2n },
    ...{ code: 'ANCHOR_UNREACHABLE', message: 'not there', body: bytesOf('body') },
  }
  const key = { kind: INTENT_KIND.claim, context, part: bytesOf('part') }

  it('come back by kind, and go', async () => {
    const store = memoryStore()
    const rows = intentRows(store)
    await store.batch([rows.put(key, row)])
    expect(await rows.list(INTENT_KIND.claim)).to.deep.equal([{ key, row }])
    expect(await rows.list(INTENT_KIND.join)).to.deep.equal([])
    await store.batch([rows.del(key)])
    expect(await rows.list(INTENT_KIND.claim)).to.deep.equal([])
  })

  it('do not hide each other when one is damaged', async () => {
    const store = memoryStore()
    const rows = intentRows(store)
    await store.batch([rows.put(key, row), rows.put({ ...key, part: bytesOf('other') }, row)])
    const damaged = rowKey(COLUMN.intent, Uint8Array.of(key.kind), context, key.part)
    await store.batch([{ type: 'put', key: damaged, value: Uint8Array.of(1) }])
    const list = await rows.list(INTENT_KIND.claim)
    expect(list.filter((each) => each.row instanceof Error)).to.have.lengthOf(1)
    expect(list.filter((each) => !(each.row instanceof Error))).to.have.lengthOf(1)
  })
})

describe('rows of deltas', () => {
  const row = (over: Partial<DeltaRow> = {}): DeltaRow => ({
    status: DELTA_STATUS.pending,
    reason: 0,
    position: 0n,
    author: bytesOf('author'),
    sequence: 1n,
    kind: 1,
    member: bytesOf('member'),
    parents: [bytesOf('parent')],
    hlc: new Uint8Array(24).fill(3),
    size: 1234,
    ...over,
  })

  async function seeded(): Promise<{ store: Store; rows: ReturnType<typeof deltaRows> }> {
    const store = memoryStore()
    const rows = deltaRows(store)
    await store.batch([
      ...rows.putWaiting(1, id('a'), row()),
      rows.putEnvelope(1, id('a'), bytesOf('envelope')),
      ...rows.putWaiting(2, id('other context'), row()),
    ])
    return { store, rows }
  }

  it('wait until they are applied', async () => {
    const { store, rows } = await seeded()
    expect(rows.get(1, id('a'))).to.deep.equal(row())
    expect(rows.get(2, id('a'))).to.equal(undefined)
    expect(await rows.envelope(1, id('a'))).to.deep.equal(bytesOf('envelope'))
    expect(await rows.waiting(1)).to.deep.equal([{ id: id('a'), row: row() }])
    const applied = row({ status: DELTA_STATUS.applied, position: 5n })
    await store.batch(rows.putApplied(1, id('a'), applied))
    expect(await rows.waiting(1)).to.deep.equal([])
    expect(rows.get(1, id('a'))).to.deep.equal(applied)
    expect(await rows.waiting(2)).to.have.length(1)
  })

  it('leave no trace when they are discarded', async () => {
    const { store, rows } = await seeded()
    await store.batch(rows.delWaiting(1, id('a')))
    expect(rows.get(1, id('a'))).to.equal(undefined)
    expect(await rows.envelope(1, id('a'))).to.equal(undefined)
    expect(await rows.waiting(1)).to.deep.equal([])
  })

  it('come in order of application, from anywhere on, over any carry', async () => {
    const store = memoryStore()
    const rows = deltaRows(store)
    const positions = [1n, 255n, 256n, 1n << 32n]
    for (const position of [...positions].reverse()) {
      const applied = row({ status: DELTA_STATUS.applied, position })
      await store.batch(rows.putApplied(1, id(String(position)), applied))
    }
    await store.batch(rows.putApplied(2, id('other context'), row({ position: 300n })))
    const order = async (from: bigint): Promise<bigint[]> => {
      const found = []
      for await (const { position } of rows.order(1, from)) found.push(position)
      return found
    }
    expect(await order(0n)).to.deep.equal(positions)
    expect(await order(256n)).to.deep.equal(positions.slice(2))
  })

  it('take all the parents a delta may have', async () => {
    const store = memoryStore()
    const rows = deltaRows(store)
    const parents = Array.from({ length: 64 }, (_, i) => bytesOf(`parent ${i}`))
    await store.batch([rows.putRow(1, id('a'), row({ parents }))])
    expect(rows.get(1, id('a'))?.parents).to.have.length(64)
  })

  it('are corrupt when a byte is missing', async () => {
    const { store, rows } = await seeded()
    const key = rowKey(COLUMN.header, u32be(1), id('a'))
    const value = (await store.get(key))?.subarray(1) ?? EMPTY
    await store.batch([{ type: 'put', key, value }])
    expect(thrownCode(() => rows.get(1, id('a')))).to.equal('STORE_CORRUPT')
    expect(await rejectionCode(rows.waiting(1))).to.equal('STORE_CORRUPT')
  })
})

describe('rows of events', () => {
  const greatest: PayloadEvent = {
    kind: 'k'.repeat(MAX_EVENT_KIND_BYTES),
    data: new Uint8Array(MAX_EVENT_DATA_BYTES),
    handler: 'h'.repeat(MAX_EVENT_HANDLER_BYTES),
  }
  const mutation = (
    events: PayloadEvent[] = [],
  ): Parameters<ReturnType<typeof eventRows>['put']>[2] => ({
    delta: bytesOf('delta'),
    root: bytesOf('root'),
    member: bytesOf('member'),
    events,
  })

  it('are read from a sequence on, up to a limit, and trimmed below one', async () => {
    const store = memoryStore()
    const rows = eventRows(store)
    for (const seq of [1n, 2n, 3n, 300n]) await store.batch([rows.put(1, seq, mutation())])
    await store.batch([rows.put(2, 1n, mutation())])
    const read = async (since: bigint, limit: number): Promise<bigint[]> =>
      (await rows.read(1, since, limit)).map(({ seq }) => seq)
    expect(await read(2n, 10)).to.deep.equal([2n, 3n, 300n])
    expect(await read(1n, 2)).to.deep.equal([1n, 2n])
    await rows.trim(1, 3n)
    expect(await rows.oldest(1)).to.equal(3n)
    expect(await read(0n, 10)).to.deep.equal([3n, 300n])
    expect(await rows.oldest(2)).to.equal(1n)
    expect(await rows.oldest(3)).to.equal(undefined)
  })

  it('take everything a delta may carry', async () => {
    const store = memoryStore()
    const rows = eventRows(store)
    const events = Array<PayloadEvent>(MAX_EVENTS).fill(greatest)
    await store.batch([rows.put(1, 1n, mutation(events))])
    expect((await rows.read(1, 1n, 1))[0]?.row.events).to.have.length(MAX_EVENTS)
  })

  it('keep the ledger of handlers, also for the greatest event', async () => {
    const store = memoryStore()
    const rows = eventRows(store)
    const entry = {
      ...{ sinceMs: 1n, nextMs: 2n, code: 'RUNTIME_TRAP', message: 'no' },
      status: LEDGER_STATUS.todo,
      tries: 2,
      depth: 8,
      event: greatest,
    }
    await store.batch([rows.putLedger(1, id('a'), MAX_EVENTS - 1, entry)])
    expect(await rows.ledger(1)).to.deep.equal([
      { delta: id('a'), index: MAX_EVENTS - 1, row: entry },
    ])
    expect(await rows.ledger(2)).to.deep.equal([])
  })
})

describe('rows of groups', () => {
  const group = GroupId.from(bytesOf('group'))
  const alice = PublicKey.from(bytesOf('alice'))

  it('come back, each kind by itself', async () => {
    const store = memoryStore()
    const rows = groupRows(store)
    const row = {
      number: 3,
      protocol: 'near',
      membersRevision: 4n,
      capabilitiesRevision: 5n,
      watchedFrom: 2n,
      departedRevision: 3n,
      departedAtMs: 1_767_225_600_000n,
      viewHeight: (1n << 64n) - 1n,
      viewBlock: `0x${'ab'.repeat(32)}`,
      viewAtMs: 1_767_225_600_001n,
      contract: `0x${'cd'.repeat(20)}`,
      successor: bytesOf('successor').slice(0, 20),
      movesAt: 1_767_830_400n,
    }
    const member = {
      role: 1,
      capabilities: 255,
      nonce: 6n,
      joinedRevision: 2n,
      removedRevision: 0n,
    }
    const context = ContextId.from(bytesOf('context'))
    const address = { peer: '12D3KooW', addresses: ['/ip4/127.0.0.1/tcp/1', '/dns4/x/tcp/2'] }
    const identity = { sealed: new Uint8Array(60), group }
    await store.batch([
      rows.put(group, row),
      contextRows(store).put(context, { ...row, group, network: 'n', contract: 'c', status: 0 }),
      rows.putMember(3, alice, member),
      rows.putIdentity(alice, identity),
      rows.putAddress(context, alice, address),
    ])
    expect(await rows.list()).to.deep.equal([{ id: group, row }])
    expect(await rows.members(3)).to.deep.equal([{ identity: alice, row: member }])
    expect(await rows.members(4)).to.deep.equal([])
    expect(await rows.identities()).to.deep.equal([{ identity: alice, row: identity }])
    expect(await rows.addresses()).to.deep.equal([{ context, identity: alice, row: address }])
    await store.batch([rows.delAddress(context, alice)])
    expect(await rows.addresses()).to.deep.equal([])
  })

  it('keep two keys of one epoch apart, epochs in order', async () => {
    const store = memoryStore()
    const rows = groupRows(store)
    const epochs = [
      [256, 'a'],
      [1, 'b'],
      [1, 'c'],
    ] as const
    for (const [epoch, name] of epochs) {
      await store.batch([
        rows.putEpoch(3, bytesOf(name), {
          ...{ epoch, madeAt: 1n, coversTo: 2n, giver: ZERO_ID, sealed: bytesOf(name) },
        }),
      ])
    }
    expect((await rows.epochs(3)).map(({ epoch }) => epoch)).to.deep.equal([1, 1, 256])
  })
})

describe('numbers in keys', () => {
  it('sort as they count', () => {
    expect(toHex(u32be(0x01020304))).to.equal('01020304')
    expect(toHex(u64be(0x0102030405060708n))).to.equal('0102030405060708')
    expect(new Set(Object.values(COLUMN)).size).to.equal(Object.keys(COLUMN).length)
  })
})
