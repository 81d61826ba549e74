/** The weaknesses of the original contracts, tried on those of NEAR: what they share with other chains', and what its domains and its log say. */
import { expect } from 'chai'
import { signedArgs } from '../../../src/chains/near/contracts/codec.ts'
import { CAPABILITIES } from '../../../src/node/anchor/anchor.ts'
import { toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { add, grant, revoke } from '../../support/ethereum-scene.ts'
import type { Outcome } from '../../support/near-contracts.ts'
import { Scene } from '../../support/near-scene.ts'
import { type Checks, describeWeaknesses } from '../shared/weaknesses.ts'

const { manageMembers, proxy } = CAPABILITIES

const checks: Checks<Outcome> = {
  checkLargest({ logs, gas }) {
    expect(logs[0]?.length).to.be.lessThan(16_384)
    expect(gas < 100_000_000_000_000n).to.equal(true)
  },
  // for indexers too
  checkAnnounced({ logs }, event, signer) {
    expect(logs).to.have.length(1)
    const [line = ''] = logs
    expect(line.slice(0, 11)).to.equal('EVENT_JSON:')
    const told = JSON.parse(line.slice(11)) as { readonly data: readonly object[] } // NEP-297
    expect(told).to.include({ standard: 'merogate', version: '2.0.0', event })
    expect(told.data[0]).to.include({ signer: toHex(signer.publicKey) })
  },
  checkUnchanged({ value, logs }, label) {
    expect([[...value], logs], label).to.deep.equal([[0], []])
  },
}

describe('near contracts, every change of which is in the log too', function () {
  this.timeout(60_000)
  let t: Scene
  let snapshot: number

  before(() => {
    t = new Scene()
    snapshot = t.snapshot()
  })
  beforeEach(() => t.revert(snapshot))

  describeWeaknesses(() => t, checks)

  it('[W10] takes a message at one contract, on one chain and network', async () => {
    const { a, b, bench } = t
    await t.begin()
    const signed = await t.signed(a, add(b))
    const other = new Scene(bench, bench.deploy('contexts', null, 'twin'))
    await other.begin()
    expect(other.tried(signed)).to.equal('WrongDomain')
    // what differs, and an account whose name goes on
    const changes = [
      ...[{ chain: 0 }, { chain: 3 }, { network: sha256(utf8('testnet')) }],
      ...[{ contract: utf8(`${t.account}.near`) }, { contract: utf8('CONTEXTS.test.near') }],
    ]
    for (const change of changes) {
      const domain = { ...t.domain, ...change }
      expect(await t.outcome(a, add(b), { domain })).to.equal('WrongDomain')
    }
    // the other contract of the same deployment has operations of its own
    const packages = bench.deploy('packages')
    const { error } = bench.call(packages, 'apply', signedArgs(signed))
    expect(error).to.match(/^E(?:1:Malformed|3:WrongDomain)$/)
  })

  it('[W36] names whom a manager strips, and keeps one', async () => {
    const { a, b } = t
    await t.begin(b)
    t.must(await t.send(a, grant(b, manageMembers)))
    const [line = ''] = t.must(await t.send(b, revoke(a, manageMembers))).logs
    const { data } = JSON.parse(line.slice(11)) as { readonly data: readonly object[] } // NEP-297
    expect(data[0]).to.deep.include({ ids: [toHex(a.publicKey)], capabilities: [29] })
    expect(await t.outcome(b, revoke(b, manageMembers))).to.equal('LastManager')
    expect(await t.outcome(b, revoke(a, proxy))).to.equal('Unauthorized')
  })
})
