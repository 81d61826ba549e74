/** Who pays for what the contracts on NEAR store, and who gets it back. */
import { expect } from 'chai'
import { GroupId } from '../../../src/node/primitives/ids.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { creation, person } from '../../compliance/anchor-support.ts'
import type { Outcome } from './host.ts'
import { add, balanceOf, creditOf, PLENTY, priceOf, Scene } from './scene.ts'

const SHORT = 'E23:InsufficientDeposit'

/** What went back of {@link PLENTY}. */
function kept({ transfers, error }: Outcome): bigint {
  expect(error).to.equal(undefined)
  return PLENTY - transfers.reduce((sum, { amount }) => sum + amount, 0n)
}

function depositFor(scene: Scene, account: string, deposit: bigint): void {
  const args = utf8(JSON.stringify({ account_id: account }))
  const { error } = scene.host.call('storage_deposit', args, { by: 'sponsor.near', deposit })
  expect(error).to.equal(undefined)
}

describe('near contracts: storage', () => {
  it('costs what the check of the same request says, to the byte', async () => {
    const scene = new Scene()
    const first = await scene.sign(creation())
    const { number, growth } = scene.check(first)
    expect(number).to.equal(0)
    const before = scene.host.usage
    expect(kept(scene.apply(first))).to.equal(priceOf(growth))
    expect(scene.host.usage - before).to.equal(Number(growth))
    for (const who of [[scene.b], [scene.c, person('D')], [scene.b]]) {
      const signed = await scene.sign(add(who))
      const said = scene.check(signed).growth
      const usage = scene.host.usage
      expect(kept(scene.apply(signed))).to.equal(priceOf(said))
      expect(scene.host.usage - usage).to.equal(Number(said))
    }
  })

  it('has no effect when the deposit is short by one yocto, and none is kept', async () => {
    const scene = new Scene()
    const signed = await scene.sign(creation())
    const price = priceOf(scene.check(signed).growth)
    const [state, balance] = [[...scene.host.state], scene.host.balance]
    const deposit = price - 1n
    const outcome = scene.apply(signed, { by: 'payer.near', deposit })
    expect(outcome.error).to.equal(SHORT)
    expect(outcome.transfers).to.deep.equal([{ to: 'payer.near', amount: deposit }])
    expect([...scene.host.state]).to.deep.equal(state)
    expect(scene.host.balance).to.equal(balance)
    const exact = scene.apply(signed, { deposit: price })
    expect([exact.error, exact.transfers]).to.deep.equal([undefined, []])
  })

  it('is paid from the deposit, then from the group’s credit, then from the caller’s', async () => {
    const scene = new Scene()
    await scene.create()
    const deposit = 10n ** 21n
    scene.host.call('group_deposit', scene.group, { deposit })
    const groupHas = creditOf(scene.host, scene.group)
    // the record of it costs 89 bytes
    expect(groupHas).to.equal(deposit - priceOf(89))
    depositFor(scene, 'payer.near', 10n ** 23n)
    const payerHas = BigInt(balanceOf(scene.host, 'payer.near').available)
    const signed = await scene.sign(add([scene.b, scene.c]))
    const price = priceOf(scene.check(signed).growth)
    expect(price > groupHas + 1000n).to.equal(true)
    const { error, transfers } = scene.apply(signed, { by: 'payer.near', deposit: 1000n })
    expect([error, transfers]).to.deep.equal([undefined, []])
    expect(creditOf(scene.host, scene.group)).to.equal(0n)
    const left = BigInt(balanceOf(scene.host, 'payer.near').available)
    expect(payerHas - left).to.equal(price - groupHas - 1000n)
  })

  it('that is freed is the group’s, whoever freed it', async () => {
    const scene = new Scene()
    await scene.create()
    const crowd = Array.from({ length: 16 }, (_, at) => person(`crowd ${at}`))
    await scene.run(add(crowd))
    const ids = crowd.map(({ publicKey }) => publicKey)
    const signed = await scene.sign({ kind: 'removeMembers', ids, mayReturn: true })
    const { growth } = scene.check(signed)
    expect(growth < 0n).to.equal(true)
    const { error, transfers } = scene.apply(signed, { by: 'remover.near', deposit: 5n })
    expect(error).to.equal(undefined)
    expect(transfers).to.deep.equal([{ to: 'remover.near', amount: 5n }])
    expect(creditOf(scene.host, scene.group)).to.equal(priceOf(-growth) - priceOf(89))
    expect(balanceOf(scene.host, 'remover.near').total).to.equal('0')
  })

  it('takes no money for a group that there is not', () => {
    const scene = new Scene()
    const deposit = PLENTY
    const nowhere = GroupId.from(new Uint8Array(32).fill(9))
    const { error, transfers } = scene.host.call('group_deposit', nowhere, { deposit })
    expect(error).to.equal('E5:ContextNotFound')
    expect(transfers).to.deep.equal([{ to: 'payer.near', amount: deposit }])
  })
})
