import { expect } from 'chai'
import { envelopeCodec } from '../../../src/node/codec/delta.ts'
import { ROTATION_WAIT_MS } from '../../../src/node/context/limits.ts'
import type { LocalResult } from '../../../src/node/context/replica/calls.ts'
import { craftDelta, keyOf } from '../../support/craft-delta.ts'
import { rejectionCode } from '../../support/error-code.ts'
import {
  CONTEXT_NUMBER,
  type Party,
  type ReplicaKit,
  replicaKit,
  testKeyring,
} from '../../support/replica-kit.ts'
import { epochKey, madeAt } from '../../support/test-keyring.ts'

const [alice, me, gone] = [keyOf('alice'), keyOf('me'), keyOf('gone')]
const both: readonly Party[] = [
  [alice, 'writer'],
  [me, 'writer'],
]
const genesis = craftDelta({ author: alice, keyring: testKeyring(), item: 'genesis' })
/** The membersRevision without the one that is gone. */
const WITHOUT = madeAt(2n)

async function started(): Promise<ReplicaKit> {
  const kit = await replicaKit({ own: [me], members: [...both, [gone, 'writer']] })
  expect((await kit.replica.receive(genesis.bytes)).status).to.equal('applied')
  return kit
}

/** The anchor says that one has left, and we hear of it. */
async function leave(kit: ReplicaKit): Promise<void> {
  kit.anchor.say(both)
  await kit.group.refresh()
}

async function epochOf(kit: ReplicaKit, { delta }: LocalResult): Promise<number> {
  if (delta === undefined) throw new RangeError('expected a delta')
  const bytes = await kit.deltas.envelope(CONTEXT_NUMBER, delta)
  const envelope = envelopeCodec.decode(bytes ?? new Uint8Array())
  expect(envelope.sealedEpoch).to.equal(envelope.header.epoch)
  return envelope.sealedEpoch
}

describe('after a member has left', () => {
  it('seals nothing under the key it has: calls wait for the next epoch', async () => {
    const kit = await started()
    expect(await epochOf(kit, await kit.call('add', 'before'))).to.equal(0)
    await leave(kit)
    let isDone = false
    const call = kit.call('add', 'after').finally(() => (isDone = true))
    await kit.idle()
    expect(isDone).to.equal(false)
    await kit.group.addKey(1, epochKey(1), WITHOUT)
    expect(await epochOf(kit, await call)).to.equal(1)
  })

  it('knows so after a restart', async () => {
    const kit = await started()
    await leave(kit)
    const again = await kit.reopen()
    expect(again.group.isRotating).to.equal(true)
    const call = again.call('add', 'after')
    await again.group.addKey(1, epochKey(1), WITHOUT)
    expect(await epochOf(again, await call)).to.equal(1)
    expect((await again.reopen()).group.isRotating).to.equal(false)
  })

  it('takes deltas of others and answers calls that only read meanwhile', async () => {
    const kit = await started()
    await leave(kit)
    const keyring = testKeyring([0, 1])
    const delta = craftDelta({ author: alice, keyring, item: 'theirs', parents: [genesis.id] })
    expect((await kit.replica.receive(delta.bytes)).status).to.not.equal('rejected')
    const input = new Uint8Array()
    await kit.replica.execute({ method: 'look', input, executor: me, readOnly: true })
  })

  it('waits for no epoch that came before the news', async () => {
    const kit = await started()
    await kit.group.addKey(1, epochKey(1), WITHOUT)
    await leave(kit)
    expect(await epochOf(kit, await kit.call('add', 'after'))).to.equal(1)
  })

  it('takes no epoch for the rotation whose maker had not heard of it', async () => {
    const kit = await started()
    await leave(kit)
    await kit.group.addKey(1, epochKey(1), madeAt(1n))
    const call = kit.call('add', 'after')
    await kit.group.addKey(2, epochKey(2), WITHOUT)
    expect(await epochOf(kit, await call)).to.equal(2)
  })

  it('leaves nothing that waits when the call is given up, or the context closed', async () => {
    const kit = await started()
    await leave(kit)
    const [timers, listeners] = [kit.clock.timers, kit.group.events.listeners]
    const givingUp = new AbortController()
    const given = rejectionCode(kit.call('add', 'given up', me, { signal: givingUp.signal }))
    const closed = rejectionCode(kit.call('add', 'closed'))
    expect(kit.clock.timers).to.equal(timers + 2)
    givingUp.abort()
    expect(await given).to.equal('ABORTED')
    await kit.replica.close()
    expect(await closed).to.equal('CONTEXT_NOT_FOUND')
    expect(kit.clock.timers).to.equal(0)
    expect(kit.group.events.listeners).to.equal(listeners)
  })

  it('never goes on with the old key: a call that waits too long says so and wrote nothing', async () => {
    const kit = await started()
    await leave(kit)
    const before = await kit.items()
    const call = rejectionCode(kit.call('add', 'after'))
    kit.clock.advance(ROTATION_WAIT_MS)
    expect(await call).to.equal('CONTEXT_KEY_PENDING')
    expect(await kit.items()).to.deep.equal(before)
    const again = kit.call('add', 'after')
    await kit.group.addKey(1, epochKey(1), WITHOUT)
    expect(await epochOf(kit, await again)).to.equal(1)
  })

  it('runs a call again that was in the queue when the news came', async () => {
    const kit = await started()
    const news = kit.replica.exclusive(() => leave(kit))
    const call = kit.call('add', 'queued')
    await news
    await kit.idle()
    expect(kit.mutations).to.have.length(1) // genesis
    await kit.group.addKey(1, epochKey(1), WITHOUT)
    expect(await epochOf(kit, await call)).to.equal(1)
    expect(await kit.items()).to.have.members(['genesis', 'queued'])
  })

  it('refuses who may not write at once', async () => {
    const kit = await replicaKit({
      own: [me],
      members: [
        [alice, 'writer'],
        [me, 'reader'],
        [gone, 'writer'],
      ],
    })
    await kit.replica.receive(genesis.bytes)
    kit.anchor.say([
      [alice, 'writer'],
      [me, 'reader'],
    ])
    await kit.group.refresh()
    expect(kit.group.isRotating).to.equal(true)
    expect(await rejectionCode(kit.call('add', 'x'))).to.equal('CONTEXT_READ_ONLY')
  })
})
