/** A move of a group to another contract of NEAR: what comes along, who pays, and who may not. */
import { expect } from 'chai'
import * as P from 'micro-packed'
import type { GroupId } from '../../../src/node/primitives/ids.ts'
import { deriveContextId } from '../../../src/node/anchor/envelope.ts'
import { bytes, bytes32, string } from '../../../src/node/codec/codec.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { contextOf, creation, person, salt } from '../../compliance/anchor-support.ts'
import { add, remove } from '../../support/ethereum-scene.ts'
import { type By, NEAR, NearBench, type Outcome } from '../../support/near-contracts.ts'
import { nameOf, PLENTY, priceOf, Scene } from '../../support/near-scene.ts'
import { wat } from '../../support/wat.ts'

const WEEK = 604_800n
/** Tables that come along: contexts, groups, members and slots. */
const TABLES = ['01', '02', '03', '05']
/** What the successor's own account is called. */
const NEXT = 'next.test.near'

const groupArguments = P.struct({ group: bytes32, length: P.U32LE })
const askedLayout = P.struct({ subject: bytes, payer: string, deposit: P.U128LE })

describe('near contracts: a move to another contract', function () {
  this.timeout(60_000)
  let old: Scene
  let next: Scene
  let snapshot: number

  before(() => {
    const bench = new NearBench()
    old = new Scene(bench, bench.deploy('contexts'))
    next = new Scene(bench, bench.deploy('contexts', old.account, 'next'))
    snapshot = bench.chain.snapshot()
  })
  beforeEach(() => old.bench.revert(snapshot))

  /** Number that the transaction came to in the end, or what its first receipt said. */
  function adopt(method: string, args: Uint8Array, by: By = PLENTY): string {
    return next.bench.ended(next.call(method, args, by))
  }

  const adoptGroup = (length = 100, by?: By, group: GroupId = old.group): string =>
    adopt('adopt_group', groupArguments.encode({ group, length }), by)
  const adoptContext = (id: Uint8Array = old.context, by?: By): string =>
    adopt('adopt_context', id, by)

  /** Rows that come along, of a contract. */
  function rows(scene: Scene): [string, string][] {
    return [...scene.bench.stored(scene.account)].filter(([key]) =>
      TABLES.includes(key.slice(0, 2)),
    )
  }

  /** A group of some members and two contexts that has planned to move, and does so `seconds` later. */
  async function moving(seconds: bigint = WEEK): Promise<void> {
    const { a, b, c } = old
    await old.begin(b, c)
    old.must(await old.send(a, remove(b)))
    old.must(await old.send(a, add(person('D'), person('E'))))
    old.must(await old.send(a, creation(2, old.group), { subject: contextOf(a, 2) }))
    old.must(await old.send(a, { kind: 'migrateTo', contract: utf8(NEXT) }))
    old.bench.setTime(old.bench.now + seconds)
  }

  it('hands over members, options and contexts as they are, by anybody’s calls, and they act there', async () => {
    await moving()
    const { a } = old
    expect(adoptGroup(2)).to.equal('0')
    // until the last member is here there is no group
    expect(next.header()).to.equal(undefined)
    expect(adoptContext()).to.equal('5')
    expect(adoptGroup(1, { by: 'stranger.near', deposit: NEAR })).to.equal('0')
    expect(adoptGroup(100)).to.equal('0')
    expect(next.header()).to.deep.equal({ ...old.header(), migration: undefined })
    expect([adoptContext(), adoptContext(contextOf(a, 2))]).to.deep.equal(['0', '0'])
    const moved = next.header()
    const others = (row: readonly [string, string]): boolean => row[0].slice(0, 2) !== '02'
    expect(rows(next).filter(others)).to.have.deep.members(rows(old).filter(others))
    expect(next.told(0n)).to.deep.equal(['GroupAdopted', 'ContextAdopted', 'ContextAdopted'])
    expect(moved?.count).to.equal(4)
    // the nonces go on, and the predecessor takes nothing any more
    expect(await next.outcome(a, add(old.x))).to.equal('accepted')
    expect(await old.outcome(a, add(old.x))).to.equal('Moved')
  })

  it('hands over as many members in one call as a page has', async () => {
    await old.begin()
    for (let from = 0; from < 112; from += 16) {
      const crowd = Array.from({ length: 16 }, (_, at) => person(`crowd ${from + at}`))
      old.must(await old.send(old.a, add(...crowd)))
    }
    old.must(await old.send(old.a, { kind: 'migrateTo', contract: utf8(NEXT) }))
    old.bench.setTime(old.bench.now + WEEK)
    // more than a page there is not
    expect(adoptGroup(1000)).to.equal('0')
    expect(next.header()).to.equal(undefined)
    expect(adoptGroup(13)).to.equal('0')
    expect(next.page(0, 1)?.total).to.equal(113)
  })

  it('keeps of the deposit what is stored, to the byte, and gives the rest to who paid', async () => {
    await moving()
    const { usage } = next
    const balance = next.bench.balance(next.account)
    expect(adoptGroup(100)).to.equal('0')
    const kept = next.bench.balance(next.account) - balance
    const price = priceOf(next.usage - usage)
    // and part of the gas
    expect(kept >= price && kept < price + NEAR / 100n).to.equal(true)
  })

  it('has no effect when nobody pays enough, and the deposit goes back', async () => {
    await moving()
    const stored = next.bench.stored(next.account)
    const payer = next.bench.balance('payer.near')
    expect(adoptGroup(100, { deposit: priceOf(100) })).to.equal('23')
    expect(next.bench.stored(next.account)).to.deep.equal(stored)
    // but for the gas
    expect(payer - next.bench.balance('payer.near') < NEAR / 50n).to.equal(true)
    const args = utf8(JSON.stringify({ account_id: 'payer.near' }))
    next.must(next.call('storage_deposit', args, PLENTY))
    expect(adoptGroup(100, {})).to.equal('0')
  })

  it('is taken over at its second, and no second sooner', async () => {
    await moving(WEEK - 1n)
    expect(adoptGroup()).to.equal('5')
    old.bench.setTime(old.bench.now + 1n)
    expect(adoptGroup()).to.equal('0')
  })

  it('goes nowhere but where it was planned to, and once', async () => {
    await moving()
    const third = new Scene(old.bench, old.bench.deploy('contexts', old.account, 'third'))
    const args = groupArguments.encode({ group: old.group, length: 9 })
    expect(third.bench.ended(third.call('adopt_group', args, PLENTY))).to.equal('5')
    // a contract without a predecessor takes nothing over
    expect(old.bench.ended(old.call('adopt_group', args, PLENTY))).to.equal('ContextExists')
    const other = contextOf(old.x)
    const unknown = groupArguments.encode({ group: other, length: 9 })
    expect(nameOf(old.call('adopt_group', unknown, PLENTY))).to.equal('ContextNotFound')
    expect(adopt('adopt_group', unknown)).to.equal('5')
    expect(adoptGroup()).to.equal('0')
    expect(adoptGroup()).to.equal('ContextExists')
    expect([adoptContext(), adoptContext()]).to.deep.equal(['0', 'ContextExists'])
    expect(adoptContext(contextOf(old.a, 7))).to.equal('5')
  })

  it('lets nobody take an id there before it comes, not even its author', async () => {
    const { a } = old
    expect(await next.outcome(a, creation(), { subject: old.context, nonce: 0n })).to.equal(
      'ContextIdMismatch',
    )
    const own = deriveContextId(a.publicKey, salt(), utf8(NEXT))
    expect(await next.outcome(a, creation(), { subject: own, nonce: 0n })).to.equal('accepted')
  })

  it('somebody finished what the contract had not begun', async () => {
    await moving()
    const subject = Uint8Array.of(...old.group, 0, 0, 0, 0)
    const asked = askedLayout.encode({ subject, payer: 'stranger.near', deposit: NEAR })
    for (const by of ['stranger.near', 'test.near']) {
      const told = next.call('finish_group', asked, { by })
      expect(told.error).to.equal('only the contract itself finishes what it began')
      expect(next.call('finish_context', asked, { by }).error).to.equal(told.error)
    }
    expect(next.header()).to.equal(undefined)
  })

  it('two calls for the same members came at once, and one of them changed nothing', async () => {
    await moving()
    const { chain } = next.bench
    chain.mode = 'manual'
    const args = groupArguments.encode({ group: old.group, length: 2 })
    const hashes = [0, 1].map(() => next.bench.begin(next.account, 'adopt_group', args, PLENTY))
    chain.mine(8)
    chain.mode = 'instant'
    const ends = hashes.map((hash) => next.bench.ended(next.bench.outcomeOf(hash, next.account)))
    expect(ends).to.deep.equal(['0', '14'])
    expect(adoptGroup()).to.equal('0')
    expect(next.header()?.count).to.equal(4)
  })

  it('a predecessor that is no contract of ours, or none at all, gives nothing', () => {
    const { bench } = old
    const { error } = bench.transact('other.near', 'liar.other.near', [
      { type: 'create' },
      { type: 'transfer', deposit: NEAR },
      { type: 'deploy', code: LIAR },
    ])
    expect(error).to.equal(undefined)
    for (const [label, account] of [
      ['after-liar', 'liar.other.near'],
      ['after-nobody', 'nobody.near'],
    ] as const) {
      const scene = new Scene(bench, bench.deploy('contexts', account, label))
      const args = groupArguments.encode({ group: old.group, length: 9 })
      const balance = bench.balance('payer.near')
      const end = (outcome: Outcome): string => bench.ended(outcome)
      expect(end(scene.call('adopt_group', args, PLENTY)), label).to.equal('5')
      expect(end(scene.call('adopt_context', old.context, PLENTY)), label).to.equal('5')
      expect(balance - bench.balance('payer.near') < NEAR / 20n).to.equal(true)
    }
  })
})

/** Answers whatever it is asked with a byte that is no answer. */
const LIAR = wat(`(module
  (import "env" "value_return" (func $return (param i64 i64)))
  (memory 1)
  (data (i32.const 0) "\\07")
  (func (export "exported_group") (call $return (i64.const 1) (i64.const 0)))
  (func (export "context") (call $return (i64.const 1) (i64.const 0))))`)
