import { expect } from 'chai'
import { DELTA_KIND, envelopeCodec, MAX_PARENTS } from '../../../src/node/codec/delta.ts'
import {
  MAX_HEADS,
  MAX_IDLE_HEADS,
  MAX_PILED_HEADS,
  MERGE_IDLE_MS,
  MERGE_SETTLE_MS,
  MERGE_STEP_MS,
} from '../../../src/node/context/limits.ts'
import type { SigningKey } from '../../../src/node/crypto/sign.ts'
import { compareBytes, toHex } from '../../../src/node/primitives/bytes.ts'
import { craftDelta, type Crafted, keyOf } from '../../support/craft-delta.ts'
import {
  type KitInit,
  type Party,
  type ReplicaKit,
  replicaKit,
  testKeyring,
} from '../../support/replica-kit.ts'
import { epochKey } from '../../support/test-keyring.ts'

const keyring = testKeyring()
/** Four that run nodes, the smallest identity first, and many who wrote. */
const [first, second, third, fourth] = ['a', 'b', 'c', 'd']
  .map(keyOf)
  .sort((a, b) => compareBytes(a.publicKey, b.publicKey)) as [
  SigningKey,
  SigningKey,
  SigningKey,
  SigningKey,
] // as many as names
const writers = Array.from({ length: 200 }, (_, i) => keyOf(`writer ${i}`))
const MEMBERS: readonly Party[] = [first, second, third, fourth, ...writers].map(
  (key) => [key, 'writer'] as const,
)
const genesis = craftDelta({ author: keyOf('writer 0'), keyring, item: 'genesis' })

/** Deltas of as many authors, none of whom knew of another's. */
function branches(count: number, kind: keyof typeof DELTA_KIND = 'state', step = 1): Crafted[] {
  return writers.slice(0, count).map((author, i) =>
    craftDelta({
      author,
      keyring,
      item: `${kind} ${i}`,
      parents: [genesis.id],
      sequence: 1 + step,
      step,
      header: { kind: DELTA_KIND[kind] },
    }),
  )
}

function kitOf(own: SigningKey, over: Partial<KitInit> = {}): Promise<ReplicaKit> {
  return replicaKit({ own: [own], members: MEMBERS, ...over })
}

async function receive(kit: ReplicaKit, deltas: readonly { bytes: Uint8Array }[]): Promise<void> {
  for (const { bytes } of [genesis, ...deltas]) await kit.replica.receive(bytes)
}

/** Time passes, and what falls due in it is done. */
async function pass(kit: ReplicaKit, ms: number): Promise<void> {
  kit.clock.advance(ms)
  await kit.idle()
}

function heads(kit: ReplicaKit): number {
  return kit.replica.state.dag.heads.length
}

/** Envelopes of what a replica makes itself, from now on. */
function made(kit: ReplicaKit): { bytes: Uint8Array }[] {
  const list: { bytes: Uint8Array }[] = []
  kit.replica.events.on('applied', ({ candidate, local }) => {
    if (local) list.push({ bytes: candidate.bytes })
  })
  return list
}

describe('heads that pile up', () => {
  it('are joined at once, with what remains of a burst, by a delta that changes nothing anywhere', async () => {
    const [kit, other] = [await kitOf(first), await kitOf(second)]
    const merges = made(kit)
    await receive(kit, branches(MAX_PILED_HEADS + 1))
    await receive(other, branches(MAX_PILED_HEADS + 1))
    const { root, rootMismatches } = kit.replica.state.meta
    const before = kit.mutations.length
    await pass(kit, MERGE_SETTLE_MS - 1)
    expect(heads(kit)).to.equal(MAX_PILED_HEADS + 1)
    await pass(kit, 1)
    expect(heads(kit)).to.equal(1)
    expect(kit.tally.merges).to.equal(1)
    expect(merges).to.have.length(1)

    const applies = other.model.applies.length
    await receive(other, merges)
    for (const { replica, mutations } of [kit, other]) {
      expect(replica.state.dag.heads).to.deep.equal(kit.replica.state.dag.heads)
      expect(replica.state.meta.root).to.deep.equal(root)
      expect(replica.state.meta.rootMismatches).to.equal(rootMismatches)
      expect(mutations).to.have.length(before)
    }
    expect(other.model.applies).to.have.length(applies)
    // and both go on from there
    await kit.call('add', 'more')
    expect(kit.mutations.at(-1)?.seq).to.equal(BigInt(before + 1))
  })

  it('are left alone while they are few, or somebody writes', async () => {
    const kit = await kitOf(first)
    await receive(kit, branches(MAX_IDLE_HEADS))
    await pass(kit, 60_000)
    expect(heads(kit)).to.equal(MAX_IDLE_HEADS)
    const more = branches(MAX_IDLE_HEADS + 8).slice(MAX_IDLE_HEADS)
    for (const delta of more) {
      await receive(kit, [delta])
      await pass(kit, MERGE_IDLE_MS - 1)
    }
    expect(heads(kit)).to.equal(MAX_IDLE_HEADS + 8)
    await pass(kit, 1)
    expect(heads(kit)).to.equal(1)
    expect(kit.clock.timers).to.equal(0)
  })

  it('are joined by several deltas when one may not name as many', async () => {
    const [kit, other] = [await kitOf(first), await kitOf(second)]
    const merges = made(kit)
    await receive(kit, branches(2 * MAX_PARENTS + 6))
    await receive(other, branches(2 * MAX_PARENTS + 6))
    await pass(kit, MERGE_SETTLE_MS)
    expect(heads(kit)).to.equal(1)
    expect(merges).to.have.length(3)
    for (const { bytes } of merges) {
      const { header } = envelopeCodec.decode(bytes)
      expect(header.kind).to.equal(DELTA_KIND.merge)
      expect(header.parents.length).to.be.at.most(MAX_PARENTS)
    }
    await receive(other, merges)
    expect(other.replica.state.dag.heads).to.deep.equal(kit.replica.state.dag.heads)
  })

  it('are no more than a context holds, but for those that somebody builds on', async () => {
    const kit = await kitOf(first, { members: [[first, 'reader'], ...MEMBERS.slice(1)] })
    const rounds = Math.ceil(MAX_HEADS / writers.length)
    const all = Array.from({ length: rounds }, (_, i) => branches(200, 'state', i + 1)).flat()
    await kit.replica.receive(genesis.bytes)
    const taken = all.slice(0, MAX_HEADS)
    for (let at = 0; at < MAX_HEADS; at += 128) {
      await Promise.all(taken.slice(at, at + 128).map(({ bytes }) => kit.replica.receive(bytes)))
    }
    const late = all[MAX_HEADS] as Crafted // rounded up
    expect((await kit.replica.receive(late.bytes)).status).to.equal('refused')
    expect(heads(kit)).to.equal(MAX_HEADS)
    const named = [...taken.slice(0, 5), late].map(({ id }) => id).sort(compareBytes)
    const merge = craftDelta({
      ...{ author: second, keyring, item: 'merge', parents: named, step: 20 },
      header: { kind: DELTA_KIND.merge },
    })
    expect((await kit.replica.receive(merge.bytes)).status).to.equal('pending')
    expect((await kit.replica.receive(late.bytes)).status).to.equal('applied')
    expect(heads(kit)).to.equal(MAX_HEADS - 4)
  })

  it('are joined again only after a while, however fast they come', async () => {
    const kit = await kitOf(first)
    await receive(kit, branches(MAX_PILED_HEADS + 1))
    await pass(kit, MERGE_SETTLE_MS)
    await receive(kit, branches(MAX_PILED_HEADS + 1, 'state', 2))
    await pass(kit, MERGE_IDLE_MS - 1)
    expect(kit.tally.merges).to.equal(1)
    await pass(kit, 1)
    expect(kit.tally.merges).to.equal(2)
    expect(heads(kit)).to.equal(1)
  })

  it('are found after a restart', async () => {
    const kit = await kitOf(first)
    await receive(kit, branches(MAX_IDLE_HEADS + 1))
    await kit.replica.close()
    expect(kit.clock.timers).to.equal(0)
    const again = await kit.reopen()
    await again.replica.resume()
    await pass(again, MERGE_IDLE_MS)
    expect(heads(again)).to.equal(1)
  })

  it('wait for the disk when it refuses', async () => {
    const kit = await kitOf(first)
    await receive(kit, branches(MAX_IDLE_HEADS + 1))
    kit.store.isClosed = true
    await pass(kit, MERGE_IDLE_MS)
    kit.store.isClosed = false
    await kit.replica.resume()
    kit.store.failAt = 1
    await pass(kit, MERGE_IDLE_MS)
    expect([heads(kit), kit.tally.merges]).to.deep.equal([MAX_IDLE_HEADS + 1, 0])
    kit.store.failAt = 0
    await kit.replica.resume()
    await pass(kit, MERGE_IDLE_MS)
    expect([heads(kit), kit.tally.merges]).to.deep.equal([1, 1])
  })

  it('wait at most for an idle moment while more is being fetched', async () => {
    const kit = await kitOf(first)
    kit.isFetching = true
    await receive(kit, branches(MAX_PILED_HEADS + 1))
    await pass(kit, MERGE_IDLE_MS - 1)
    expect(kit.tally.merges).to.equal(0)
    await pass(kit, 1)
    expect(kit.tally.merges).to.equal(1)
  })
})

describe('who joins them', () => {
  it('is the writer with the smallest identity among those that are connected, and then the next ones', async () => {
    const kit = await kitOf(third)
    kit.online = [fourth, second, first]
    const merges = made(kit)
    await receive(kit, branches(MAX_IDLE_HEADS + 1))
    await pass(kit, MERGE_IDLE_MS + 2 * MERGE_STEP_MS - 1)
    expect(merges).to.deep.equal([])
    await pass(kit, 1)
    expect(merges).to.have.length(1)
  })

  it('are not those that may not write, or are not connected', async () => {
    const members = MEMBERS.map(([key, role]) => [key, key === first ? 'reader' : role] as const)
    const kit = await kitOf(third, { members })
    kit.online = [first, fourth]
    await receive(kit, branches(MAX_IDLE_HEADS + 1))
    await pass(kit, MERGE_IDLE_MS)
    expect(heads(kit)).to.equal(1)

    const reader = await kitOf(first, { members })
    await receive(reader, branches(100))
    await pass(reader, 600_000)
    expect([heads(reader), reader.tally.merges]).to.deep.equal([100, 0])
    expect(reader.clock.timers).to.equal(0)
  })

  it('is nobody any more once somebody has', async () => {
    const [kit, other] = [await kitOf(first), await kitOf(second)]
    other.online = [first]
    const merges = made(kit)
    for (const each of [kit, other]) await receive(each, branches(MAX_IDLE_HEADS + 1))
    await pass(kit, MERGE_IDLE_MS)
    await pass(other, MERGE_IDLE_MS)
    await receive(other, merges)
    expect(other.clock.timers).to.equal(0)
    await pass(other, 600_000)
    expect(other.tally.merges).to.equal(0)
  })

  it('is nobody where the heads are merges', async () => {
    const kit = await kitOf(first)
    await receive(kit, [...branches(100, 'merge'), ...branches(MAX_IDLE_HEADS, 'state', 2)])
    expect(heads(kit)).to.equal(100 + MAX_IDLE_HEADS)
    await pass(kit, 600_000)
    const again = await kit.reopen()
    await again.replica.resume()
    await pass(again, 600_000)
    expect([heads(again), kit.tally.merges + again.tally.merges]).to.deep.equal([108, 0])
    // unless there is enough beside them
    await receive(again, branches(MAX_IDLE_HEADS + 1, 'state', 3))
    await pass(again, 600_000)
    expect(heads(again)).to.equal(1)
  })

  it('waits for a key that somebody who has gone does not have; what that one wrote is joined as well', async () => {
    const kit = await kitOf(first)
    const gone = writers[0]
    const deltas = branches(MAX_IDLE_HEADS + 1)
    const merges = made(kit)
    await receive(kit, deltas)
    kit.anchor.say(MEMBERS.filter(([key]) => key !== gone))
    await kit.group.refresh()
    await kit.replica.reconsider('member')
    await pass(kit, 600_000)
    expect(kit.tally.merges).to.equal(0)
    await kit.group.makeKey(epochKey(1))
    await kit.replica.reconsider('key')
    await pass(kit, MERGE_IDLE_MS)
    expect(heads(kit)).to.equal(1)
    const parents = merges.map(({ bytes }) => envelopeCodec.decode(bytes).header.parents)
    expect(parents.map((ids) => ids.map(toHex))).to.deep.equal([
      deltas.map(({ id }) => toHex(id)).sort(),
    ])
  })
})

describe('a head whose author is no writer any more', () => {
  const gone = writers[1] as SigningKey // there are 200
  const left: readonly Party[] = MEMBERS.filter(([key]) => key !== gone)
  const last = craftDelta({
    author: gone,
    keyring,
    item: 'last',
    parents: [genesis.id],
    step: 1,
  })

  async function leaves(kit: ReplicaKit): Promise<void> {
    kit.anchor.say(left)
    await kit.group.refresh()
    await kit.group.makeKey(epochKey(1))
    await kit.replica.reconsider('member')
  }

  it('is built on by a writer that took it in, so that those take it who did not', async () => {
    const kit = await kitOf(first)
    const merges = made(kit)
    await receive(kit, [last])
    await leaves(kit)
    await pass(kit, MERGE_IDLE_MS - 1)
    expect(merges).to.deep.equal([])
    await pass(kit, 1)
    expect(merges).to.have.length(1)
    // and that is all
    await pass(kit, 600_000)
    expect(merges).to.have.length(1)
    expect(kit.clock.timers).to.equal(0)

    const other = await kitOf(second)
    await leaves(other)
    await receive(other, [last, ...merges])
    expect(other.replica.state.dag.heads).to.deep.equal(kit.replica.state.dag.heads)
    expect(other.replica.state.meta.root).to.deep.equal(kit.replica.state.meta.root)
  })

  it('is not built on by who did not take it in before', async () => {
    const kit = await kitOf(first)
    await leaves(kit)
    const merges = made(kit)
    await receive(kit, [last, ...branches(1)])
    await pass(kit, 600_000)
    expect(heads(kit)).to.equal(1)
    expect(merges).to.deep.equal([])
    expect(kit.clock.timers).to.equal(0)
  })
})
