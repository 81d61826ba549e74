import { expect } from 'chai'
import { envelopeCodec } from '../../../src/node/codec/delta.ts'
import { ROTATION_WAIT_MS } from '../../../src/node/context/limits.ts'
import type { LocalResult } from '../../../src/node/context/replica/calls.ts'
import { craftDelta, keyOf } from '../../support/craft-delta.ts'
import {
  CONTEXT_NUMBER,
  epochKey,
  type Party,
  type ReplicaKit,
  replicaKit,
  testKeyring,
} from '../../support/replica-kit.ts'

const [alice, me, gone] = [keyOf('alice'), keyOf('me'), keyOf('gone')]
const both: readonly Party[] = [
  [alice, 'writer'],
  [me, 'writer'],
]
const genesis = craftDelta({ author: alice, keyring: testKeyring(), item: 'genesis' })

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
  return envelopeCodec.decode(bytes ?? new Uint8Array()).header.epoch
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
    await kit.group.addKey(1, epochKey(1))
    expect(await epochOf(kit, await call)).to.equal(1)
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
    await kit.group.addKey(1, epochKey(1))
    await leave(kit)
    expect(await epochOf(kit, await kit.call('add', 'after'))).to.equal(1)
  })

  it('goes on with the old key when nobody makes a new one in time', async () => {
    const kit = await started()
    await leave(kit)
    const call = kit.call('add', 'after')
    kit.clock.advance(ROTATION_WAIT_MS)
    expect(await epochOf(kit, await call)).to.equal(0)
  })
})
