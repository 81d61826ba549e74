/** The weaknesses of the original contracts, tried on those of the Internet Computer: what they share with other chains', and what is this chain's own. */
import { expect } from 'chai'
import { CAPABILITIES } from '../../../src/node/anchor/anchor.ts'
import { toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { add, grant, remove, revoke } from '../../support/ethereum-scene.ts'
import type { Verdict } from '../../support/icp-contracts.ts'
import { Scene } from '../../support/icp-scene.ts'
import { eventLayout } from '../core/core-module.ts'
import { describeWeaknesses } from '../shared/weaknesses.ts'

const { manageMembers, proxy } = CAPABILITIES

/** Whether a request changed anything, by its answer. */
function changed(outcome: Verdict): boolean | undefined {
  return 'Ok' in outcome ? outcome.Ok.changed : undefined
}

describe('icp contracts', function () {
  this.timeout(60_000)
  let t: Scene
  let snapshot: number

  before(() => {
    t = new Scene()
    snapshot = t.snapshot()
  })
  beforeEach(() => t.revert(snapshot))

  describeWeaknesses(() => t, {
    checkLargest: (outcome) => expect(changed(outcome)).to.equal(true),
    checkAnnounced: (outcome) => expect(changed(outcome)).to.equal(true),
    checkUnchanged: (outcome, label) => expect(changed(outcome), label).to.equal(false),
  })

  it('[W10] takes a message at one canister, on one chain and network', async () => {
    const { a, b, bench } = t
    await t.begin()
    const signed = await t.signed(a, add(b))
    const other = await new Scene(bench, bench.deploy('contexts')).begin()
    expect(other.tried(signed)).to.equal('WrongDomain')
    const elsewhere = bench.deploy('contexts', { network: 'ic' })
    expect(new Scene(bench, elsewhere).tried(signed)).to.equal('WrongDomain')
    const changes = [
      ...[{ chain: 0 }, { chain: 1 }, { network: sha256(utf8('ic')) }],
      ...[{ contract: other.id }, { contract: t.id.slice(0, 9) }],
    ]
    for (const change of changes) {
      const domain = { ...t.domain, ...change }
      expect(await t.outcome(a, add(b), { domain })).to.equal('WrongDomain')
    }
    // the other canister of the same deployment has operations of its own
    const packages = new Scene(bench, bench.deploy('packages'))
    expect(packages.tried(signed)).to.equal('Malformed')
  })

  it('[W21] keeps nothing of what it refuses, the nonce included', async () => {
    const { a, b, x } = t
    await t.begin(b)
    const [stored, certified] = [t.stored(), t.bench.canister(t.id).certifiedData]
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
    expect(t.bench.canister(t.id).certifiedData).to.deep.equal(certified)
  })

  it('[W36] names whom a manager strips, and keeps one', async () => {
    const { a, b } = t
    await t.begin(b)
    t.must(await t.send(a, grant(b, manageMembers)))
    const { place } = t
    t.must(await t.send(b, revoke(a, manageMembers)))
    const [{ event = new Uint8Array(0) } = {}] = t.changes(place)
    const { name, signer, fields } = eventLayout.decode(event)
    expect([name, toHex(signer)]).to.deep.equal(['CapabilitiesChanged', toHex(b.publicKey)])
    expect(toHex(fields)).to.include(toHex(a.publicKey)).and.match(/1d$/)
    expect(await t.outcome(b, revoke(b, manageMembers))).to.equal('LastManager')
    expect(await t.outcome(b, revoke(a, proxy))).to.equal('Unauthorized')
  })
})
