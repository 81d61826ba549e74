import { expect } from 'chai'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { DeltaId, idKey } from '../../../src/node/primitives/ids.ts'
import { COLUMN, columnRange, u32be } from '../../../src/node/store/keys.ts'
import { deltaRows } from '../../../src/node/store/repositories/deltas.ts'
import { type Crafted, keyOf } from '../../support/craft-delta.ts'
import { concurrentHistory } from '../../support/history.ts'
import { seededRandom } from '../../support/hand-clock.ts'
import {
  CONTEXT_NUMBER,
  type KitInit,
  type ReplicaKit,
  replicaKit,
  testKeyring,
} from '../../support/replica-kit.ts'

const authors = ['alice', 'bob', 'carol'].map(keyOf)
const me = keyOf('me')
const keyring = testKeyring()
const INIT: KitInit = {
  own: [me],
  members: [...authors, me].map((key) => [key, 'writer'] as const),
}

/** All rows of a context's state, and where it says it stands. */
async function standing(kit: ReplicaKit): Promise<string> {
  const parts = []
  for await (const [key, value] of kit.store.iterate(
    columnRange(COLUMN.state, u32be(CONTEXT_NUMBER)),
  )) {
    parts.push(`${toHex(key)}=${toHex(value)}`)
  }
  const { state } = kit.replica
  return [...parts, toHex(state.meta.root), ...state.dag.heads.map(idKey)].join('\n')
}

/** Heads as the database shows them: applied deltas that no applied delta names. */
async function headsOnDisk(kit: ReplicaKit): Promise<string[]> {
  const rows = deltaRows(kit.store)
  const applied = new Set<string>()
  const named = new Set<string>()
  for await (const { id } of rows.order(CONTEXT_NUMBER, 0n)) {
    expect(applied.has(idKey(id))).to.equal(false)
    applied.add(idKey(id))
    const row = rows.get(CONTEXT_NUMBER, id)
    for (const parent of row?.parents ?? []) {
      named.add(idKey(DeltaId.from(parent)))
      expect(applied.has(toHex(parent)) || parent.every((byte) => byte === 0)).to.equal(true)
    }
  }
  return [...applied].filter((key) => !named.has(key)).sort()
}

async function deliver(
  kit: ReplicaKit,
  deltas: readonly Crafted[],
  together: boolean,
): Promise<void> {
  const each = (delta: Crafted): Promise<unknown> => kit.replica.receive(delta.bytes)
  if (together) await Promise.all(deltas.map(each))
  else for (const delta of deltas) await each(delta)
}

describe('convergence of a concurrent history', () => {
  it('200 orders of arrival end in the same rows, root and heads', async () => {
    const deltas = concurrentHistory('history', 16, authors, keyring)
    const first = await replicaKit(INIT)
    await deliver(first, deltas, false)
    const expected = await standing(first)
    expect(first.replica.state.meta.applied).to.equal(16n)
    for (let seed = 0; seed < 200; seed++) {
      const random = seededRandom(`order ${seed}`)
      const order = random.shuffle([...deltas, ...random.shuffle(deltas).slice(0, 4)])
      const kit = await replicaKit(INIT)
      await deliver(kit, order, seed % 2 === 0)
      expect(await standing(kit), `seed ${seed}`).to.equal(expected)
      expect(kit.mutations, `seed ${seed}`).to.have.length(16)
    }
  })

  it('survives restarts and refused batches at any point: nothing twice, nothing lost, heads as on disk', async () => {
    const deltas = concurrentHistory('with faults', 14, authors, keyring)
    const whole = await replicaKit(INIT)
    await deliver(whole, deltas, false)
    const expected = await standing(whole)
    for (let seed = 0; seed < 40; seed++) {
      const random = seededRandom(`faults ${seed}`)
      let kit = await replicaKit(INIT)
      for (const delta of random.shuffle(deltas)) {
        if (random.below(4) === 0) kit.store.failAt = 1 + random.below(3)
        await kit.replica.receive(delta.bytes)
        kit.store.failAt = 0
        if (random.below(5) === 0) {
          await kit.replica.close()
          kit = await kit.reopen()
          await kit.replica.resume()
        }
      }
      // what a refused batch kept out is sent again
      await deliver(kit, deltas, random.below(2) === 0)
      kit.clock.advance(60_000)
      await kit.idle()
      expect(await standing(kit), `seed ${seed}`).to.equal(expected)
      expect(await headsOnDisk(kit), `seed ${seed}`).to.deep.equal(
        kit.replica.state.dag.heads.map(idKey),
      )
    }
  })

  it('local calls between arrivals keep the heads of memory and disk the same', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = seededRandom(`mixed ${seed}`)
      const deltas = concurrentHistory(`mixed ${seed}`, 10, authors, keyring)
      const kit = await replicaKit(INIT)
      await deliver(kit, deltas.slice(0, 1), false)
      const work = random
        .shuffle(deltas.slice(1))
        .flatMap((delta, i) => [kit.replica.receive(delta.bytes), kit.call('add', `own ${i}`)])
      await Promise.all(work)
      expect(await headsOnDisk(kit), `seed ${seed}`).to.deep.equal(
        kit.replica.state.dag.heads.map(idKey),
      )
      expect(kit.replica.state.meta.applied).to.equal(19n)
      expect(kit.replica.state.meta.root).to.deep.equal(
        await kit.model.root(kit.replica.state.ref, 'opaque'),
      )
    }
  })
})
