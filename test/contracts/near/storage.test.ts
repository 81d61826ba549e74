/** Who pays for what the contracts on NEAR store, and who gets it back. */
import { expect } from 'chai'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { creation, person } from '../../compliance/anchor-support.ts'
import { add, dismiss } from '../../support/ethereum-scene.ts'
import { NEAR, type Outcome } from '../../support/near-contracts.ts'
import { priceOf, Scene } from '../../support/near-scene.ts'

const SHORT = 'E23:InsufficientDeposit'

/** What was kept of a deposit of one NEAR. */
function kept({ transfers, error }: Outcome): bigint {
  expect(error).to.equal(undefined)
  return NEAR - transfers.reduce((sum, { amount }) => sum + amount, 0n)
}

describe('near contracts: storage', () => {
  it('costs what the check of the same request says, to the byte', async () => {
    const scene = await new Scene().begin()
    for (const who of [[scene.b], [scene.c, person('D')], [scene.b]]) {
      const signed = await scene.signed(scene.a, add(...who))
      const { number, growth } = scene.check(signed)
      const { usage } = scene
      expect([number, kept(scene.deliver(signed))]).to.deep.equal([0, priceOf(growth)])
      expect(scene.usage - usage).to.equal(growth)
    }
  })

  it('has no effect when the deposit is short by one yocto, and none is kept', async () => {
    const scene = new Scene()
    const signed = await scene.signed(scene.a, creation(), { subject: scene.context })
    const price = priceOf(scene.check(signed).growth)
    const stored = scene.bench.stored(scene.account)
    const balance = scene.bench.balance(scene.account)
    const { error, transfers } = scene.deliver(signed, { deposit: price - 1n })
    expect([error, transfers]).to.deep.equal([SHORT, []])
    expect(scene.bench.stored(scene.account)).to.deep.equal(stored)
    expect(scene.bench.balance(scene.account)).to.equal(balance)
    expect(kept({ ...scene.deliver(signed, { deposit: price }) })).to.equal(NEAR)
  })

  it('is paid from the deposit, then from the group’s credit, then from the caller’s', async () => {
    const scene = await new Scene().begin()
    const deposit = 10n ** 21n
    scene.must(scene.call('group_deposit', scene.group, { deposit }))
    const had = scene.credit()
    // the record of it costs 89 bytes
    expect(had).to.equal(deposit - priceOf(89))
    const account_id = 'other.near'
    const args = utf8(JSON.stringify({ account_id }))
    scene.must(scene.call('storage_deposit', args, { by: 'payer.near', deposit: 10n ** 23n }))
    const otherHad = scene.accountCredit(account_id)
    expect(otherHad).to.equal(10n ** 23n - priceOf(121))
    const signed = await scene.signed(scene.a, add(scene.b, scene.c))
    const price = priceOf(scene.check(signed).growth)
    const { error, transfers } = scene.deliver(signed, { by: account_id, deposit: 1000n })
    expect([error, transfers]).to.deep.equal([undefined, []])
    expect(scene.credit()).to.equal(0n)
    expect(otherHad - scene.accountCredit(account_id)).to.equal(price - had - 1000n)
  })

  it('that is freed is the group’s, whoever freed it', async () => {
    const crowd = Array.from({ length: 16 }, (_, at) => person(`crowd ${at}`))
    const scene = await new Scene().begin(...crowd)
    const signed = await scene.signed(scene.a, dismiss(...crowd))
    const { growth } = scene.check(signed)
    expect(growth < 0n).to.equal(true)
    const by = 'other.near'
    const { error, transfers } = scene.deliver(signed, { by, deposit: 5n })
    expect([error, transfers]).to.deep.equal([undefined, [{ to: by, amount: 5n }]])
    expect(scene.credit()).to.equal(priceOf(-growth) - priceOf(89))
    expect(scene.accountCredit(by)).to.equal(0n)
  })

  it('takes no money for a group that there is not', () => {
    const scene = new Scene()
    const before = scene.bench.balance(scene.account)
    const { error } = scene.call('group_deposit', scene.group, { deposit: NEAR })
    expect(error).to.equal('E5:ContextNotFound')
    expect(scene.bench.balance(scene.account)).to.equal(before)
  })
})
