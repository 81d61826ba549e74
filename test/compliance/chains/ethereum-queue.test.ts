/** What becomes of the transactions of one account: their order, their nonces and their price. */
import { expect } from 'chai'
import { keccak256, Wallet } from 'ethers'
import { FaultBench } from '../../support/ethereum-faults.ts'
import { swallow, transactionsOf } from '../../support/ethereum-rules.ts'
import type { Rule } from '../../support/faulty-rpc.ts'
import { bits } from '../anchor-bench.ts'
import { codeOf, person } from '../anchor-support.ts'

const SENDING = 'eth_sendRawTransaction'
const GWEI = 1_000_000_000n

describe('anchor: ethereum, faults', () => {
  const t = new FaultBench()
  t.hooks()

  describe('the queue of an account', () => {
    it('[80] [W31] applies twenty operations of one signer in order while blocks take their time', async () => {
      await t.withContext()
      await t.automine(false, 30)
      const endpoint = await t.endpoint()
      const service = t.service([endpoint])
      const anchor = await t.anchor(service)
      const people = Array.from({ length: 20 }, (_, i) => person(`queued ${i}`))
      await t.submitAll(
        anchor,
        people.map((who) => [t.group, t.add(who), t.a]),
      )
      const events = (await service.readEvents(0, Number.MAX_SAFE_INTEGER)).slice(1)
      const added = events.flatMap(({ event }) => (event.name === 'MembersAdded' ? event.ids : []))
      expect(added).to.deep.equal(people.map(({ publicKey }) => publicKey))
      const first = events[0]?.event.nonce ?? 0n
      expect(events.map(({ event }) => event.nonce)).to.deep.equal(
        people.map((_, i) => first + BigInt(i)),
      )
      expect(transactionsOf(endpoint).map(({ nonce }) => nonce)).to.deep.equal(
        people.map((_, i) => i),
      )
    })

    it('[80] carries two signers through one account side by side', async () => {
      const honest = await t.withContext()
      await honest.submit(t.group, t.add(t.b), t.a)
      await honest.submit(t.group, bits('grant', [t.b, 2]), t.a)
      await t.automine(false, 30)
      const anchor = await t.anchor(t.service([t.chain.devnet.url]))
      const people = Array.from({ length: 10 }, (_, i) => person(`both ${i}`))
      await t.submitAll(
        anchor,
        people.map((who, i) => [t.group, t.add(who), i % 2 === 0 ? t.a : t.b]),
      )
      for (const who of people) expect(await t.isMember(anchor, who)).to.equal(true)
      expect(await t.used()).to.equal(people.length)
    })

    it('gives way to another process that has the same key', async () => {
      const honest = await t.withContext()
      const anchor = await t.anchor(t.service([t.chain.devnet.url]))
      await anchor.submit(t.group, t.add(t.b), t.a) // the next nonce is known from now on
      await t.foreign(1)
      await anchor.submit(t.group, t.add(t.c), t.a)
      expect(await t.isMember(honest, t.c)).to.equal(true)
      expect(await t.used()).to.equal(3)
    })

    it('sends anew what lost its nonce while it waited', async () => {
      const honest = await t.withContext()
      await t.automine(false)
      const endpoint = await t.endpoint()
      endpoint.rules(swallow(1, keccak256))
      const anchor = await t.anchor(t.service([endpoint]))
      const submitted = anchor.submit(t.group, t.add(t.b), t.a)
      await endpoint.seen(SENDING, 1)
      await t.foreign(0)
      await t.automine(true)
      await t.mine()
      await submitted
      expect(await t.isMember(honest, t.b)).to.equal(true)
      expect(transactionsOf(endpoint).map(({ nonce }) => nonce)).to.deep.equal([0, 1])
    })

    it('leaves no nonce out when there are no funds', async () => {
      await t.withContext()
      const { address } = new Wallet(t.chain.key(1))
      const anchor = await t.anchor(t.service([t.chain.devnet.url]))
      await anchor.submit(t.group, t.add(t.b), t.a)
      const balance = await t.send('eth_getBalance', address, 'latest')
      await t.send('hardhat_setBalance', address, '0x1')
      const refused = anchor.submit(t.group, t.add(t.c), t.a)
      expect(await codeOf(refused)).to.equal('CHAIN_FUNDS')
      await t.send('hardhat_setBalance', address, balance)
      await anchor.submit(t.group, t.add(t.c), t.a)
      expect(await t.used()).to.equal(2)
    })
  })

  describe('fees', () => {
    const setBaseFee = (gwei: bigint): Promise<unknown> =>
      t.send('hardhat_setNextBlockBaseFeePerGas', `0x${(gwei * GWEI).toString(16)}`)

    it('[W31] offers more for a transaction that is stuck, with the same nonce', async () => {
      const honest = await t.withContext()
      await t.automine(false)
      await setBaseFee(1n)
      await t.mine()
      const endpoint = await t.endpoint()
      const anchor = await t.anchor(t.service([endpoint], { stuckMs: 60 }))
      const submitted = anchor.submit(t.group, t.add(t.b), t.a)
      await endpoint.seen(SENDING, 1)
      await setBaseFee(20n)
      await t.mine() // not at this price
      expect(await t.used()).to.equal(0)
      await endpoint.seen(SENDING, 2)
      await setBaseFee(20n)
      await t.mine()
      await submitted
      expect(await t.isMember(honest, t.b)).to.equal(true)
      const [first, second] = transactionsOf(endpoint)
      expect(second?.nonce).to.equal(first?.nonce)
      expect(Number(second?.maxFeePerGas)).to.be.greaterThan(Number(first?.maxFeePerGas))
      expect(await t.used()).to.equal(1)
    })

    it('keeps to the ceiling, and says so', async () => {
      await t.withContext()
      await t.automine(false)
      await setBaseFee(9n)
      await t.mine()
      const endpoint = await t.endpoint()
      const maxFeePerGas = 12n * GWEI
      const anchor = await t.anchor(t.service([endpoint], { stuckMs: 30, maxFeePerGas }))
      const submitted = anchor.submit(t.group, t.add(t.b), t.a)
      await endpoint.seen(SENDING, 1)
      await setBaseFee(50n)
      await t.mine()
      const another = t.service([endpoint], { account: 2, maxFeePerGas })
      const refused = another.submit(await t.signed(another, t.add(t.c)))
      expect(await codeOf(refused)).to.equal('CHAIN_FEE')
      await endpoint.seen('eth_feeHistory', endpoint.count('eth_feeHistory') + 2)
      await setBaseFee(10n)
      await t.mine()
      await submitted
      for (const { maxFeePerGas: offered } of transactionsOf(endpoint)) {
        expect(Number(offered)).to.be.at.most(Number(maxFeePerGas))
      }
      expect(await t.used(2)).to.equal(0)
    })

    it('recognises the first transaction where its replacement never arrived', async () => {
      const honest = await t.withContext()
      await t.automine(false)
      const endpoint = await t.endpoint()
      const anchor = await t.anchor(t.service([endpoint], { stuckMs: 30 }))
      const submitted = anchor.submit(t.group, t.add(t.b), t.a)
      await endpoint.seen(SENDING, 1)
      endpoint.rules(swallow(Infinity, keccak256))
      await endpoint.seen(SENDING, 2)
      await t.mine()
      const { transaction } = await submitted
      expect(transaction).to.equal(transactionsOf(endpoint)[0]?.hash)
      expect(await t.isMember(honest, t.b)).to.equal(true)
    })

    it('does without a fee history, and not without a fee market', async () => {
      await t.withContext()
      const endpoint = await t.endpoint()
      const noHistory: Rule = {
        method: 'eth_feeHistory',
        fault: { kind: 'error', code: -32601, message: 'the method eth_feeHistory does not exist' },
      }
      endpoint.rules(noHistory)
      const anchor = await t.anchor(t.service([endpoint]))
      await anchor.submit(t.group, t.add(t.b), t.a)
      endpoint.rules(noHistory, {
        method: 'eth_getBlockByNumber',
        fault: {
          kind: 'answer',
          make: async (asked, forward) => {
            const { baseFeePerGas: _, ...block } = (await forward(asked)) as Record<string, unknown>
            return block
          },
        },
      })
      const refused = anchor.submit(t.group, t.add(t.c), t.a)
      expect(await codeOf(refused)).to.equal('ETHEREUM_UNSUPPORTED')
    })
  })
})
