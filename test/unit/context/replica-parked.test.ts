import { expect } from 'chai'
import { DELTA_KIND, envelopeCodec } from '../../../src/node/codec/delta.ts'
import {
  RESUME_DELAY_MS,
  RETRY_DELAYS_MS,
  UNOPENED_WAIT_MS,
} from '../../../src/node/context/limits.ts'
import { MerogateError } from '../../../src/node/errors.ts'
import type { ContextFailure } from '../../../src/node/interface.ts'
import { EMPTY } from '../../../src/node/primitives/bytes.ts'
import { HLC_MAX_AHEAD_MS } from '../../../src/node/primitives/hlc.ts'
import { LOOK_MS } from '../../../src/node/primitives/node-clock.ts'
import { STEP_LASTS_MS } from '../../../src/node/primitives/steady-time.ts'
import { idKey } from '../../../src/node/primitives/ids.ts'
import { PARK_REASON } from '../../../src/node/store/repositories/deltas.ts'
import { bytesOf, craftDelta, type Crafted, keyOf } from '../../support/craft-delta.ts'
import {
  CONTEXT_NUMBER,
  type KitInit,
  type Party,
  type ReplicaKit,
  replicaKit,
  testKeyring,
} from '../../support/replica-kit.ts'
import { epochKey, madeAt } from '../../support/test-keyring.ts'

const alice = keyOf('alice')
const departed = keyOf('departed')
const reader = keyOf('reader')
const me = keyOf('me')
const keyring = testKeyring([0, 1])
const MEMBERS: readonly Party[] = [
  [alice, 'writer'],
  [me, 'writer'],
  [reader, 'reader'],
]
const INIT: KitInit = { own: [me], members: MEMBERS }
const genesis = craftDelta({ author: alice, keyring, item: 'genesis' })

async function started(over: Partial<KitInit> = {}): Promise<ReplicaKit> {
  const kit = await replicaKit({ ...INIT, ...over })
  await status(kit, genesis)
  return kit
}

async function status(kit: ReplicaKit, delta: Crafted): Promise<string> {
  return (await kit.replica.receive(delta.bytes)).status
}

function reasonOf(kit: ReplicaKit, delta: Crafted): number | undefined {
  return kit.deltas.get(CONTEXT_NUMBER, delta.id)?.reason
}

describe('a context replica parking deltas', () => {
  it('waits for a key epoch, asks for it, and applies when it comes', async () => {
    const kit = await started()
    const sealed = craftDelta({
      author: alice,
      keyring,
      item: 's',
      step: 1,
      epoch: 1,
      parents: [genesis.id],
    })
    const child = craftDelta({ author: alice, keyring, item: 'c', step: 2, parents: [sealed.id] })
    expect(await status(kit, sealed)).to.equal('parked')
    expect(reasonOf(kit, sealed)).to.equal(PARK_REASON.key)
    expect(kit.wanted.keys).to.deep.equal([1])
    expect(await status(kit, child)).to.equal('pending')
    expect(kit.replica.missing()).to.deep.equal([])
    expect(await kit.group.addKey(1, epochKey(1), madeAt(1n))).to.equal(true)
    await kit.replica.reconsider('key')
    expect(kit.model.applies).to.deep.equal(['genesis', 's', 'c'])
    expect(reasonOf(kit, sealed)).to.equal(PARK_REASON.none)
  })

  it('keeps one that no key of its epoch opens until another member’s key of it is here', async () => {
    const kit = await started()
    const sealed = craftDelta({
      author: alice,
      keyring,
      item: 's',
      step: 1,
      epoch: 1,
      parents: [genesis.id],
    })
    expect(await status(kit, sealed)).to.equal('parked')
    // this node makes the epoch too, before it has heard of the other one
    await kit.group.addKey(1, bytesOf('our key of epoch 1'), madeAt(1n))
    await kit.replica.reconsider('key')
    expect(kit.replica.state.dag.status(sealed.id)).to.equal('held')
    expect(kit.group.keyring.wanted).to.deep.equal([1])
    await kit.group.addKey(1, epochKey(1), madeAt(1n))
    await kit.replica.reconsider('key')
    expect(kit.model.applies).to.deep.equal(['genesis', 's'])
    expect(kit.wanted.deltas).to.deep.equal([])
  })

  it('takes the true one in place of a false body that no key opens, at once or when it has dropped it', async () => {
    const kit = await started()
    const sealed = craftDelta({
      author: alice,
      keyring,
      item: 's',
      step: 1,
      epoch: 1,
      parents: [genesis.id],
    })
    const bad = envelopeCodec.encode({ ...sealed.envelope, nonce: new Uint8Array(12) })
    expect((await kit.replica.receive(bad)).status).to.equal('parked')
    await kit.group.addKey(1, epochKey(1), madeAt(1n))
    await kit.replica.reconsider('key')
    expect(kit.replica.state.dag.status(sealed.id)).to.equal('held')
    const again = await started()
    expect((await again.replica.receive(bad)).status).to.equal('parked')
    await again.group.addKey(1, epochKey(1), madeAt(1n))
    await again.replica.reconsider('key')
    again.clock.advance(UNOPENED_WAIT_MS)
    await again.idle()
    expect(again.replica.state.dag.status(sealed.id)).to.equal(undefined)
    expect(again.wanted.deltas).to.deep.equal([sealed.id])
    for (const each of [kit, again]) expect(await status(each, sealed)).to.equal('applied')
  })

  it('waits for the author to become a writer', async () => {
    const kit = await started()
    const theirs = craftDelta({
      author: departed,
      keyring,
      item: 'd',
      step: 1,
      parents: [genesis.id],
    })
    expect(await status(kit, theirs)).to.equal('parked')
    expect(reasonOf(kit, theirs)).to.equal(PARK_REASON.member)
    kit.anchor.say([...MEMBERS, [departed, 'writer']])
    await kit.group.refresh()
    await kit.replica.reconsider('member')
    expect(kit.model.applies).to.deep.equal(['genesis', 'd'])
  })

  it('treats a reader’s delta like a non-member’s', async () => {
    const kit = await started()
    const theirs = craftDelta({
      author: reader,
      keyring,
      item: 'r',
      step: 1,
      parents: [genesis.id],
    })
    expect(await status(kit, theirs)).to.equal('parked')
    kit.anchor.say([
      [alice, 'writer'],
      [me, 'writer'],
      [reader, 'writer'],
    ])
    await kit.group.refresh()
    await kit.replica.reconsider('member')
    expect(kit.model.applies).to.deep.equal(['genesis', 'r'])
  })

  it('reads the anchor once for a delta by a non-member, and then rests', async () => {
    const kit = await started()
    const { batches } = kit.store
    const theirs = craftDelta({
      author: departed,
      keyring,
      item: 'd',
      step: 1,
      parents: [genesis.id],
    })
    await status(kit, theirs)
    for (let i = 0; i < 20; i++) await kit.idle()
    expect(kit.anchor.reads).to.equal(1)
    expect(kit.store.batches - batches).to.be.at.most(3)
  })

  it('reads the anchor when a delta names a newer list of members, and applies what that admits', async () => {
    const kit = await started()
    kit.anchor.say([...MEMBERS, [departed, 'writer']])
    const theirs = craftDelta({
      author: departed,
      keyring,
      item: 'd',
      step: 1,
      parents: [genesis.id],
      header: { membersRevision: 2n },
    })
    await status(kit, theirs)
    await kit.idle()
    expect(kit.replica.state.dag.status(theirs.id)).to.equal('applied')
  })

  describe('endorsement', () => {
    const old = (item: string, step: number, parent: Crafted): Crafted =>
      craftDelta({ author: departed, keyring, item, step, parents: [parent.id] })
    const first = old('one', 1, genesis)
    const second = old('two', 2, first)
    const third = old('three', 3, second)
    const vouch = craftDelta({
      author: alice,
      keyring,
      item: 'vouch',
      step: 4,
      parents: [third.id],
    })
    const all = ['genesis', 'one', 'two', 'three', 'vouch']

    it('accepts a departed member’s history as soon as a writer builds on it', async () => {
      const kit = await started()
      for (const delta of [first, second, third])
        expect(await status(kit, delta)).to.equal('parked')
      await status(kit, vouch)
      await kit.idle()
      expect(kit.model.applies).to.deep.equal(all)
    })

    it('accepts it in any order of arrival', async () => {
      const kit = await started()
      for (const delta of [vouch, second, first, third]) await status(kit, delta)
      await kit.idle()
      expect(kit.model.applies).to.deep.equal(all)
    })

    it('accepts it after a restart in between', async () => {
      const kit = await started()
      for (const delta of [second, vouch, third]) await status(kit, delta)
      const again = await kit.reopen()
      await again.replica.resume()
      await status(again, first)
      await again.idle()
      expect(again.model.applies).to.deep.equal(all.slice(1))
    })

    it('does not take a departed member’s word for its own deltas, nor a reader’s', async () => {
      const kit = await started()
      const byReader = craftDelta({
        author: reader,
        keyring,
        item: 'r',
        step: 5,
        parents: [third.id],
      })
      for (const delta of [first, second, third, byReader]) {
        expect(await status(kit, delta)).to.equal('parked')
      }
      expect(kit.model.applies).to.deep.equal(['genesis'])
    })
  })

  it('waits for the application', async () => {
    const kit = await started()
    kit.moduleHere = false
    const delta = craftDelta({ author: alice, keyring, item: 'a', step: 1, parents: [genesis.id] })
    const other = craftDelta({
      author: alice,
      keyring,
      item: 'other app',
      step: 1,
      parents: [genesis.id],
      payload: { application: bytesOf('another application') },
    })
    expect(await status(kit, delta)).to.equal('parked')
    expect(await status(kit, other)).to.equal('parked')
    expect(reasonOf(kit, delta)).to.equal(PARK_REASON.application)
    kit.moduleHere = true
    await kit.replica.reconsider('application')
    expect(kit.model.applies).to.deep.equal(['genesis', 'a'])
    expect(kit.replica.state.dag.status(other.id)).to.equal('held')
    await kit.replica.exclusive(() =>
      kit.replica.state.setApplication(
        { id: bytesOf('another application'), blob: bytesOf('blob') },
        2n,
      ),
    )
    await kit.replica.reconsider('application')
    expect(kit.model.applies).to.deep.equal(['genesis', 'a', 'other app'])
  })

  it('keeps a timestamp a day ahead until it is due, without moving our clock', async () => {
    const kit = await started()
    const dayMs = 86_400_000
    const future = craftDelta({
      author: alice,
      keyring,
      item: 'f',
      step: dayMs,
      parents: [genesis.id],
    })
    expect(await status(kit, future)).to.equal('parked')
    expect(reasonOf(kit, future)).to.equal(PARK_REASON.future)
    kit.clock.advance(dayMs / 2)
    await kit.idle()
    expect(kit.replica.state.dag.status(future.id)).to.equal('held')
    kit.clock.advance(dayMs / 2)
    await kit.idle()
    expect(kit.model.applies).to.deep.equal(['genesis', 'f'])
  })

  it('leaves no timer behind for one that came while the context was being closed', async () => {
    const kit = await started()
    const day = { author: alice, keyring, parents: [genesis.id], step: 86_400_000 }
    const future = craftDelta({ ...day, item: 'f' })
    const received = kit.replica.receive(future.bytes)
    await kit.replica.close()
    expect((await received).status).to.equal('parked')
    expect(kit.clock.timers).to.equal(0)
  })

  it('judges the future by what the node believes, and looks again when that is later', async () => {
    const kit = await started()
    kit.time.start()
    kit.time.events.on('moved', () => void kit.replica.reconsider('future'))
    const hourMs = 3_600_000
    const due = { author: alice, keyring, parents: [genesis.id], step: hourMs }
    const early = craftDelta({ ...due, item: 'early' })
    kit.clock.set(kit.clock.nowNs() + BigInt(hourMs) * 1_000_000n)
    expect(await status(kit, early)).to.equal('parked')
    // the clock goes on saying so, and nobody contradicts
    kit.clock.advance(STEP_LASTS_MS + LOOK_MS)
    await kit.idle()
    expect(kit.replica.state.dag.status(early.id)).to.equal('applied')
    // it was a mistake
    kit.clock.set(kit.clock.nowNs() - BigInt(hourMs) * 1_000_000n)
    const later = craftDelta({ ...due, item: 'later', sequence: 3, step: hourMs + 120_000 })
    expect(await status(kit, later)).to.equal('parked')
    kit.time.stop()
  })

  it('takes a timestamp that lies ahead by no more than the tolerance', async () => {
    const kit = await started()
    const near = craftDelta({
      author: alice,
      keyring,
      item: 'n',
      step: HLC_MAX_AHEAD_MS,
      parents: [genesis.id],
    })
    const far = craftDelta({
      author: alice,
      keyring,
      item: 'n',
      step: HLC_MAX_AHEAD_MS + 1,
      parents: [genesis.id],
    })
    expect(await status(kit, near)).to.equal('applied')
    expect(await status(kit, far)).to.equal('parked')
  })

  it('keeps what a later version may understand', async () => {
    const kit = await started()
    const parents = [genesis.id]
    const strange = [
      { version: 3 },
      { kind: DELTA_KIND.checkpoint },
      { kind: 9 },
      { authority: bytesOf('grant') },
      { member: me.publicKey },
    ].map((header, i) => craftDelta({ author: alice, keyring, step: i + 1, parents, header }))
    for (const delta of strange) {
      expect(await status(kit, delta)).to.equal('parked')
      expect(reasonOf(kit, delta)).to.equal(PARK_REASON.unknown)
    }
    expect(kit.model.applies).to.deep.equal(['genesis'])
  })

  describe('a guest that fails', () => {
    const broken = craftDelta({
      author: alice,
      keyring,
      item: 'broken',
      step: 1,
      parents: [genesis.id],
    })
    const child = craftDelta({
      author: alice,
      keyring,
      item: 'child',
      step: 2,
      parents: [broken.id],
    })
    const aside = craftDelta({
      author: alice,
      keyring,
      item: 'aside',
      step: 3,
      parents: [genesis.id],
    })

    it('is tried again after each delay, and its children wait', async () => {
      const kit = await started()
      kit.model.broken.add('broken')
      expect(await status(kit, broken)).to.equal('quarantined')
      expect(await status(kit, child)).to.equal('pending')
      expect(await status(kit, aside)).to.equal('applied')
      for (const delay of RETRY_DELAYS_MS.slice(0, -1)) {
        kit.clock.advance(delay)
        await kit.idle()
        expect(kit.replica.state.dag.status(broken.id)).to.equal('quarantined')
      }
      kit.model.broken.clear()
      kit.clock.advance(RETRY_DELAYS_MS.at(-1) ?? 0)
      await kit.idle()
      expect(kit.model.applies).to.deep.equal(['genesis', 'aside', 'broken', 'child'])
    })

    it('shows why it waits until it is applied after all', async () => {
      const kit = await started()
      const failed: ContextFailure[] = []
      kit.replica.events.on('failed', (failure) => failed.push(failure))
      kit.model.broken.add('broken')
      await status(kit, broken)
      const { dag } = kit.replica.state
      expect(dag.reasons().quarantined).to.deep.equal({ RUNTIME_TRAP: 1 })
      expect(kit.replica.failures.last).to.deep.include({
        ...{ what: 'delta', code: 'RUNTIME_TRAP', message: 'the stub guest trapped' },
        ...{ tries: 1, delta: broken.id, author: alice.publicKey },
        nextTryMs: kit.clock.nowMs() + (RETRY_DELAYS_MS[0] ?? 0),
      })
      for (const delay of RETRY_DELAYS_MS.slice(0, -1)) {
        kit.clock.advance(delay)
        await kit.idle()
      }
      expect(failed.map(({ tries }) => tries)).to.deep.equal([1, 2, 3])
      kit.model.broken.clear()
      kit.clock.advance(RETRY_DELAYS_MS.at(-1) ?? 0)
      await kit.idle()
      expect(dag.reasons().quarantined).to.deep.equal({})
      expect(kit.replica.failures.last).to.equal(undefined)
    })

    it('is left to the operator after the last try, and tried again at the next start', async () => {
      const kit = await started()
      kit.model.broken.add('broken')
      await status(kit, broken)
      for (const delay of RETRY_DELAYS_MS) {
        kit.clock.advance(delay)
        await kit.idle()
      }
      expect(kit.clock.timers).to.equal(0)
      expect(kit.replica.state.dag.count().quarantined).to.equal(1)
      expect(kit.replica.failures.last).not.to.have.property('nextTryMs')
      const again = await kit.reopen()
      expect(again.replica.state.dag.reasons().quarantined).to.deep.equal({ restart: 1 })
      await again.replica.resume()
      expect(again.replica.state.dag.status(broken.id)).to.equal('applied')
    })

    for (const [code, kind] of [
      ['STORE_UNAVAILABLE', 'transport'],
      ['STORE_FAILED', 'transport'],
      ['RUNTIME_QUEUE_FULL', 'limit'],
      ['RUNTIME_STOPPED', 'aborted'],
    ] as const) {
      it(`is not what is told when this node fails it with ${code}: the delta is taken another time`, async () => {
        const kit = await started()
        kit.model.unable.push(new MerogateError(code, kind, 'not now'))
        expect(await status(kit, aside)).to.equal('refused')
        expect(kit.replica.state.dag.count().quarantined).to.equal(0)
        expect(kit.replica.failures.last).to.equal(undefined)
        expect(await status(kit, aside)).to.equal('applied')
      })

      it(`is not what is told when what waited meets ${code}: it is looked at again soon`, async () => {
        const kit = await started()
        expect(await status(kit, child)).to.equal('pending')
        kit.model.unable.push(undefined, new MerogateError(code, kind, 'not now'))
        expect(await status(kit, broken)).to.equal('applied')
        expect(kit.replica.state.dag.status(child.id)).to.equal('pending')
        kit.clock.advance(RESUME_DELAY_MS)
        await kit.idle()
        expect(kit.replica.state.dag.count()).to.deep.equal({ pending: 0, held: 0, quarantined: 0 })
      })
    }

    it('leaves no trace of its failed run in state or order', async () => {
      const kit = await started()
      kit.model.broken.add('broken')
      await status(kit, broken)
      expect(kit.replica.state.meta.applied).to.equal(1n)
      expect(kit.mutations).to.have.length(1)
      expect(kit.replica.state.dag.heads.map(idKey)).to.deep.equal([idKey(genesis.id)])
    })
  })

  it('does not let an envelope under an epoch that nobody has keep the genuine delta out', async () => {
    const kit = await started()
    const genuine = craftDelta({
      author: alice,
      keyring,
      item: 'g',
      step: 1,
      parents: [genesis.id],
    })
    const resealed = envelopeCodec.encode({ ...genuine.envelope, sealedEpoch: 4_000_000_000 })
    expect((await kit.replica.receive(resealed)).status).to.equal('parked')
    const bare = envelopeCodec.encode({ ...genuine.envelope, sealed: EMPTY })
    expect((await kit.replica.receive(bare)).status).to.equal('duplicate')
    await status(kit, genuine)
    expect(kit.model.applies).to.deep.equal(['genesis', 'g'])
  })

  it('applies nothing twice when a start finds its reason gone and a parent endorsed at once', async () => {
    const kit = await started({ epochs: [0] })
    const theirs = craftDelta({
      author: departed,
      keyring,
      item: 'd',
      step: 3,
      parents: [genesis.id],
    })
    const early = craftDelta({
      author: alice,
      keyring,
      item: 'e',
      step: 2,
      epoch: 1,
      parents: [theirs.id],
    })
    await status(kit, theirs)
    await status(kit, early)
    const again = await kit.reopen({ epochs: [0, 1] })
    await again.replica.resume()
    await again.idle()
    expect(again.model.applies).to.deep.equal(['d'])
    expect(again.replica.state.dag.heads).to.have.length(1)
  })
})
