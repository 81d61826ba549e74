/** What canisters store, and what it takes as it grows: the tree, its paths, upgrades, and what is remembered of operations. */
import { expect } from 'chai'
import type { Signer } from '../../../src/node/anchor/anchor.ts'
import type { Operation } from '../../../src/node/anchor/operations.ts'
import { PublicKey } from '../../../src/node/primitives/ids.ts'
import { contextOf, person } from '../../compliance/anchor-support.ts'
import { add, dismiss, remove } from '../../support/ethereum-scene.ts'
import { moduleBytes } from '../../support/icp-contracts.ts'
import { keyOf, Scene } from '../../support/icp-scene.ts'

describe('icp contracts: what they store', function () {
  this.timeout(120_000)
  let t: Scene
  let snapshot: number

  before(() => {
    t = new Scene()
    snapshot = t.snapshot()
  })
  beforeEach(() => t.revert(snapshot))

  it('[W11] does the same work for one member as for five hundred', async () => {
    const { a, b, x } = t
    const measure = async (who: Signer): Promise<number[]> => {
      const cost = async (operation: Operation): Promise<number> => {
        const canister = t.bench.canister(t.id)
        const signed = await t.signed(a, operation)
        const { cycles } = canister
        t.must(t.deliver(signed))
        return Number(cycles - canister.cycles)
      }
      return [await cost(add(who)), await cost(remove(who))]
    }
    await t.begin()
    const alone = await measure(b)
    for (let from = 0; from < 500; from += 16) {
      const crowd = Array.from({ length: 16 }, (_, at) => person(`crowd ${from + at}`))
      t.must(await t.send(a, add(...crowd)))
    }
    const crowded = await measure(x)
    for (const [at, one] of alone.entries()) {
      // hashes on the way to the root: their number is the logarithm of what there is
      expect(crowded[at]).to.be.within(one * 0.95, one * 1.05)
    }
  })

  it('[W13] an upgrade keeps every row, with nothing to do for any of them', async () => {
    const { bench, a } = t
    await t.begin()
    const module = moduleBytes('contexts')
    const few = bench.upgrade(t.id, module)
    for (let from = 0; from < 160; from += 16) {
      const crowd = Array.from({ length: 16 }, (_, at) => person(`crowd ${from + at}`))
      t.must(await t.send(a, add(...crowd)))
    }
    const stored = t.stored()
    const { certifiedData } = bench.canister(t.id)
    // no chain says that it keeps this
    bench.canister(t.id).certifiedData = new Uint8Array(0)
    const many = bench.upgrade(t.id, module)
    expect(Number(many)).to.be.within(Number(few) * 0.95, Number(few) * 1.05)
    expect(t.stored()).to.deep.equal(stored)
    expect(bench.canister(t.id).certifiedData).to.deep.equal(certifiedData)
    expect(t.page(100, 100)?.items).to.have.length(61)
    expect(await t.outcome(a, add(t.b))).to.equal('accepted')
    t.checkRoot()
  })

  it('says after an upgrade of which version it is now', async () => {
    const { bench } = t
    await t.begin()
    const key = keyOf('settings')
    const settings = t.prove('info').get(key) ?? key
    expect(settings[0]).to.equal(2)
    // as a module of an earlier version left it
    bench.patch(t.id, key, Uint8Array.of(1, ...settings.subarray(1)))
    bench.upgrade(t.id, moduleBytes('contexts'))
    t.checkRoot()
    expect(t.prove('info').get(key)).to.deep.equal(settings)
  })

  it('[W23] gives every table keys of its own', async () => {
    const { a, b, c, x } = t
    await t.begin(b, c)
    t.must(await t.send(x, await t.claim(t.terms(), x.publicKey, a), { nonce: 0n }))
    t.must(await t.send(a, remove(b)))
    const tables = new Map<number, Set<number>>()
    for (const key of t.stored().keys()) {
      const table = Number.parseInt(key.slice(0, 2), 16)
      tables.set(table, (tables.get(table) ?? new Set()).add(key.length / 2))
    }
    // contexts, groups, members, past, slots, invitations, books; then what is the canister's own
    expect([...tables].map(([table, lengths]) => [table, ...lengths])).to.have.deep.members([
      ...[1, 2].map((table) => [table, 33]),
      ...[3, 4].map((table) => [table, 65]),
      ...[
        [5, 37],
        [6, 33],
        [7, 75],
        [128, 1],
        [129, 1],
        [130, 9],
        [131, 73],
        [132, 1],
      ],
    ])
  })

  it('somebody filled what is remembered, and it is told what is not known any more', async () => {
    const { bench, a, b } = t
    await t.begin()
    const first = await t.signed(a, dismiss(b))
    t.must(t.deliver(first))
    const nonce = t.nonceOf(a) - 1n
    const counter = keyOf('operations')
    // as if so many had come since
    bench.patch(t.id, counter, Uint8Array.of(0xff, 0xff, 0, 0, 0, 0, 0, 0))
    t.must(await t.send(a, dismiss(b), { nonce: nonce + 1n }))
    t.checkRoot()
    expect(t.place).to.equal(65_536n)
    const applied = (of: bigint): string[] => {
      const { keys } = t.prove('applied', t.group, a.publicKey, of, new Uint8Array(32))
      return keys.map((key) => key.slice(0, 2))
    }
    expect(applied(nonce)).to.include.members(['82', '83'])
    // the place of the creation, and then that of the first request, are given to others
    t.must(await t.send(a, add(b)))
    expect(t.told(65_536n)).to.deep.equal(['MembersAdded'])
    t.must(await t.send(a, remove(b)))
    expect(t.told(65_536n)).to.deep.equal(['MembersAdded', 'MembersRemoved'])
    // its rows are gone, and the signer's nonce says that it was used
    expect(applied(nonce)).to.not.include.members(['83'])
    expect(applied(nonce)).to.include('03')
    expect([...t.stored().keys()].filter((key) => key.startsWith('83'))).to.have.length(3)
    // who asks from before what is remembered gets nothing that came later in its place
    const page = t.prove('changes', [0n], 2).keys
    expect(page.filter((key) => key.startsWith('82'))).to.deep.equal([])
    t.checkRoot()
  })

  it('a manager named members so that the tree is as deep as it can be, and it goes on', async () => {
    const { a, bench } = t
    await t.begin()
    // keys that begin alike, ever longer: each hangs one level below the one before
    const deep = Array.from({ length: 200 }, (_, bit) => {
      const key = new Uint8Array(32)
      key[Math.floor(bit / 8)] = 128 >> (bit % 8)
      return PublicKey.from(key)
    })
    for (let from = 0; from < deep.length; from += 10) {
      const ids = deep.slice(from, from + 10).map((publicKey) => ({ ...a, publicKey }))
      t.must(await t.send(a, remove(...ids)))
    }
    t.checkRoot()
    const last = deep.at(-1) ?? t.a.publicKey
    const rows = t.prove('standing', t.group, last)
    expect(rows.get(keyOf('past', t.group, last))).to.not.equal(undefined)
    // nobody else's rows lie deeper for it
    const other = t.x
    expect(await t.create(other)).to.equal('accepted')
    expect(bench.prove(t.id, 'group', contextOf(other)).keys).to.have.length(3)
  })
})
