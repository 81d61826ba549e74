import { expect } from 'chai'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { ContextId } from '../../../src/node/primitives/ids.ts'
import { LAYOUTS } from '../../../src/node/runtime/artifact/layout.ts'
import type { GuestOutcome } from '../../../src/node/runtime/engine.ts'
import { guestKeptState } from '../../../src/node/runtime/guest-kept-state.ts'
import type { StateDifference, StateModel } from '../../../src/node/runtime/state-model.ts'
import {
  packOutcome,
  unpackOutcome,
  packJob,
  unpackJob,
} from '../../../src/node/runtime/wasm/messages.ts'
import { COLUMN, rowKey, u32be } from '../../../src/node/store/keys.ts'
import type { Store } from '../../../src/node/store/store.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { loadKv, MemoryRows, Replica, seeded, sha256 } from '../../support/guest.ts'

const context = { id: ContextId.from(sha256('context')), number: 7 }
const engine = {
  execute: () => Promise.reject(new TypeError('not called')),
  apply: () => Promise.reject(new TypeError('not called')),
  forget: () => Promise.resolve(),
}

/** A model over rows in memory. */
function modelOf(rows: MemoryRows): StateModel {
  const prefix = rowKey(COLUMN.state, u32be(context.number)).length
  const store: Pick<Store, 'get' | 'iterate'> = {
    get: (key) => Promise.resolve(rows.shared.get(toHex(key.subarray(prefix)))),
    async *iterate({ gte }) {
      for (const [key, value] of [...rows.shared].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const row = rowKey(COLUMN.state, u32be(context.number), Buffer.from(key, 'hex'))
        if (Buffer.compare(row, gte) >= 0) yield [row, value]
      }
    },
  }
  return guestKeptState()({ engine, store })
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = []
  for await (const item of items) out.push(item)
  return out
}

async function replica(): Promise<Replica> {
  const one = new Replica({
    module: await loadKv(),
    name: 'a',
    wallNs: () => 1_000_000n,
    random: seeded('a').bytes,
  })
  one.call('init')
  one.call('set', { key: 'a', value: '1' })
  return one
}

describe('state kept by the guest', () => {
  it('has the root that the guest committed', async () => {
    const one = await replica()
    expect(await modelOf(one.rows).root(context, 'E5b')).to.deep.equal(one.root)
    expect(await modelOf(new MemoryRows()).root(context, 'E5b')).to.deep.equal(new Uint8Array(32))
  })

  it('says so when the record of the root is damaged', async () => {
    const one = await replica()
    one.rows.shared.set(toHex(sha256(Uint8Array.of(0), context.id)), Uint8Array.of(1, 2, 3))
    expect(await rejectionCode(modelOf(one.rows).root(context, 'E5b'))).to.equal(
      'RUNTIME_STATE_CORRUPT',
    )
  })

  it('says by itself when a hash in it is another than that of what it stands for', async () => {
    const one = await replica()
    const key = toHex(sha256(Uint8Array.of(0), context.id))
    const record = LAYOUTS.E5.decodeIndex(one.rows.shared.get(key) as Uint8Array) // an app has one
    const wrong = { ...record, ownHash: sha256('other bytes') }
    one.rows.shared.set(key, LAYOUTS.E5.encodeIndex(wrong))
    expect(await modelOf(one.rows).root(context, 'E5b')).not.to.deep.equal(one.root)
  })

  it('has no root that could be compared where records cannot be read', async () => {
    const one = await replica()
    expect(await modelOf(one.rows).root(context, 'opaque')).to.equal(undefined)
    // a module that is only presumed to be of the oldest era keeps what it likes
    expect(await modelOf(one.rows).root(context, 'E1')).to.equal(undefined)
    expect(await modelOf(new MemoryRows()).root(context, 'E1')).to.equal(undefined)
  })

  it('gives its rows in key order', async () => {
    const one = await replica()
    const rows = await all(modelOf(one.rows).rows(context))
    expect(rows.map((row) => toHex(row.key))).to.deep.equal([...one.rows.shared.keys()].sort())
  })

  it('finds where two copies part', async () => {
    const one = await replica()
    const other = new MemoryRows()
    other.copyFrom(one.rows)
    const keys = [...other.shared.keys()].sort() as [string, string, string]
    other.shared.delete(keys[0])
    other.shared.set(keys[1], Uint8Array.of(1))
    other.shared.set('ff'.repeat(32), Uint8Array.of(2))
    const differences = await all(modelOf(one.rows).diff(context, modelOf(other).rows(context)))
    const text = differences.map(({ key, ours, theirs }: StateDifference) => [
      toHex(key),
      ours !== undefined,
      theirs !== undefined,
    ])
    expect(text).to.deep.equal([
      [keys[0], true, false],
      [keys[1], true, true],
      ['ff'.repeat(32), false, true],
    ])
    expect(
      await all(modelOf(one.rows).diff(context, modelOf(one.rows).rows(context))),
    ).to.deep.equal([])
  })
})

describe('messages between threads', () => {
  it('carry an outcome unchanged', () => {
    const outcome: GuestOutcome = {
      output: undefined,
      logs: ['log'],
      events: [
        { kind: 'a', data: Uint8Array.of(1) },
        { kind: 'b', data: Uint8Array.of(), handler: 'h' },
      ],
      crossCalls: [{ contextId: context.id, method: 'm', params: Uint8Array.of(4) }],
      requests: [{ kind: 'approve', proposal: new Uint8Array(32) }],
      root: new Uint8Array(32).fill(1),
      artifact: Uint8Array.of(9, 9),
      needsSignature: true,
      writes: [
        { key: Uint8Array.of(1), value: undefined },
        { key: Uint8Array.of(2), value: Uint8Array.of() },
      ],
      privateWrites: [{ key: Uint8Array.of(3), value: Uint8Array.of(3) }],
      indexWrites: [{ key: Uint8Array.of(4), value: Uint8Array.of(4) }],
      blobs: [new Uint8Array(32).fill(5)],
      blobContents: [Uint8Array.of(6)],
      lastNs: 7n,
      fuel: 8n,
    }
    expect(unpackOutcome(packOutcome(outcome))).to.deep.equal(outcome)
  })

  it('carry calls unchanged', async () => {
    const base = {
      context,
      module: sha256('m'),
      executor: context.id as never,
      seenNs: 5n,
      lane: 3,
      members: [sha256('x') as never],
    }
    const execute = {
      kind: 'execute',
      call: { ...base, method: 'f', input: Uint8Array.of(1), readOnly: true },
      offsetNs: 1n,
    } as const
    const apply = {
      kind: 'apply',
      call: { ...base, artifact: Uint8Array.of(1), authoredNs: 9n },
      offsetNs: 0n,
    } as const
    expect(unpackJob(packJob(1, execute))).to.deep.equal(execute)
    const called = { ...execute, call: { ...execute.call, origin: context.id } }
    expect(unpackJob(packJob(1, called))).to.deep.equal(called)
    expect(unpackJob(packJob(1, apply))).to.deep.equal(apply)
  })
})
