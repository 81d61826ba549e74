import { expect } from 'chai'
import type { Repaired } from '../../../src/node/interface.ts'
import {
  MAX_REPLAYS,
  MAX_UNANSWERED,
  REPLAY_REST,
  REPLAY_ROUNDS,
} from '../../../src/node/context/limits.ts'
import { EMPTY, fromUtf8 } from '../../../src/node/primitives/bytes.ts'
import { COLUMN, columnRange, u32be } from '../../../src/node/store/keys.ts'
import { bytesOf, craftDelta, type Crafted, keyOf } from '../../support/craft-delta.ts'
import { rejectionCode } from '../../support/error-code.ts'
import {
  CONTEXT_NUMBER,
  type KitInit,
  type ReplicaKit,
  replicaKit,
  testKeyring,
} from '../../support/replica-kit.ts'

const alice = keyOf('alice')
const bob = keyOf('bob')
const me = keyOf('me')
const keyring = testKeyring()
const INIT: KitInit = {
  own: [me],
  members: [
    [alice, 'writer'],
    [bob, 'writer'],
    [me, 'writer'],
  ],
}

const genesis = craftDelta({ author: alice, keyring, item: 'genesis', step: 0 })
const parents = [genesis.id]
const early = craftDelta({ author: alice, keyring, item: 'early', step: 1, parents, sequence: 2 })
const late = craftDelta({ author: bob, keyring, item: 'late', step: 2, parents })

/** A replica that has applied deltas in the order given. */
async function kitOf(...deltas: readonly Crafted[]): Promise<ReplicaKit> {
  const kit = await replicaKit(INIT)
  for (const { bytes } of deltas) await kit.replica.receive(bytes)
  return kit
}

/** A replica whose root is not what its deltas make. */
async function wrongKit(...deltas: readonly Crafted[]): Promise<ReplicaKit> {
  const kit = await replicaKit(INIT)
  kit.model.noise = bytesOf('noise')
  for (const { bytes } of deltas) await kit.replica.receive(bytes)
  kit.model.noise = undefined
  return kit
}

/** What the next replay comes to. */
async function replayed(kit: ReplicaKit): Promise<Repaired> {
  const { repair } = kit.replica
  expect(repair.divergence?.state).to.equal('repairing')
  return repair.run() // the one that runs
}

function differs(kit: ReplicaKit, times = 1, peer = 'peer'): void {
  for (let i = 0; i < times; i++) kit.replica.repair.compared(peer, false)
}

describe('a state that differs from that of a member with the same deltas', () => {
  it('is replayed in the order of the timestamps when that is seen twice', async () => {
    const right = await kitOf(genesis, early, late)
    const kit = await wrongKit(genesis, late, early)
    const told: string[] = []
    kit.replica.events.on('replaced', () => told.push('replaced'))
    kit.model.applies.length = 0
    differs(kit)
    expect(kit.replica.repair.divergence).to.include({ state: 'suspected', members: 1 })
    expect(kit.model.applies).to.deep.equal([])
    differs(kit)
    expect(await replayed(kit)).to.deep.include({ deltas: 3, changed: true })
    expect(kit.model.applies).to.deep.equal(['genesis', 'early', 'late'])
    expect(kit.replica.state.meta.root).to.deep.equal(right.replica.state.meta.root)
    expect(await kit.items()).to.deep.equal(await right.items())
    expect(told).to.deep.equal(['replaced'])
    kit.replica.repair.compared('peer', true)
    expect(kit.replica.repair.divergence).to.equal(undefined)
  })

  it('takes over the rows with the root, and survives a restart', async () => {
    const kit = await kitOf(genesis, early)
    const { root } = kit.replica.state.meta
    const [row] = await first(kit)
    await kit.store.batch([{ type: 'del', key: row }])
    await kit.model.forget(kit.replica.state.ref)
    expect(await kit.items()).to.have.length(1)
    // the stored root is right and its rows are not, which the check finds at a start
    const again = await kit.reopen()
    await again.replica.resume()
    expect(await again.replica.repair.run()).to.include({ deltas: 2 })
    expect(again.replica.state.meta.root).to.deep.equal(root)
    expect(await again.items()).to.deep.equal(['early', 'genesis'])
  })

  it('is what calls see from then on', async () => {
    const kit = await kitOf(genesis, early)
    const [row] = await first(kit)
    await kit.store.batch([{ type: 'del', key: row }])
    await kit.model.forget(kit.replica.state.ref)
    const look = async () => fromUtf8((await kit.call('look', '')).output ?? EMPTY)
    expect(await look()).to.equal('1')
    await kit.replica.repair.run()
    expect(await look()).to.equal('2')
  })

  it('is not replayed when the root is that of the rows', async () => {
    const kit = await kitOf(genesis, early)
    kit.model.applies.length = 0
    await kit.replica.resume()
    expect(kit.model.applies).to.deep.equal([])
    expect(kit.replica.repair.divergence).to.equal(undefined)
  })

  it('is suspected again from the start when something else was applied in between', async () => {
    const kit = await wrongKit(genesis)
    differs(kit)
    await kit.replica.receive(early.bytes)
    differs(kit)
    expect(kit.replica.repair.divergence?.state).to.equal('suspected')
  })

  it('is shown, and left alone, when the other member does not follow', async () => {
    const kit = await kitOf(genesis, early)
    differs(kit, 2)
    expect(await replayed(kit)).to.include({ changed: false })
    kit.model.applies.length = 0
    differs(kit, MAX_UNANSWERED - 1)
    expect(kit.replica.repair.divergence?.state).to.equal('suspected')
    differs(kit)
    expect(kit.replica.repair.divergence?.state).to.equal('diverged')
    expect(kit.replica.failures.last).to.include({ what: 'root', code: 'CONTEXT_DIVERGED' })
    differs(kit, 100)
    expect(kit.model.applies).to.deep.equal([])
    // an operator asks
    expect(await kit.replica.repair.ask()).to.include({ changed: false })
    expect(kit.replica.repair.divergence?.state).to.equal('suspected')
    kit.replica.repair.compared('peer', true)
    expect(kit.replica.repair.divergence).to.equal(undefined)
    expect(kit.replica.failures.last).to.equal(undefined)
  })

  it('is replayed a few times only while the history goes on', async () => {
    const kit = await kitOf(genesis)
    let last = genesis
    for (let i = 0; i < MAX_REPLAYS; i++) {
      differs(kit, 2)
      await replayed(kit)
      last = craftDelta({
        author: bob,
        keyring,
        item: `item ${i}`,
        step: 10 + i,
        parents: [last.id],
        sequence: i + 1,
      })
      await kit.replica.receive(last.bytes)
    }
    kit.model.applies.length = 0
    differs(kit, 2)
    expect(kit.replica.repair.divergence).to.include({ state: 'diverged', replays: MAX_REPLAYS })
    expect(kit.model.applies).to.deep.equal([])
  })

  it('is not replayed all the time for a member that differs and agrees in turn', async () => {
    const kit = await kitOf(genesis)
    const { apply } = kit.model
    kit.model.apply = async (call) => {
      kit.clock.advance(100)
      return apply(call)
    }
    differs(kit, 2)
    await replayed(kit)
    kit.replica.repair.compared('peer', true)
    await kit.replica.receive(early.bytes)
    kit.model.applies.length = 0
    kit.clock.advance(REPLAY_REST * 100 - 101) // one delta took 100 ms, and so did the one since
    differs(kit, 10)
    expect(kit.model.applies).to.deep.equal([])
    kit.clock.advance(1)
    differs(kit)
    expect(await replayed(kit)).to.include({ deltas: 2 })
  })

  it('is not settled by one member that agrees while another differs', async () => {
    const kit = await kitOf(genesis)
    differs(kit, 2, 'one')
    await replayed(kit)
    kit.replica.repair.compared('two', true)
    expect(kit.replica.repair.divergence?.members).to.equal(1)
    kit.replica.repair.compared('one', true)
    expect(kit.replica.repair.divergence).to.equal(undefined)
  })
})

describe('a replay', () => {
  it('begins anew when a delta comes that belongs earlier, and holds calls up at last', async () => {
    const kit = await wrongKit(genesis, late)
    const { apply } = kit.model
    let rounds = 0
    kit.model.apply = async (call) => {
      const outcome = await apply(call)
      // each time the later one has been replayed, an earlier one comes
      if (call.context.number === CONTEXT_NUMBER || kit.model.applies.at(-1) !== 'late')
        return outcome
      rounds++
      const place = { step: 1 + rounds / 10, sequence: 1 + rounds, parents }
      const { bytes } = craftDelta({ author: alice, keyring, item: `early ${rounds}`, ...place })
      void kit.replica.receive(bytes) // joins the queue of calls and deltas
      return outcome
    }
    expect(await kit.replica.repair.run()).to.include({ deltas: 2 + REPLAY_ROUNDS })
    await kit.idle()
    expect(await kit.items()).to.have.length(3 + REPLAY_ROUNDS)
  })

  it('takes along what was called meanwhile', async () => {
    const kit = await wrongKit(genesis)
    const repaired = kit.replica.repair.run()
    await kit.call('add', 'called')
    const { deltas } = await repaired
    await kit.idle()
    expect(await kit.items()).to.deep.equal(['called', 'genesis'])
    expect(deltas).to.be.within(1, 2)
    const right = await kit.model.root(kit.replica.state.ref, 'opaque')
    expect(kit.replica.state.meta.root).to.deep.equal(right)
  })

  it('changes nothing when a delta does not apply any more', async () => {
    const kit = await wrongKit(genesis, early)
    const { root } = kit.replica.state.meta
    kit.model.broken.add('early')
    expect(await rejectionCode(kit.replica.repair.run())).to.equal('RUNTIME_TRAP')
    expect(kit.replica.state.meta.root).to.deep.equal(root)
    expect(kit.replica.failures.last).to.include({ what: 'root', code: 'RUNTIME_TRAP' })
    differs(kit, 5)
    expect(kit.replica.repair.divergence?.state).to.equal('diverged')
  })

  it('is tried again when the disk refused what came of it', async () => {
    const kit = await wrongKit(genesis)
    const { root } = kit.replica.state.meta
    kit.store.failAt = 2 // the row of the replayed delta, then what is taken over
    expect(await rejectionCode(kit.replica.repair.run())).to.equal('STORE_FAILED')
    expect(kit.replica.state.meta.root).to.deep.equal(root)
    differs(kit, 2)
    expect(await replayed(kit)).to.include({ changed: true })
  })

  it('leaves no rows behind', async () => {
    const kit = await wrongKit(genesis, early)
    await kit.replica.repair.run()
    const range = columnRange(COLUMN.state)
    const numbers = new Set<number>()
    for await (const key of kit.store.keys(range)) {
      numbers.add(new DataView(key.buffer, key.byteOffset).getUint32(1))
    }
    expect([...numbers]).to.deep.equal([CONTEXT_NUMBER])
  })

  it('ends with its context', async () => {
    const kit = await wrongKit(genesis, early)
    const { root } = kit.replica.state.meta
    const repaired = rejectionCode(kit.replica.repair.run())
    await kit.replica.close()
    expect(await repaired).to.be.oneOf(['ABORTED', 'CONTEXT_NOT_FOUND'])
    expect(kit.replica.state.meta.root).to.deep.equal(root)
    expect(kit.replica.failures.last).to.equal(undefined)
  })
})

/** Keys of the stored state. */
async function first(kit: ReplicaKit): Promise<[Uint8Array, ...Uint8Array[]]> {
  const keys: Uint8Array[] = []
  for await (const key of kit.store.keys(columnRange(COLUMN.state, u32be(CONTEXT_NUMBER)))) {
    keys.push(key)
  }
  return keys as [Uint8Array, ...Uint8Array[]] // callers have applied something
}
