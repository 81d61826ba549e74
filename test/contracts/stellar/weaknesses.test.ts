/** The weaknesses of the original contracts, tried on those of Stellar: what they share with other chains', and what is this chain's own. */
import { expect } from 'chai'
import { CAPABILITIES } from '../../../src/node/anchor/anchor.ts'
import { toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { contextOf, creation } from '../../compliance/anchor-support.ts'
import { add, grant, remove, revoke } from '../../support/ethereum-scene.ts'
import { bytesVal } from '../../support/stellar-contracts.ts'
import { announcedBy, Scene } from '../../support/stellar-scene.ts'
import { describeWeaknesses } from '../shared/weaknesses.ts'

const { manageMembers, proxy } = CAPABILITIES
/** Ledgers of a day. */
const DAY = 17_280
/** How long what is touched lives, where less than the other was left. */
const [HORIZON, THRESHOLD] = [120 * DAY, 90 * DAY]

describe('stellar contracts', function () {
  this.timeout(60_000)
  let t: Scene
  let snapshot: number

  before(() => {
    t = new Scene()
    snapshot = t.snapshot()
  })
  beforeEach(() => t.revert(snapshot))

  describeWeaknesses(() => t, {
    checkLargest: (outcome) => expect(outcome.instructions).to.be.lessThan(100_000_000),
    checkAnnounced(outcome, name, signer) {
      const told = announcedBy(outcome)
      expect(told?.name).to.equal(name)
      expect(told?.signer).to.deep.equal(new Uint8Array(signer.publicKey))
    },
    checkUnchanged: (outcome, label) => expect(announcedBy(outcome), label).to.equal(undefined),
  })

  it('[W4] has nothing by which somebody could take it over, upgrade it, or stop it', async () => {
    const { bench, contract } = t
    await t.begin()
    const entry = bench.chain.entries.get(bench.instanceKey(contract))?.entry
    for (const method of [
      ...['upgrade', 'set_admin', 'set_owner', 'initialize', 'set_proxy_code', 'pause', 'migrate'],
      ...['__constructor', '__check_auth', 'mutate'],
    ]) {
      for (const given of [[], [bytesVal(t.a.publicKey)], [bytesVal(new Uint8Array(32))]]) {
        expect(bench.call(contract, method, ...given).error, method).to.match(/^Error\(/)
      }
    }
    expect(bench.chain.entries.get(bench.instanceKey(contract))?.entry).to.equal(entry)
    // nobody is asked who they are: whoever pays brings what was signed elsewhere
    const { footprint } = t.must(await t.send(t.a, add(t.b)))
    expect([...footprint.readOnly, ...footprint.readWrite].length).to.be.lessThan(10)
  })

  it('[W10] takes a message at one contract, on one chain and network', async () => {
    const { a, b, bench } = t
    await t.begin()
    const signed = await t.signed(a, add(b))
    const other = await new Scene(bench, bench.deploy('contexts', 'twin'), t.successor).begin()
    expect(other.tried(signed)).to.equal('WrongDomain')
    const changes = [
      ...[{ chain: 0 }, { chain: 1 }, { network: sha256(utf8('Test SDF Network')) }],
      ...[{ contract: other.contract }, { contract: t.contract.slice(0, 31) }],
    ]
    for (const change of changes) {
      const domain = { ...t.domain, ...change }
      expect(await t.outcome(a, add(b), { domain })).to.equal('WrongDomain')
    }
    // the other contract of the same deployment has operations of its own
    const packages = new Scene(bench, bench.deploy('packages'), t.successor)
    expect(packages.tried(signed)).to.equal('Malformed')
  })

  it('[W11] has an entry of its own for each thing, and none that grows', async () => {
    const { a, bench } = t
    await t.begin()
    const instance = bench.chain.entries.get(bench.instanceKey(t.contract))?.entry
    const first = (await t.send(a, add(t.b))).footprint.readWrite.length
    for (let at = 2; at < 40; at++) {
      t.must(await t.send(a, creation(at, t.group), { subject: contextOf(a, at) }))
    }
    const last = t.must(await t.send(a, add(t.c))).footprint.readWrite.length
    expect(last).to.equal(first)
    expect(bench.chain.entries.get(bench.instanceKey(t.contract))?.entry).to.equal(instance)
    const sizes = [...t.stored().values()].map((value) => value.length / 2)
    expect(Math.max(...sizes)).to.be.lessThan(256)
  })

  it('[W12] makes live on what it touches, and lets anybody keep the rest', async () => {
    const { a, b, bench, contract } = t
    await t.begin(b)
    const keys = [...t.stored().keys()]
    const ttl = (): number[] => keys.map((key) => bench.ttl(t.rowKey(key)))
    // the network of this chain gives new entries a week; what came before has been closed a few times since
    expect(Math.min(...ttl())).to.be.greaterThan(HORIZON - 10)
    expect(bench.ttl(bench.instanceKey(contract))).to.be.greaterThan(HORIZON - 10)
    bench.chain.moveLedgers(HORIZON - THRESHOLD)
    const touched = t.must(await t.send(a, grant(b, manageMembers))).footprint
    for (const key of keys) {
      const left = bench.ttl(t.rowKey(key))
      const isTouched = [...touched.readOnly, ...touched.readWrite].includes(t.rowKey(key))
      if (isTouched) expect(left, key).to.equal(HORIZON)
      else expect(left, key).to.be.lessThan(THRESHOLD)
    }
    expect(bench.ttl(bench.instanceKey(contract))).to.equal(HORIZON)
    t.must(t.keepAlive(keys))
    expect(Math.min(...ttl())).to.be.greaterThan(HORIZON - 10)
  })

  it('[W21] keeps nothing of what it refuses, the nonce included', async () => {
    const { a, b, x } = t
    await t.begin(b)
    const stored = t.stored()
    for (const [who, operation, name] of [
      [a, add(...Array.from({ length: 17 }, () => b)), 'LimitExceeded'],
      [a, remove(a), 'LastManager'],
      [a, grant(x, manageMembers), 'TargetNotMember'],
      [b, add(x), 'Unauthorized'],
      [x, add(x), 'NotAMember'],
    ] as const) {
      expect(await t.outcome(who, operation)).to.equal(name)
    }
    expect(await t.outcome(a, add(x), { signWith: x })).to.equal('BadSignature')
    expect(t.stored()).to.deep.equal(stored)
  })

  it('[W36] names whom a manager strips, and keeps one', async () => {
    const { a, b } = t
    await t.begin(b)
    t.must(await t.send(a, grant(b, manageMembers)))
    const told = announcedBy(t.must(await t.send(b, revoke(a, manageMembers))))
    expect(told?.name).to.equal('CapabilitiesChanged')
    expect(told?.signer).to.deep.equal(new Uint8Array(b.publicKey))
    expect(toHex(told?.fields ?? new Uint8Array(0)))
      .to.include(toHex(a.publicKey))
      .and.match(/1d$/)
    expect(await t.outcome(b, revoke(b, manageMembers))).to.equal('LastManager')
    expect(await t.outcome(b, revoke(a, proxy))).to.equal('Unauthorized')
  })
})
