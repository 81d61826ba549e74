/** Keys of accounts on NEAR: of two processes, in turn, and one transaction at a time with each. */
import { expect } from 'chai'
import { addKey } from '../../../src/chains/near/deploy/add-key.ts'
import { newSecretKey } from '../../../src/chains/near/key.ts'
import { SigningKey } from '../../../src/chains/near/send/account.ts'
import { NearFaults, SENDING } from '../../support/near-faults.ts'
import { crowd } from '../anchor-bench.ts'
import { contextOf, creation } from '../anchor-support.ts'

/** One NEAR. */
const ONE = 10n ** 24n

/** Waits until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** The key that signed a transaction. */
function keyOf(answer: unknown): unknown {
  return (answer as { transaction: { public_key: string } }).transaction.public_key // of our own chain
}

describe('anchor: near, keys', () => {
  const t = new NearFaults()
  t.hooks()

  const lookUp = (transaction: string): Promise<unknown> => {
    const [hash, account] = transaction.split('@')
    const params = { tx_hash: hash, sender_account_id: account, wait_until: 'NONE' }
    return t.chain.devnet.send('tx', params)
  }

  it('of one account in two processes take no place of each other, and apply each once', async () => {
    const honest = await t.withContext()
    const [one, two] = [t.service([t.chain.url]), t.service([t.chain.url])]
    const anchors = [await t.over(one), await t.over(two)]
    const people = crowd(6)
    const contexts = people.map((_, index) => creation(10 + index))
    await Promise.all(
      contexts.map(async (operation, index) => {
        const author = people[index] ?? t.a
        await anchors[index % 2]?.submit(contextOf(author, 10 + index), operation, author)
        expect(await honest.readContext(contextOf(author, 10 + index))).to.not.equal(undefined)
      }),
    )
  })

  it('of one account are used in turn, so that operations of several signers go at once', async () => {
    const { devnet, deployment } = t.chain
    const owner = t.service([t.chain.url])
    const { sender } = owner
    if (sender === undefined) return expect.fail('expected an account')
    const signers = [1, 2].map(
      (seed) => new SigningKey(newSecretKey(new Uint8Array(32).fill(seed))),
    )
    for (const key of signers) {
      const contract = deployment.contracts.contexts.address
      await addKey({ rpc: owner.rpc, sender, contract, key, allowance: ONE, credit: ONE })
    }
    const service = t.service([t.chain.url], { payer: { account: sender.account, signers } })
    const anchor = await t.over(service)
    // what is asked before each is cached from here on
    await anchor.submit(t.context, creation(), t.a)
    const people = crowd(2)
    await devnet.setBlocks('manual')
    let isDone = false
    const both = Promise.all(
      people.map((who) => anchor.submit(contextOf(who), creation(), who)),
    ).finally(() => (isDone = true))
    await until(() => service.sender?.inFlight === 2)
    while (!isDone) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      await devnet.mine()
    }
    const [one, two] = await both
    const used = await Promise.all(
      [one, two].map(async (receipt) => keyOf(await lookUp(receipt?.transaction ?? ''))),
    )
    expect(new Set(used).size, 'keys').to.equal(2)
    // also one after the other
    await devnet.setBlocks('instant')
    const later: unknown[] = []
    for (const who of people) {
      const { transaction } = await anchor.submit(contextOf(who, 2), creation(2), who)
      later.push(keyOf(await lookUp(transaction)))
    }
    expect(new Set(later).size, 'keys in turn').to.equal(2)
  })

  it('have one transaction each on its way to a block', async () => {
    const endpoint = await t.endpoint()
    const service = t.service([endpoint])
    const anchor = await t.over(service)
    await anchor.submit(t.context, creation(), t.a)
    const { devnet } = t.chain
    await devnet.setBlocks('manual')
    const before = endpoint.count(SENDING)
    const people = crowd(2)
    let isDone = false
    const both = Promise.all(
      people.map((who) => anchor.submit(contextOf(who), creation(), who)),
    ).finally(() => (isDone = true))
    await until(() => service.sender?.inFlight === 2)
    await endpoint.seen(SENDING, before + 1)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(endpoint.count(SENDING) - before).to.equal(1)
    while (!isDone) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      await devnet.mine()
    }
    await both
    expect(endpoint.count(SENDING) - before).to.equal(2)
  })

  it('of two accounts that send the same bytes at once apply them once, and both are told so', async () => {
    const honest = await t.withContext()
    const [one, two] = [
      t.service([t.chain.url], { key: t.chain.key(2) }),
      t.service([t.chain.url], { key: t.chain.key(3) }),
    ]
    const signed = await t.envelope(one, t.adding(t.b))
    const outcomes = await Promise.all([one.submit(signed), two.submit(signed)])
    const told = outcomes.map((each) => (each.accepted ? 'accepted' : each.refusal.name))
    expect(told.toSorted()[1]).to.equal('accepted')
    expect(['BadNonce', 'accepted']).to.include(told.toSorted()[0])
    expect(await t.isMember(honest, t.b)).to.equal(true)
    expect(await one.findApplied(signed.envelope)).to.equal(await two.findApplied(signed.envelope))
  })
})
