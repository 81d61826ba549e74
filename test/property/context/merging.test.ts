import { expect } from 'chai'
import { MAX_IDLE_HEADS, MERGE_STEP_MS } from '../../../src/node/context/limits.ts'
import type { SigningKey } from '../../../src/node/crypto/sign.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { idKey } from '../../../src/node/primitives/ids.ts'
import { craftDelta, keyOf } from '../../support/craft-delta.ts'
import { seededRandom } from '../../support/hand-clock.ts'
import { type Party, type ReplicaKit, replicaKit, testKeyring } from '../../support/replica-kit.ts'

const keyring = testKeyring()
const nodes = ['a', 'b', 'c', 'd'].map(keyOf)
const writers = Array.from({ length: 150 }, (_, i) => keyOf(`writer ${i}`))
const genesis = craftDelta({ author: keyOf('founder'), keyring, item: 'genesis' })

/** Replicas of one context whose own deltas reach those that are connected with them. */
async function network(
  members: readonly Party[],
  isConnected: (a: SigningKey, b: SigningKey) => boolean,
): Promise<ReplicaKit[]> {
  const kits = await Promise.all(nodes.map((key) => replicaKit({ own: [key], members })))
  for (const [i, kit] of kits.entries()) {
    const reached = nodes.flatMap((key, n) => {
      const own = nodes[i]
      const peer = kits[n]
      return own !== undefined && peer !== undefined && peer !== kit && isConnected(own, key)
        ? [{ key, peer }]
        : []
    })
    kit.online = reached.map(({ key }) => key)
    kit.replica.events.on('applied', ({ candidate, local }) => {
      if (local) for (const { peer } of reached) void peer.replica.receive(candidate.bytes)
    })
  }
  return kits
}

async function pass(kits: readonly ReplicaKit[], ms: number): Promise<void> {
  for (const kit of kits) kit.clock.advance(ms)
  for (const kit of kits) await kit.idle()
}

describe('concurrent heads', () => {
  it('come down to one on all nodes, with equal roots, by no more merges than they need', async function () {
    this.timeout(60_000)
    for (let seed = 0; seed < 10; seed++) {
      const random = seededRandom(`merging ${seed}`)
      const count = MAX_IDLE_HEADS + 1 + random.below(writers.length - MAX_IDLE_HEADS)
      const readers = new Set(random.shuffle(nodes).slice(0, random.below(nodes.length)))
      const members = [...nodes, ...writers].map(
        (key) => [key, readers.has(key) ? 'reader' : 'writer'] as const,
      )
      const founder = [keyOf('founder'), 'writer'] as const
      const kits = await network([founder, ...members], () => true)
      const deltas = writers
        .slice(0, count)
        .map((author, i) =>
          craftDelta({ author, keyring, item: `${i}`, parents: [genesis.id], step: 1 + i / 10 }),
        )
      for (const kit of kits) {
        await kit.replica.receive(genesis.bytes)
        await Promise.all(random.shuffle(deltas).map(({ bytes }) => kit.replica.receive(bytes)))
      }
      const root = kits[0]?.replica.state.meta.root
      for (let step = 0; step < 8; step++) await pass(kits, MERGE_STEP_MS / 2)
      const where = kits.map(({ replica }) => ({
        heads: replica.state.dag.heads.map(idKey),
        root: toHex(replica.state.meta.root),
      }))
      expect(new Set(where.map(({ heads }) => heads.length)), `seed ${seed}`).to.deep.equal(
        new Set([1]),
      )
      expect(where, `seed ${seed}`).to.deep.equal(kits.map(() => where[0]))
      expect(where[0]?.root, `seed ${seed}`).to.equal(toHex(root ?? new Uint8Array()))
      const merges = kits.reduce((sum, { tally }) => sum + tally.merges, 0)
      expect(merges, `seed ${seed}`).to.equal(Math.ceil((count - 1) / 63))
      await Promise.all(kits.map(({ replica }) => replica.close()))
    }
  })

  it('are merged by each side of a cut, and by nobody again when the sides meet', async () => {
    const isLeft = (key: SigningKey): boolean => nodes.indexOf(key) < 2
    const members = [...nodes, ...writers, keyOf('founder')].map((key) => [key, 'writer'] as const)
    const kits = await network(members, (a, b) => isLeft(a) === isLeft(b))
    const said: Uint8Array[] = []
    for (const kit of kits) {
      kit.replica.events.on('applied', ({ candidate }) => said.push(candidate.bytes))
    }
    const deltas = writers
      .slice(0, 40)
      .map((author, i) =>
        craftDelta({ author, keyring, item: `${i}`, parents: [genesis.id], step: 1 + i / 10 }),
      )
    for (const kit of kits) {
      for (const { bytes } of [genesis, ...deltas]) await kit.replica.receive(bytes)
    }
    for (let step = 0; step < 16; step++) await pass(kits, MERGE_STEP_MS / 2)
    for (const kit of kits) for (const bytes of said) await kit.replica.receive(bytes)
    for (let step = 0; step < 16; step++) await pass(kits, MERGE_STEP_MS / 2)
    expect(kits.map(({ replica }) => replica.state.dag.heads.length)).to.deep.equal([2, 2, 2, 2])
    expect(kits.map(({ tally }) => tally.merges).toSorted((a, b) => a - b)).to.deep.equal([
      0, 0, 1, 1,
    ])
    await kits[0]?.call('add', 'the next write')
    await pass(kits, 0)
    expect(kits[0]?.replica.state.dag.heads).to.have.length(1)
  })
})
