import { expect } from 'chai'
import { MAX_PARENTS } from '../../../src/node/codec/delta.ts'
import { MAX_CALL_RUN } from '../../../src/node/context/limits.ts'
import { EMPTY, fromUtf8, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { compareHlc, hlcTime, ntp64ToNs } from '../../../src/node/primitives/hlc.ts'
import { idKey } from '../../../src/node/primitives/ids.ts'
import { craftDelta, keyOf } from '../../support/craft-delta.ts'
import { rejectionCode } from '../../support/error-code.ts'
import {
  CONTEXT_NUMBER,
  type KitInit,
  type ReplicaKit,
  replicaKit,
  testKeyring,
} from '../../support/replica-kit.ts'

const alice = keyOf('alice')
const me = keyOf('me')
const reader = keyOf('reader')
const keyring = testKeyring()
const INIT: KitInit = {
  own: [me],
  members: [
    [alice, 'writer'],
    [me, 'writer'],
    [reader, 'reader'],
  ],
}
const genesis = craftDelta({ author: alice, keyring, item: 'genesis' })

async function started(over: Partial<KitInit> = {}): Promise<ReplicaKit> {
  const kit = await replicaKit({ ...INIT, ...over })
  expect((await kit.replica.receive(genesis.bytes)).status).to.equal('applied')
  return kit
}

/** What a context remembers, and what the database says. */
async function snapshot(kit: ReplicaKit): Promise<unknown> {
  const { state } = kit.replica
  return {
    heads: state.dag.heads.map(idKey),
    waiting: state.dag.count(),
    root: toHex(state.meta.root),
    applied: state.meta.applied,
    eventSeq: state.meta.eventSeq,
    items: await kit.items(),
  }
}

describe('local calls of a context replica', () => {
  it('found a context with its first delta, and the rows given go into the same batch', async () => {
    const kit = await replicaKit(INIT)
    expect(await rejectionCode(kit.call('add', 'too early'))).to.equal('CONTEXT_UNINITIALIZED')
    const row = { type: 'put', key: utf8('~row'), value: utf8('1') } as const
    const call = { method: 'init', input: utf8('first'), executor: me }
    kit.store.failAt = 1
    expect(await rejectionCode(kit.replica.initialize(call, [row]))).to.equal('STORE_FAILED')
    expect(await kit.store.get(utf8('~row'))).to.equal(undefined)
    expect(kit.replica.state.hasState).to.equal(false)
    await kit.replica.initialize(call, [row])
    expect(await kit.store.get(utf8('~row'))).to.deep.equal(utf8('1'))
    expect(await kit.items()).to.deep.equal(['first'])
  })

  it('refuse an init that stores nothing', async () => {
    const kit = await replicaKit(INIT)
    const call = { method: 'look', input: EMPTY, executor: me }
    expect(await rejectionCode(kit.replica.initialize(call, []))).to.equal('CONTEXT_INIT_INVALID')
  })

  it('become deltas that another node applies to the same root', async () => {
    const kit = await started()
    const other = await started({ own: [alice] })
    const result = await kit.call('add', 'mine')
    const bytes = await kit.deltas.envelope(CONTEXT_NUMBER, result.delta ?? genesis.id)
    expect((await other.replica.receive(bytes ?? EMPTY)).status).to.equal('applied')
    expect(other.replica.state.meta.root).to.deep.equal(result.root)
    expect(other.tally.mismatches).to.equal(kit.tally.mismatches)
    expect(kit.mutations.at(-1)?.delta).to.deep.equal(result.delta)
    expect((await kit.replica.receive(bytes ?? EMPTY)).status).to.equal('duplicate')
  })

  it('are stored together when they wait together, each with its own answer', async () => {
    const kit = await started()
    const { batches } = kit.store
    const count = MAX_CALL_RUN * 2
    const results = await Promise.all(
      Array.from({ length: count }, (_, i) => kit.call('add', `call ${i}`)),
    )
    expect(new Set(results.map(({ delta }) => toHex(delta ?? EMPTY))).size).to.equal(count)
    expect(new Set(results.map(({ root }) => toHex(root))).size).to.equal(count)
    expect(kit.store.batches - batches).to.be.lessThan(count / 4)
    expect(kit.replica.state.dag.heads).to.have.length(1)
    expect(kit.mutations.map(({ seq }) => seq)).to.deep.equal(
      Array.from({ length: count + 1 }, (_, i) => BigInt(i + 1)),
    )
    const other = await started({ own: [alice] })
    for (const { delta } of results) {
      const bytes = await kit.deltas.envelope(CONTEXT_NUMBER, delta ?? genesis.id)
      expect((await other.replica.receive(bytes ?? EMPTY)).status).to.equal('applied')
    }
    expect(other.replica.state.meta.root).to.deep.equal(kit.replica.state.meta.root)
  })

  it('that fail or only look change nothing, also among calls that do', async () => {
    const kit = await started()
    kit.model.failing.set('emit', 1)
    const codes = await Promise.all([
      rejectionCode(kit.call('add', 'one')),
      rejectionCode(kit.call('emit', 'fails')),
      rejectionCode(kit.call('bare', 'says not how')),
      rejectionCode(kit.call('nonsense', '')),
      rejectionCode(kit.call('add', 'two')),
    ])
    expect(codes).to.deep.equal([
      'none',
      'RUNTIME_TRAP',
      'CONTEXT_EMPTY_ARTIFACT',
      'RUNTIME_METHOD_NOT_FOUND',
      'none',
    ])
    const look = await kit.call('look', '')
    expect(look.delta).to.equal(undefined)
    expect(fromUtf8(look.output ?? EMPTY)).to.equal('3')
    expect(await kit.items()).to.deep.equal(['genesis', 'one', 'two'])
    expect(kit.replica.state.meta.root).to.deep.equal(
      await kit.model.root(kit.replica.state.ref, 'opaque'),
    )
  })

  it('of a reader or a stranger are refused, and leave the guest as it was', async () => {
    const kit = await started({ own: [me, reader] })
    const codes = [
      await rejectionCode(kit.call('add', 'r', reader)),
      await rejectionCode(kit.call('add', 's', keyOf('stranger'))),
    ]
    expect(codes).to.deep.equal(['CONTEXT_READ_ONLY', 'CONTEXT_READ_ONLY'])
    expect(fromUtf8((await kit.call('look', '')).output ?? EMPTY)).to.equal('1')
    await kit.call('add', 'mine')
    expect(kit.replica.state.meta.root).to.deep.equal(
      await kit.model.root(kit.replica.state.ref, 'opaque'),
    )
  })

  it('stamp later than everything seen, also after a restart with a clock that went back', async () => {
    const kit = await started()
    const ahead = craftDelta({
      author: alice,
      keyring,
      item: 'ahead',
      step: 4_000,
      parents: [genesis.id],
    })
    await kit.replica.receive(ahead.bytes)
    const hlcOf = async (
      call: Promise<{ delta: unknown }>,
      from: ReplicaKit,
    ): Promise<Uint8Array> => {
      await call
      const [head] = from.replica.state.dag.heads
      return from.deltas.get(CONTEXT_NUMBER, head ?? genesis.id)?.hlc ?? EMPTY
    }
    const first = await hlcOf(kit.call('add', 'a'), kit)
    expect(compareHlc(first, ahead.envelope.header.hlc)).to.be.greaterThan(0)
    kit.clock.set(kit.clock.nowNs() - 86_400_000_000_000n)
    const again = await kit.reopen()
    const second = await hlcOf(again.call('add', 'b'), again)
    expect(compareHlc(second, first)).to.be.greaterThan(0)
    expect(hlcTime(second) > hlcTime(first)).to.equal(true)
  })

  it('stamp what is called in a wrong hour as if it were right', async () => {
    const kit = await started()
    for (const stepMs of [3_600_000, -3_600_000]) {
      const rightNs = kit.clock.nowNs()
      kit.clock.set(rightNs + BigInt(stepMs) * 1_000_000n)
      const { delta } = await kit.call('add', `in ${stepMs}`)
      const hlc = kit.deltas.get(CONTEXT_NUMBER, delta ?? genesis.id)?.hlc ?? EMPTY
      const offMs = Number(ntp64ToNs(hlcTime(hlc)) - rightNs) / 1e6
      expect(Math.abs(offMs)).to.be.lessThan(10)
      kit.clock.set(rightNs)
    }
  })

  it('join at most as many heads as a delta may name, and the rest next time', async () => {
    const kit = await started()
    const other = await started({ own: [alice] })
    const branches = Array.from({ length: MAX_PARENTS + 6 }, (_, i) =>
      craftDelta({
        author: alice,
        keyring,
        item: `branch ${i}`,
        step: 1 + i,
        parents: [genesis.id],
      }),
    )
    for (const { bytes } of branches) {
      await kit.replica.receive(bytes)
      await other.replica.receive(bytes)
    }
    expect(kit.replica.state.dag.heads).to.have.length(MAX_PARENTS + 6)
    const left = [7, 1]
    for (const [i, item] of ['first', 'second'].entries()) {
      const { delta = genesis.id } = await kit.call('add', item)
      const bytes = (await kit.deltas.envelope(CONTEXT_NUMBER, delta)) ?? EMPTY
      expect((await other.replica.receive(bytes)).status).to.equal('applied')
      expect(other.replica.state.dag.heads).to.have.length(left[i] ?? 0)
      expect(kit.replica.state.dag.heads).to.have.length(left[i] ?? 0)
    }
    expect(await other.items()).to.deep.equal(await kit.items())
  })
})

describe('a disk that refuses a batch', () => {
  const child = craftDelta({
    author: alice,
    keyring,
    item: 'child',
    step: 1,
    parents: [genesis.id],
  })

  it('leaves a context as it was before a local call, and the next call works', async () => {
    const kit = await started()
    const before = await snapshot(kit)
    kit.store.failAt = 1
    expect(await rejectionCode(kit.call('add', 'lost'))).to.equal('STORE_FAILED')
    expect(await snapshot(kit)).to.deep.equal(before)
    await kit.call('add', 'kept')
    expect(await kit.items()).to.deep.equal(['genesis', 'kept'])
    expect(kit.replica.state.meta.root).to.deep.equal(
      await kit.model.root(kit.replica.state.ref, 'opaque'),
    )
    const again = await kit.reopen()
    expect(await snapshot(again)).to.deep.equal(await snapshot(kit))
  })

  it('leaves it as it was before a delta of another, which is taken when it comes again', async () => {
    const kit = await started()
    const before = await snapshot(kit)
    kit.store.failAt = 1
    expect((await kit.replica.receive(child.bytes)).status).to.equal('refused')
    expect(await snapshot(kit)).to.deep.equal(before)
    expect((await kit.replica.receive(child.bytes)).status).to.equal('applied')
    expect(kit.replica.state.meta.root).to.deep.equal(
      await kit.model.root(kit.replica.state.ref, 'opaque'),
    )
  })

  it('does not strand what waited: it is applied when the disk is well again', async () => {
    const kit = await replicaKit(INIT)
    expect((await kit.replica.receive(child.bytes)).status).to.equal('pending')
    kit.store.failAt = 2 // the parent is stored, the child is not
    await kit.replica.receive(genesis.bytes)
    expect(kit.replica.state.dag.status(genesis.id)).to.equal('applied')
    kit.clock.advance(60_000)
    await kit.idle()
    expect(await kit.items()).to.deep.equal(['child', 'genesis'])
  })

  it('stops a context whose rows turn out damaged, and only with a restart it tries again', async () => {
    const kit = await started()
    const key = Uint8Array.of(0x08, 0, 0, 0, CONTEXT_NUMBER, ...child.id)
    await kit.store.batch([{ type: 'put', key, value: EMPTY }])
    const grandchild = craftDelta({
      author: alice,
      keyring,
      item: 'g',
      step: 2,
      parents: [child.id],
    })
    await kit.replica.receive(grandchild.bytes)
    expect(kit.replica.stopped).to.equal(true)
    expect(await rejectionCode(kit.call('add', 'x'))).to.equal('CONTEXT_STOPPED')
  })
})
