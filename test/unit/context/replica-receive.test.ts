import { expect } from 'chai'
import { DELTA_KIND, envelopeCodec } from '../../../src/node/codec/delta.ts'
import { MAX_APPLY_RUN } from '../../../src/node/context/limits.ts'
import { MAX_AUTHOR_UNKNOWN_PARENTS } from '../../../src/node/dag/limits.ts'
import { compareBytes, EMPTY, fromUtf8 } from '../../../src/node/primitives/bytes.ts'
import { idKey } from '../../../src/node/primitives/ids.ts'
import { storeError } from '../../../src/node/store/errors.ts'
import { bytesOf, craftDelta, type Crafted, keyOf } from '../../support/craft-delta.ts'
import { idOf } from '../../support/dag-arbitraries.ts'
import {
  type KitInit,
  type ReplicaKit,
  replicaKit,
  testKeyring,
} from '../../support/replica-kit.ts'
import { recordLogger } from '../../support/record-logger.ts'
import { addKey, madeAt } from '../../support/test-keyring.ts'

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

/** A chain by Alice: `length` deltas, each the parent of the next. */
function chainOf(length: number): Crafted[] {
  const chain: Crafted[] = []
  for (let i = 0; i < length; i++) {
    const before = chain.at(-1)
    const parents = before === undefined ? {} : { parents: [before.id] }
    chain.push(
      craftDelta({
        author: alice,
        keyring,
        item: `item ${i}`,
        step: i,
        sequence: i + 1,
        ...parents,
      }),
    )
  }
  return chain
}

async function receiveAll(kit: ReplicaKit, deltas: readonly Crafted[]): Promise<string[]> {
  const statuses = []
  for (const { bytes } of deltas) statuses.push((await kit.replica.receive(bytes)).status)
  return statuses
}

describe('a context replica receiving deltas', () => {
  const chain = chainOf(4)
  const [first, second, third, fourth] = chain as [Crafted, Crafted, Crafted, Crafted] // chainOf(4)

  it('applies a chain in order, one mutation each', async () => {
    const kit = await replicaKit(INIT)
    expect(await receiveAll(kit, chain)).to.deep.equal(Array(4).fill('applied'))
    expect(await kit.items()).to.deep.equal(['item 0', 'item 1', 'item 2', 'item 3'])
    expect(kit.mutations.map(({ seq }) => seq)).to.deep.equal([1n, 2n, 3n, 4n])
    expect(kit.replica.state.dag.heads.map(idKey)).to.deep.equal([idKey(fourth.id)])
    expect(kit.replica.state.meta.applied).to.equal(4n)
  })

  it('says nothing of an envelope while the database cannot be read, and takes it afterwards', async () => {
    const kit = await replicaKit(INIT)
    await kit.replica.receive(first.bytes)
    const other = craftDelta({ author: bob, keyring, item: 'other', parents: [second.id], step: 9 })
    kit.store.isClosed = true
    expect((await kit.replica.receive(other.bytes)).status).to.equal('refused')
    expect(kit.replica.precheck(other.bytes)).to.equal('ignore')
    kit.store.isClosed = false
    expect(kit.tally.rejected).to.equal(0)
    expect(await receiveAll(kit, [second, other])).to.deep.equal(['applied', 'applied'])
  })

  it('keeps children waiting, asks for exactly the parents nobody has shown, and then cascades', async () => {
    const kit = await replicaKit(INIT)
    const late = await kit.replica.receive(fourth.bytes)
    expect(late.status).to.equal('pending')
    expect(late.missing.map(idKey)).to.deep.equal([idKey(third.id)])
    expect((await kit.replica.receive(third.bytes)).missing.map(idKey)).to.deep.equal([
      idKey(second.id),
    ])
    expect(kit.replica.missing().map(idKey)).to.deep.equal([idKey(second.id)])
    expect((await kit.replica.receive(first.bytes)).status).to.equal('applied')
    expect(kit.model.applies).to.deep.equal(['item 0'])
    expect((await kit.replica.receive(second.bytes)).status).to.equal('applied')
    expect(kit.model.applies).to.deep.equal(['item 0', 'item 1', 'item 2', 'item 3'])
    expect(kit.replica.missing()).to.deep.equal([])
  })

  it('looks for no more parents than its author may name, and for each once', async () => {
    const kit = await replicaKit(INIT)
    const made = (from: number, count: number): Crafted =>
      craftDelta({
        author: alice,
        keyring,
        item: `made up ${from}`,
        parents: Array.from({ length: count }, (_, i) => idOf(`made up ${from + i}`)).sort(
          compareBytes,
        ),
        step: 9,
      })
    let looks = 0
    const get = kit.store.getSync.bind(kit.store)
    kit.store.getSync = (key) => {
      looks++
      return get(key)
    }
    for (let at = 0; at < MAX_AUTHOR_UNKNOWN_PARENTS; at += 64) {
      expect((await kit.replica.receive(made(at, 64).bytes)).status).to.equal('pending')
    }
    // its own id is looked for when it comes, and when it is its turn
    expect(looks).to.equal((MAX_AUTHOR_UNKNOWN_PARENTS / 64) * (64 + 2))
    looks = 0
    expect((await kit.replica.receive(made(5_000, 64).bytes)).status).to.equal('refused')
    expect(looks).to.be.at.most(4)
  })

  it('applies a delta once however often it comes, in whatever state it is', async () => {
    const kit = await replicaKit(INIT)
    const all = [third, third, first, first, second, third, second, first]
    expect(await receiveAll(kit, all)).to.deep.equal([
      'pending',
      'duplicate',
      'applied',
      'duplicate',
      'applied',
      'duplicate',
      'duplicate',
      'duplicate',
    ])
    expect(kit.model.applies).to.deep.equal(['item 0', 'item 1', 'item 2'])
    expect(kit.mutations).to.have.length(3)
  })

  it('takes the same delta once when it arrives five times at the same moment', async () => {
    const kit = await replicaKit(INIT)
    const results = await Promise.all(
      Array.from({ length: 5 }, () => kit.replica.receive(first.bytes)),
    )
    expect(results.filter(({ status }) => status === 'applied')).to.have.length(1)
    expect(kit.replica.state.dag.heads).to.have.length(1)
    expect(kit.replica.state.meta.applied).to.equal(1n)
  })

  it('keeps waiting deltas over a restart and applies them when the parent comes', async () => {
    const kit = await replicaKit(INIT)
    await receiveAll(kit, [third, second])
    const again = await kit.reopen()
    await again.replica.resume()
    expect(again.replica.missing().map(idKey)).to.deep.equal([idKey(first.id)])
    await receiveAll(again, [first])
    expect(again.model.applies).to.deep.equal(['item 0', 'item 1', 'item 2'])
  })

  it('applies a reversed chain of 500 in turns, between which calls come', async () => {
    const kit = await replicaKit(INIT)
    const long = chainOf(500)
    const statuses = await receiveAll(kit, [...long].reverse())
    expect(statuses.slice(0, -1)).to.deep.equal(Array(499).fill('pending'))
    expect(statuses.at(-1)).to.equal('applied')
    await kit.call('add', 'a call')
    expect(Number(kit.replica.state.meta.applied)).to.be.below(4 * MAX_APPLY_RUN)
    for (let i = 0; i < 500 / MAX_APPLY_RUN; i++) await kit.idle()
    expect(kit.replica.state.meta.applied).to.equal(501n)
    expect(kit.replica.state.dag.count()).to.deep.equal({ pending: 0, held: 0, quarantined: 0 })
  })

  it('asks for the body of an announcement and takes it afterwards', async () => {
    const kit = await replicaKit(INIT)
    const bare = envelopeCodec.encode({ ...first.envelope, sealed: EMPTY })
    const told = await kit.replica.receive(bare)
    expect(told.status).to.equal('announced')
    expect(told.missing.map(idKey)).to.deep.equal([idKey(first.id)])
    expect(await receiveAll(kit, [first])).to.deep.equal(['applied'])
  })

  describe('genuine headers with false parts sent first', () => {
    const garbage = bytesOf('garbage')
    const sealed = Uint8Array.from(
      first.envelope.sealed,
      (byte, i) => byte ^ (garbage[i % 32] ?? 1),
    )
    const spoilt: [string, Partial<Crafted['envelope']>, 'invalid' | 'refused'][] = [
      ['a bad signature', { signature: new Uint8Array(64).fill(7) }, 'invalid'],
      ['a body of another length', { sealed: first.envelope.sealed.subarray(1) }, 'invalid'],
      // these might be sealed with a key of the epoch that we have not got
      ['another nonce', { nonce: new Uint8Array(12) }, 'refused'],
      ['a garbage body', { sealed }, 'refused'],
    ]
    for (const [name, over, status] of spoilt) {
      it(`${name}: ${status}, nothing is stored, and the genuine one is applied afterwards`, async () => {
        const kit = await replicaKit(INIT)
        const bad = envelopeCodec.encode({ ...first.envelope, ...over })
        const refused = await kit.replica.receive(bad)
        expect(refused.status).to.equal(status)
        expect(refused.missing).to.deep.equal(status === 'refused' ? [first.id] : [])
        expect(kit.store.batches).to.equal((await replicaKit(INIT)).store.batches)
        expect(await receiveAll(kit, [first])).to.deep.equal(['applied'])
      })
    }

    it('a garbage body of a delta whose parent is missing neither waits nor keeps the true one out', async () => {
      const kit = await replicaKit(INIT)
      const sealed = second.envelope.sealed.slice()
      sealed[0] = (sealed[0] ?? 0) ^ 1
      const bad = envelopeCodec.encode({ ...second.envelope, sealed })
      expect((await kit.replica.receive(bad)).missing).to.deep.equal([second.id])
      expect(await receiveAll(kit, [second, first])).to.deep.equal(['pending', 'applied'])
      expect(kit.model.applies).to.deep.equal(['item 0', 'item 1'])
    })

    it('a garbage body at the same moment does not keep the true one out', async () => {
      const kit = await replicaKit(INIT)
      const bad = envelopeCodec.encode({ ...first.envelope, nonce: new Uint8Array(12) })
      const [refused] = await Promise.all([
        kit.replica.receive(bad),
        kit.replica.receive(first.bytes),
      ])
      expect(refused.status).to.equal('refused')
      expect(kit.replica.state.dag.status(first.id)).to.equal('applied')
    })

    it('a body under another key of an epoch that two members made is applied once the key is here', async () => {
      const kit = await replicaKit(INIT)
      const theirs = testKeyring([])
      addKey(theirs, 0, bytesOf('their key of epoch 0'))
      const delta = craftDelta({ author: alice, keyring: theirs, item: 'theirs' })
      const wanted: number[] = []
      kit.replica.events.on('wanted', ({ keys }) => wanted.push(...keys))
      expect(await receiveAll(kit, [delta, delta])).to.deep.equal(['refused', 'refused'])
      expect(wanted).to.deep.equal([0, 0])
      expect(kit.replica.group.keyring.wanted).to.deep.equal([0])
      await kit.replica.group.addKey(0, bytesOf('their key of epoch 0'), madeAt(1n))
      expect(kit.replica.group.keyring.wanted).to.deep.equal([])
      expect(await receiveAll(kit, [delta])).to.deep.equal(['applied'])
    })

    it('remembers a rejected envelope', async () => {
      const kit = await replicaKit(INIT)
      const bad = envelopeCodec.encode({ ...first.envelope, signature: new Uint8Array(64) })
      await kit.replica.receive(bad)
      expect(await kit.replica.receive(bad)).to.include({ error: 'DELTA_INVALID' })
      expect(kit.tally.rejected).to.equal(2)
    })
  })

  it('stores nothing for bytes that are no delta', async () => {
    const kit = await replicaKit(INIT)
    const before = kit.store.batches
    for (const bytes of [EMPTY, garbageOf(10), garbageOf(5000), first.bytes.subarray(0, 300)]) {
      expect((await kit.replica.receive(bytes)).status).to.equal('invalid')
    }
    expect(kit.store.batches).to.equal(before)
  })

  it('rejects a delta whose timestamp is not after its parents’, also when it waited for them', async () => {
    const kit = await replicaKit(INIT)
    const early = craftDelta({
      author: alice,
      keyring,
      step: -1,
      item: 'early',
      parents: [first.id],
    })
    expect(await receiveAll(kit, [early])).to.deep.equal(['pending'])
    expect(await receiveAll(kit, [first])).to.deep.equal(['applied'])
    expect(kit.model.applies).to.deep.equal(['item 0'])
    expect(kit.replica.state.dag.status(early.id)).to.equal(undefined)
    expect(await receiveAll(kit, [early])).to.deep.equal(['invalid'])
  })

  it('counts another root than the author’s and keeps the computed one', async () => {
    const kit = await replicaKit(INIT)
    await receiveAll(kit, [first])
    const lie = craftDelta({
      author: alice,
      keyring,
      item: 'lie',
      step: 5,
      parents: [first.id],
      payload: { authorRoot: bytesOf('another root') },
    })
    expect(await receiveAll(kit, [lie])).to.deep.equal(['applied'])
    expect(kit.tally.mismatches).to.be.greaterThan(0)
    expect(kit.replica.state.meta.rootMismatches).to.equal(kit.tally.mismatches)
    expect(kit.replica.state.meta.root).to.deep.equal(
      await kit.model.root(kit.replica.state.ref, 'opaque'),
    )
    expect((await kit.reopen()).replica.state.meta.root).to.deep.equal(kit.replica.state.meta.root)
  })

  it('compares no roots when the delta does not continue all heads', async () => {
    const kit = await replicaKit(INIT)
    await receiveAll(kit, [first])
    const before = kit.tally.mismatches
    const left = craftDelta({ author: alice, keyring, item: 'l', step: 5, parents: [first.id] })
    const right = craftDelta({ author: bob, keyring, item: 'r', step: 5, parents: [first.id] })
    await receiveAll(kit, [left])
    const linear = kit.tally.mismatches
    expect(linear).to.equal(before + 1) // the crafted root is zero
    await receiveAll(kit, [right])
    expect(kit.tally.mismatches).to.equal(linear)
  })

  it('joins heads with a merge that does not touch the guest', async () => {
    const kit = await replicaKit(INIT)
    const left = craftDelta({ author: alice, keyring, item: 'l', step: 5, parents: [first.id] })
    const right = craftDelta({ author: bob, keyring, item: 'r', step: 5, parents: [first.id] })
    await receiveAll(kit, [first, left, right])
    const { root } = kit.replica.state.meta
    const applied = kit.model.applies.length
    const merge = craftDelta({
      author: bob,
      keyring,
      step: 6,
      parents: [left.id, right.id].sort(Buffer.compare),
      header: { kind: DELTA_KIND.merge },
    })
    expect(await receiveAll(kit, [merge])).to.deep.equal(['applied'])
    expect(kit.replica.state.dag.heads.map(idKey)).to.deep.equal([idKey(merge.id)])
    expect(kit.replica.state.meta.root).to.deep.equal(root)
    expect(kit.model.applies).to.have.length(applied)
  })

  it('leaves it to the store to say that the disk takes nothing', async () => {
    const logger = recordLogger()
    const kit = await replicaKit({ ...INIT, logger })
    kit.store.failAt = 1
    expect(await receiveAll(kit, [first])).to.deep.equal(['refused'])
    const line = logger.lines.find(({ message }) => message === 'delta not taken in')
    expect(line?.level).to.equal('debug')
  })

  it('lets the guest forget what it was given of a run when the disk cannot be read for the rest', async () => {
    const kit = await replicaKit(INIT)
    await receiveAll(kit, [first])
    const read = kit.store.getSync
    const results = [kit.replica.receive(second.bytes), kit.replica.receive(third.bytes)]
    kit.store.getSync = (key) => {
      if (Buffer.from(key).includes(Buffer.from(third.id)))
        throw storeError('STORE_UNAVAILABLE', 'looked at')
      return read(key)
    }
    const statuses = (await Promise.all(results)).map((result) => result.status)
    expect(statuses).to.deep.equal(['refused', 'refused'])
    kit.store.getSync = read
    const { output } = await kit.call('look', '')
    expect(fromUtf8(output ?? EMPTY)).to.equal('1')
    expect(await receiveAll(kit, [second, third])).to.deep.equal(['applied', 'applied'])
  })

  it('answers the gossip validator without touching the disk', async () => {
    const kit = await replicaKit(INIT)
    const stranger = craftDelta({ author: keyOf('stranger'), keyring })
    const forged = craftDelta({ author: alice, keyring, signer: bob })
    const before = kit.store.batches
    expect(kit.replica.precheck(first.bytes)).to.equal('accept')
    expect(kit.replica.precheck(stranger.bytes)).to.equal('stranger')
    expect(kit.replica.precheck(forged.bytes)).to.equal('reject')
    expect(kit.replica.precheck(EMPTY)).to.equal('reject')
    expect(kit.store.batches).to.equal(before)
    await receiveAll(kit, [first])
    expect(kit.replica.precheck(first.bytes)).to.equal('ignore')
  })
})

function garbageOf(length: number): Uint8Array {
  return new Uint8Array(length).map((_, i) => (i * 37 + 11) & 0xff)
}
