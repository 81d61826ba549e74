import { expect } from 'chai'
import fc from 'fast-check'
import { frontierHash, NO_DIGEST } from '../../../src/node/codec/frontier.ts'
import { MAX_PARENTS } from '../../../src/node/codec/delta.ts'
import { advanced, Authors } from '../../../src/node/context/replica/authors.ts'
import { makeDelta } from '../../../src/node/context/replica/author.ts'
import { compareBytes, EMPTY, toHex } from '../../../src/node/primitives/bytes.ts'
import { DeltaId, idKey, PublicKey, ZERO_ID } from '../../../src/node/primitives/ids.ts'
import { AUTHOR_STATE, type AuthorRow } from '../../../src/node/store/repositories/deltas.ts'
import {
  APPLICATION,
  bytesOf,
  CONTEXT,
  craftDelta,
  type Crafted,
  keyOf,
  stamp,
} from '../../support/craft-delta.ts'
import { concurrentHistory } from '../../support/history.ts'
import { seededRandom } from '../../support/hand-clock.ts'
import {
  CONTEXT_NUMBER,
  type KitInit,
  type ReplicaKit,
  replicaKit,
  testKeyring,
} from '../../support/replica-kit.ts'

const START: AuthorRow = { height: 0n, count: 0n, digest: NO_DIGEST, last: ZERO_ID, state: 0 }

/** The row after deltas of these numbers, in this order. */
function rowOf(sequences: readonly number[]): AuthorRow {
  return sequences.reduce(
    (row, sequence, i) => advanced(row, BigInt(sequence), bytesOf(`${sequence} of ${i}`)),
    START,
  )
}

describe('the row of an author', () => {
  const { whole, gap, fork } = AUTHOR_STATE
  const cases: readonly [string, readonly number[], number][] = [
    ['numbers in a row', [1, 2, 3], whole],
    ['no first number', [2], gap],
    ['a number left out', [1, 3], gap],
    ['a number left out that comes later', [1, 3, 2], gap],
    ['a number twice', [1, 2, 2], fork],
    ['an older number twice', [1, 2, 3, 2, 4], fork],
    ['a number left out, and one twice', [1, 3, 3, 2], fork],
  ]
  for (const [name, sequences, state] of cases) {
    it(`says what it means: ${name}`, () => {
      const row = rowOf(sequences)
      expect(row.state).to.equal(state)
      expect(row.height).to.equal(BigInt(Math.max(...sequences)))
      expect(row.count).to.equal(BigInt(sequences.length))
    })
  }

  it('does not depend on the order of application', () => {
    const entries = fc.uniqueArray(fc.nat(40), { minLength: 1, maxLength: 20 })
    const orders = entries.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    )
    fc.assert(
      fc.property(orders, ([one, other]) => {
        const of = (list: readonly number[]): AuthorRow =>
          list.reduce((row, n) => advanced(row, BigInt(n + 1), bytesOf(`delta ${n}`)), START)
        const [a, b] = [of(one), of(other)]
        expect([a.height, a.count, toHex(a.digest), toHex(a.last)]).to.deep.equal([
          ...[b.height, b.count, toHex(b.digest), toHex(b.last)],
        ])
      }),
    )
  })
})

describe('the frontier of authors', () => {
  it('lists them ascending, and its hash moves with every row', () => {
    const [a, b] = [bytesOf('a'), bytesOf('b')].sort(compareBytes) as [Uint8Array, Uint8Array] // two
    const authors = new Authors([{ author: PublicKey.from(b), row: rowOf([1]) }])
    const hashes = new Set([toHex(authors.hash)])
    authors.put([{ author: a, row: rowOf([1]) }])
    expect(authors.heights.map(({ author }) => toHex(author))).to.deep.equal([toHex(a), toHex(b)])
    expect(toHex(authors.hash)).to.equal(toHex(frontierHash(authors.heights)))
    hashes.add(toHex(authors.hash))
    authors.put([{ author: a, row: rowOf([1, 2]) }])
    hashes.add(toHex(authors.hash))
    authors.put([{ author: a, row: advanced(rowOf([1]), 2n, bytesOf('another delta')) }])
    hashes.add(toHex(authors.hash))
    expect(hashes.size).to.equal(4)
  })
})

const [alice, bob, me] = ['alice', 'bob', 'me'].map(keyOf) as [
  ...[ReturnType<typeof keyOf>, ReturnType<typeof keyOf>, ReturnType<typeof keyOf>],
] // three names
const keyring = testKeyring()
const INIT: KitInit = {
  own: [me],
  members: [alice, bob, me].map((key) => [key, 'writer'] as const),
}

async function numbersOf(kit: ReplicaKit, author: Uint8Array): Promise<string[]> {
  const found = []
  for await (const { id } of kit.deltas.numbered(CONTEXT_NUMBER, author, 0n, 1n << 60n)) {
    found.push(idKey(id))
  }
  return found
}

describe('authors of a context replica', () => {
  it('have the same frontier in any order of arrival, after a restart, and as counted from the history', async () => {
    const history = concurrentHistory('frontiers', 24, [alice, bob], keyring)
    const hashes = new Set<string>()
    for (let seed = 0; seed < 8; seed++) {
      const kit = await replicaKit(INIT)
      for (const delta of seededRandom(`arrival ${seed}`).shuffle(history)) {
        await kit.replica.receive(delta.bytes)
      }
      const again = await kit.reopen()
      for (const { replica } of [kit, again]) hashes.add(toHex(replica.state.authors.hash))
      for (const key of [alice, bob]) {
        const own = history.filter(({ envelope }) => envelope.header.author === key.publicKey)
        expect(kit.replica.state.authors.row(key.publicKey)).to.deep.include({
          height: BigInt(own.length),
          state: AUTHOR_STATE.whole,
        })
        expect(await numbersOf(kit, key.publicKey)).to.deep.equal(own.map(({ id }) => idKey(id)))
      }
    }
    expect(hashes.size).to.equal(1)
  })

  it('number their own deltas from one, those of a batch and those after a restart too', async () => {
    const kit = await replicaKit(INIT)
    await kit.replica.receive(craftDelta({ author: alice, keyring, item: 'genesis' }).bytes)
    await Promise.all([kit.call('add', 'a'), kit.call('add', 'b'), kit.call('add', 'c')])
    const again = await kit.reopen()
    await again.call('add', 'd')
    expect(again.replica.state.authors.row(me.publicKey)).to.deep.include({
      height: 4n,
      count: 4n,
      state: AUTHOR_STATE.whole,
    })
    expect(again.replica.state.authors.row(me.publicKey).last).to.deep.equal(
      again.replica.state.dag.heads[0],
    )
  })

  it('build on their last delta even when more heads stand than a delta has parents', () => {
    const ids = Array.from({ length: MAX_PARENTS + 1 }, (_, i) => DeltaId.from(bytesOf(`${i}`)))
    const heads = ids.sort(compareBytes)
    const payload = {
      ...{ application: APPLICATION, appPayload: EMPTY, events: EMPTY, depth: 0 },
      authorRoot: bytesOf('root'),
    }
    // above every head, below every head, and one of them
    for (const last of [new Uint8Array(32).fill(0xff), bytesOf('0'), heads[0] ?? ZERO_ID]) {
      const hlc = stamp(1, me)
      const own = { height: 4n, last }
      const { header } = makeDelta(
        {
          context: CONTEXT,
          author: me,
          keyring,
          membersRevision: 1n,
          sealFrom: 1n,
          hlc,
          heads,
          own,
          payload,
        },
        seededRandom('delta'),
      )
      expect(header.sequence).to.equal(5n)
      const parents = header.parents.map(toHex)
      expect(parents).to.include(toHex(last))
      expect(parents).to.have.length(MAX_PARENTS)
      expect(parents).to.deep.equal([...new Set(parents)].sort())
    }
  })

  it('show another copy where the histories part: heads, and applied deltas at growing distances', async () => {
    const kit = await replicaKit(INIT)
    const history = concurrentHistory('landmarks', 40, [alice, bob], keyring)
    for (const delta of history) await kit.replica.receive(delta.bytes)
    const { state } = kit.replica
    const marks = state.landmarks().map(idKey)
    expect(marks.slice(0, state.dag.heads.length)).to.deep.equal(state.dag.heads.map(idKey))
    // 1, 2, 4 ... 32 before the last of 40
    const older = [39, 38, 36, 32, 24, 8].map((n) => kit.deltas.at(CONTEXT_NUMBER, BigInt(n)))
    expect(marks.slice(state.dag.heads.length)).to.deep.equal(older.map((id) => id && idKey(id)))
    const waiting = await replicaKit(INIT)
    await waiting.replica.receive(history.at(-1)?.bytes ?? EMPTY)
    expect(waiting.replica.state.landmarks()).to.deep.equal([])
  })

  it('keep both deltas of a number, in any order, and say so once', async () => {
    const genesis = craftDelta({ author: alice, keyring, item: 'genesis' })
    const second = (item: string): Crafted =>
      craftDelta({ author: bob, keyring, item, step: 1, parents: [genesis.id], sequence: 1 })
    const [one, other] = [second('one'), second('other')]
    const later = craftDelta({
      ...{ author: bob, keyring, item: 'later', step: 2, sequence: 2 },
      parents: [one.id, other.id].sort(compareBytes),
    })
    const hashes = new Set<string>()
    for (const order of [
      [one, other, later],
      [later, other, one],
    ]) {
      const kit = await replicaKit(INIT)
      for (const { bytes } of [genesis, ...order]) await kit.replica.receive(bytes)
      expect(kit.replica.state.meta.applied).to.equal(4n)
      expect(kit.tally.forks).to.equal(1)
      expect(kit.replica.state.authors.forked.map(toHex)).to.deep.equal([toHex(bob.publicKey)])
      expect(await numbersOf(kit, bob.publicKey)).to.have.length(3)
      hashes.add(toHex(kit.replica.state.authors.hash))
      const again = await kit.reopen()
      expect(again.replica.state.authors.forked).to.have.length(1)
    }
    expect(hashes.size).to.equal(1)
  })

  it('go on after numbers of their own that their disk had lost came back', async () => {
    const kit = await replicaKit(INIT)
    const genesis = craftDelta({ author: alice, keyring, item: 'genesis' })
    await kit.replica.receive(genesis.bytes)
    await kit.call('add', 'written after the loss')
    const lost = craftDelta({ author: me, keyring, item: 'lost', step: 1, parents: [genesis.id] })
    expect((await kit.replica.receive(lost.bytes)).status).to.equal('applied')
    await kit.call('add', 'written after the return')
    expect(kit.replica.state.authors.row(me.publicKey)).to.deep.include({
      height: 2n,
      count: 3n,
      state: AUTHOR_STATE.fork,
    })
    expect(kit.replica.state.dag.heads).to.have.length(1)
  })
})
