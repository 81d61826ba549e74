/** Attacks that only Stellar makes possible: entries that lapse, footprints that others make wrong, and rent that somebody has to pay. */
import { expect } from 'chai'
import { CAPABILITIES } from '../../../src/node/anchor/anchor.ts'
import { MAX_LIVE_INVITATIONS } from '../../../src/node/anchor/limits.ts'
import type { SignedEnvelope } from '../../../src/node/anchor/service.ts'
import { contextOf, creation, person } from '../../compliance/anchor-support.ts'
import { add, grant, remove } from '../../support/ethereum-scene.ts'
import type { Prepared } from '../../support/stellar-contracts.ts'
import { Scene, signedVals } from '../../support/stellar-scene.ts'

const { manageMembers } = CAPABILITIES
/** Ledgers of a day, and of a year. */
const [DAY, YEAR] = [17_280, 365 * 17_280]
const HORIZON = 120 * DAY

/** What simulation makes of a request. */
function prepare(t: Scene, signed: SignedEnvelope): Prepared {
  const operation = t.bench.invocation(t.contract, 'apply', signedVals(signed))
  const prepared = t.bench.prepared(operation, t.bench.simulate(operation))
  if (prepared === undefined) throw new RangeError('expected a success')
  return prepared
}

describe('stellar contracts, where', function () {
  this.timeout(60_000)
  let t: Scene
  let snapshot: number

  before(() => {
    t = new Scene()
    snapshot = t.snapshot()
  })
  beforeEach(() => t.revert(snapshot))

  it('a group was left alone for a year, and is all there', async () => {
    const { a, b, c, bench } = t
    await t.begin(b)
    const stored = t.stored()
    bench.chain.moveLedgers(YEAR)
    expect(bench.ttl(t.rowKey([...stored.keys()][0] ?? ''))).to.be.lessThan(0)
    expect(bench.ttl(bench.instanceKey(t.contract))).to.be.lessThan(0)
    // a question restores nothing, and needs nothing restored
    expect(t.member(b)?.slot).to.equal(1)
    expect(t.stored()).to.deep.equal(stored)
    t.must(await t.send(a, add(c)))
    expect(t.page(0, 10)?.items.map(({ identity }) => identity)).to.deep.equal(
      [a, b, c].map(({ publicKey }) => new Uint8Array(publicKey)),
    )
    // what was signed in the year before is not good again
    expect(t.nonceOf(a)).to.equal((1n << 32n) + 2n)
  })

  it('entries lapsed between simulation and sending', async () => {
    const { a, b, c, bench } = t
    await t.begin(b)
    bench.chain.moveLedgers(HORIZON - 5)
    const signed = await t.signed(a, add(c), { validUntil: t.now + 3600n })
    const prepared = prepare(t, signed)
    bench.chain.moveLedgers(10)
    const stored = t.stored()
    expect(bench.apply(prepared).error).to.equal('entry_archived')
    expect(t.stored()).to.deep.equal(stored)
    // simulated anew it has them restored, and the envelope is still good
    t.must(t.deliver(signed))
    expect(t.hasMember(c)).to.equal(true)
  })

  it('entries lapsed, and somebody else restored them before the transaction came', async () => {
    const { a, b, c, bench } = t
    await t.begin(b)
    bench.chain.moveLedgers(YEAR)
    const prepared = prepare(t, await t.signed(a, add(c)))
    t.must(t.keepAlive([...t.stored().keys()]))
    expect(bench.apply(prepared).error).to.equal(undefined)
    expect(t.hasMember(c)).to.equal(true)
  })

  it('somebody made the footprint of a transaction wrong', async () => {
    const { a, b, c, x } = t
    await t.begin(b, c, x)
    t.must(await t.send(a, grant(c, manageMembers)))
    // B's place goes to X, which is the last: but then X is removed, and the last one is C
    const signed = await t.signed(a, remove(b))
    const prepared = prepare(t, signed)
    t.must(await t.send(c, remove(x)))
    const stored = t.stored()
    expect(t.bench.apply(prepared).error).to.equal('resource_limit_exceeded')
    expect(t.stored()).to.deep.equal(stored)
    t.must(t.deliver(signed))
    expect(t.page(0, 10)?.items.map(({ identity }) => identity)).to.deep.equal(
      [a, c].map(({ publicKey }) => new Uint8Array(publicKey)),
    )
  })

  it('a stranger keeps somebody’s group from lapsing, at its own expense, and changes nothing', async () => {
    const { bench } = t
    await t.begin(t.b)
    const stored = t.stored()
    bench.chain.moveLedgers(HORIZON - 5)
    const keys = [...stored.keys()]
    const { fee } = t.must(t.keepAlive(keys))
    expect(fee > 0n).to.equal(true)
    for (const key of keys) expect(bench.ttl(t.rowKey(key))).to.equal(HORIZON)
    expect(t.stored()).to.deep.equal(stored)
    // not for longer than a member would, however often
    t.must(t.keepAlive(keys))
    expect(bench.ttl(t.rowKey(keys[0] ?? ''))).to.be.lessThan(HORIZON + 1)
    // and nothing is made by it
    const other = `03${'07'.repeat(64)}`
    t.must(t.keepAlive([other]))
    expect(t.stored()).to.deep.equal(stored)
    expect(t.keepAlive(Array<string>(51).fill(other)).error).to.equal('Error(Contract, #2)')
  })

  it('somebody let rent run up for the next caller', async () => {
    const { a, b, c, bench } = t
    const { fee: kept } = t.must(bench.call(t.contract, 'keep_code'))
    await t.begin(b)
    const usual = t.must(await t.send(a, add(c))).fee
    bench.chain.moveLedgers(HORIZON - 20)
    // somebody else’s group, and what it costs, is nothing to others
    expect(await t.create(t.x)).to.equal('accepted')
    const { fee } = t.must(await t.send(a, add(t.x)))
    expect(fee < 3n * usual).to.equal(true)
    // the code is not what a request pays for: that is as much as thirty of them
    expect(bench.ttl(bench.codeKey('contexts'))).to.be.lessThan(20)
    expect(kept > 5n * fee, `${kept} ${fee}`).to.equal(true)
    t.must(bench.call(t.contract, 'keep_code'))
    expect(bench.ttl(bench.codeKey('contexts'))).to.equal(HORIZON)
  })

  it('a member’s places for invitations all expired at once', async () => {
    const { a, x } = t
    await t.begin()
    for (let at = 0; at < MAX_LIVE_INVITATIONS; at++) {
      const terms = t.terms({ inviteNonce: BigInt(at), notAfter: t.now + 3_000n })
      t.must(await t.send(a, await t.revocation(terms, a)))
    }
    const full = t.terms({ inviteNonce: 100n })
    expect(await t.outcome(a, await t.revocation(full, a))).to.equal('LimitExceeded')
    t.bench.setTime(t.now + 4_000n)
    // all of them are more than one transaction may change: some are given up at a time
    const terms = t.terms({ inviteNonce: 101n })
    const claim = await t.claim(terms, x.publicKey, a)
    const { footprint } = t.must(await t.send(x, claim, { nonce: 0n }))
    expect(footprint.readWrite.length).to.be.lessThan(25)
    for (let at = 0; at < 4; at++) {
      const next = t.terms({ inviteNonce: BigInt(200 + at) })
      t.must(await t.send(a, await t.revocation(next, a)))
    }
    const known = [...t.stored().keys()].filter((key) => key.startsWith('06'))
    expect(known).to.have.length(5)
  })

  it('bytes are as long as a transaction may be', async () => {
    await t.begin()
    const { envelope, signature } = await t.signed(t.a, add(t.b))
    const long = new Uint8Array(60_000)
    expect(t.deliver({ envelope, signature: long }).error).to.equal('BadSignature')
    expect(t.deliver({ envelope: long, signature }).error).to.equal('LimitExceeded')
    expect(t.hasMember(t.b)).to.equal(false)
  })

  it('a page of the list is more than a transaction may touch, and is only asked for', async () => {
    const { a, bench } = t
    await t.begin()
    for (let from = 0; from < 128; from += 16) {
      const crowd = Array.from({ length: 16 }, (_, at) => person(`crowd ${from + at}`))
      t.must(await t.send(a, add(...crowd)))
    }
    expect(t.page(0, 100)?.items).to.have.length(100)
    const { footprint } = t.askPage(0, 100)
    expect(footprint.readOnly).to.have.length(203)
    expect(bench.must(t.askPage(28, 100)).value.length).to.be.greaterThan(0)
  })

  it('a transaction is for one that has no account, or another pays', async () => {
    const { x } = t
    const signed = await t.signed(x, creation(), { subject: contextOf(x), nonce: 0n })
    t.must(t.deliver(signed))
    expect(t.deliver(signed).error).to.equal('ContextExists')
  })
})
