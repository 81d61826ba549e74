/** Accounts that send on Stellar: their numbers, channels, fees, and the time for which what they signed is good. */
import { xdr } from '@stellar/stellar-sdk'
import { expect } from 'chai'
import { BASE_RESERVE, STROOPS } from '../../../src/chains/stellar/constants.ts'
import { accountKey, channelKeys, secretText } from '../../../src/chains/stellar/key.ts'
import { MAX_CHANNELS, STUCK_MS, VALIDITY_SECONDS } from '../../../src/chains/stellar/limits.ts'
import { viewAccounts } from '../../../src/chains/stellar/rpc/entries.ts'
import { giveTransaction } from '../../../src/chains/stellar/rpc/transactions.ts'
import { createAccount, pay } from '../../../src/chains/stellar/xdr/operations.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { given, hashesIn, SENDING, StellarFaults, swallow } from '../../support/stellar-faults.ts'
import { keyIn } from '../../support/stellar.ts'
import { crowd } from '../anchor-bench.ts'
import { codeOf, contextOf, creation } from '../anchor-support.ts'

/** A result without operations, as endpoints answer it. */
function refusedWith(result: xdr.TransactionResultResult, feeCharged: bigint): object {
  const ext = xdr.TransactionResultExt.v0()
  const errorResultXdr = new xdr.TransactionResult({ feeCharged, result, ext }).toXdr('base64')
  return { status: 'ERROR', hash: '', latestLedger: 1, latestLedgerCloseTime: '1', errorResultXdr }
}

/** Stroops that a transaction offers in all. */
function offeredBy(transaction: string): bigint {
  const parsed = xdr.TransactionEnvelope.fromXdr(transaction, 'base64')
  if (parsed.type === 'envelopeTypeTxFeeBump') return parsed.feeBump.tx.fee
  return parsed.type === 'envelopeTypeTx' ? BigInt(parsed.v1.tx.fee) : 0n
}

describe('anchor: stellar, accounts', () => {
  const t = new StellarFaults()
  t.hooks()

  it('in two processes take numbers of each other, and apply each operation once', async () => {
    const honest = await t.withContext()
    const services = [t.service([t.chain.url]), t.service([t.chain.url])]
    const anchors = await Promise.all(services.map((service) => t.over(service)))
    const before = await t.used()
    await Promise.all(
      crowd(6).map(async (author, index) => {
        const context = contextOf(author, 10 + index)
        await anchors[index % 2]?.submit(context, creation(10 + index), author)
        expect(await honest.readContext(context)).to.not.equal(undefined)
      }),
    )
    expect((await t.used()) - before).to.equal(6n)
  })

  it('have one transaction each on its way to a ledger, and as many as there are channels', async () => {
    const key = keyIn(t.chain.key(2))
    const owner = t.service([t.chain.url])
    for (const { address } of channelKeys(key, 2)) {
      const made = await owner.sender?.send({ call: createAccount(address, 2n * BASE_RESERVE) })
      expect(made?.succeeded).to.equal(true)
    }
    const endpoint = await t.endpoint()
    const service = t.service([endpoint], { channels: MAX_CHANNELS })
    const anchor = await t.over(service)
    await anchor.submit(t.context, creation(), t.a)
    const before = endpoint.count(SENDING)
    const { devnet } = t.chain
    await devnet.setLedgers('manual')
    const all = Promise.all(crowd(4).map((who) => anchor.submit(contextOf(who), creation(), who)))
    await endpoint.seen(SENDING, before + 3)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await devnet.waiting(), 'its own, and two channels').to.equal(3)
    await devnet.setLedgers('instant')
    await all
    // channels pay nothing
    const channels = channelKeys(key, 2).map(({ address }) => address)
    const { accounts } = await service.rpc.run((at) => viewAccounts(at, channels))
    expect([...accounts.values()].map(({ balance }) => balance)).to.deep.equal([
      ...[2n * BASE_RESERVE, 2n * BASE_RESERVE],
    ])
  })

  it('have the number that is next, whatever an endpoint says that is behind', async () => {
    await t.withContext()
    const [late, other] = [await t.endpoint(), await t.endpoint()]
    const anchor = await t.over(t.service([late, other]))
    const before = await t.chain.devnet.sequence()
    await anchor.submit(t.group, t.adding(t.b), t.a)
    const refused = refusedWith(xdr.TransactionResultResult.txBadSeq(), 0n)
    late.rules({
      method: SENDING,
      fault: { kind: 'answer', make: () => ({ ...refused, latestLedger: before }) },
    })
    const given = late.count(SENDING)
    await anchor.submit(t.group, t.adding(t.c), t.a)
    expect([late.count(SENDING) - given, other.count(SENDING)]).to.deep.equal([1, 1])
  })

  it('are offered the least where nobody tells what is usual', async () => {
    const endpoint = await t.endpoint()
    endpoint.rules({
      method: 'getFeeStats',
      fault: { kind: 'error', code: -32601, message: 'no such method' },
    })
    const anchor = await t.over(t.service([endpoint]))
    await anchor.submit(t.context, creation(), t.a)
    expect(await anchor.readContext(t.context)).to.not.equal(undefined)
  })

  it('that are not there, or have nothing, are told so', async () => {
    const key = accountKey(new Uint8Array(32).fill(9))
    const poor = t.service([t.chain.url], { key: secretText(key) })
    const anchor = await t.over(poor)
    expect(await codeOf(anchor.submit(t.context, creation(), t.a))).to.equal('CHAIN_FUNDS')
    const { sender } = t.service([t.chain.url])
    await sender?.send({ call: createAccount(key.address, STROOPS) })
    expect(await codeOf(anchor.submit(t.context, creation(), t.a))).to.equal('CHAIN_FUNDS')
    await sender?.send({ call: pay(key.address, 100n * STROOPS) })
    await anchor.submit(t.context, creation(), t.a)
  })

  it('are told to try again later, and do', async () => {
    const anchor = await t.over(t.service([t.chain.url]))
    await t.chain.devnet.refuse(3)
    await anchor.submit(t.context, creation(), t.a)
    expect(await anchor.readContext(t.context)).to.not.equal(undefined)
  })

  it('offer more where a ledger is full, up to a ceiling', async () => {
    await t.withContext()
    const endpoint = await t.endpoint()
    const full = (perOperation: bigint): void =>
      endpoint.rules({
        method: SENDING,
        times: 1,
        fault: {
          kind: 'answer',
          make: ({ params }) => {
            const { transaction } = params as unknown as { transaction: string }
            const [fee] = [offeredBy(transaction) - 100n]
            const result = xdr.TransactionResultResult.txInsufficientFee()
            return refusedWith(result, fee + perOperation)
          },
        },
      })
    const anchor = await t.over(t.service([endpoint], { maxFee: 5_000n }))
    full(4_000n)
    await anchor.submit(t.group, t.adding(t.b), t.a)
    const [first, second] = given(endpoint.asked)
    expect(offeredBy(second ?? '') - offeredBy(first ?? '')).to.equal(2n * 4_000n - 100n)
    full(6_000n)
    expect(await codeOf(anchor.submit(t.group, t.adding(t.c), t.a))).to.equal('CHAIN_FEE')
  })

  it('offer ten times as much for what is in no ledger for long, and no more than the ceiling', async () => {
    const honest = await t.withContext()
    const endpoint = await t.endpoint()
    let laterMs = 0
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + laterMs }
    const anchor = await t.over(t.service([endpoint], { clock, maxFee: 3_000n }), { clock })
    const before = await t.used()
    endpoint.rules(swallow(3), {
      method: 'getTransaction',
      when: () => endpoint.count(SENDING) < 4,
      before: () => void (laterMs += STUCK_MS),
      fault: { kind: 'answer', make: (asked, forward) => forward(asked) },
    })
    await anchor.submit(t.group, t.adding(t.b), t.a)
    const all = given(endpoint.asked)
    const [base = 0n, ...more] = all.map(offeredBy)
    // of two operations, where another pays around the first
    expect(more.map((each) => each - base)).to.deep.equal([1_900n, 5_900n, 5_900n])
    const [name] = hashesIn(all[0] ?? '')
    expect(all.every((each) => hashesIn(each).includes(name ?? ''))).to.equal(true)
    expect(await t.isMember(honest, t.b)).to.equal(true)
    expect((await t.used()) - before).to.equal(1n)
  })

  it('sign anew when the time of a transaction is over, which does nothing any more', async () => {
    const honest = await t.withContext()
    const endpoint = await t.endpoint()
    let laterMs = 0
    const clock = {
      ...systemClock,
      nowMs: () => systemClock.nowMs() + laterMs,
      nowNs: () => systemClock.nowNs() + BigInt(laterMs) * 1_000_000n,
    }
    const service = t.service([endpoint], { clock })
    const anchor = await t.over(service, { clock })
    endpoint.rules(swallow(1), {
      method: 'getTransaction',
      times: 1,
      async before() {
        laterMs = (VALIDITY_SECONDS + 10) * 1000
        await t.chain.devnet.moveTime(VALIDITY_SECONDS + 10)
        await t.chain.devnet.close()
      },
      fault: { kind: 'answer', make: (asked, forward) => forward(asked) },
    })
    const before = await t.used()
    await anchor.submit(t.group, t.adding(t.b), t.a)
    expect(await t.isMember(honest, t.b)).to.equal(true)
    const [first = '', second] = given(endpoint.asked)
    expect(second).to.not.equal(first)
    expect((await t.used()) - before).to.equal(1n)
    const late = await service.rpc.run((at) => giveTransaction(at, first))
    expect(late.word).to.deep.include({ code: 'txTooLate' })
  })

  it('find what they signed by its bytes after a restart, with nothing sent again', async () => {
    await t.withContext()
    const one = t.service([t.chain.url])
    const signed = await t.envelope(one, t.adding(t.b))
    const sent = await one.submit(signed)
    if (!sent.accepted) throw new RangeError(sent.refusal.name)
    const next = t.service([t.chain.url], { key: undefined })
    expect(await next.findApplied(signed.envelope)).to.equal(sent.height)
  })
})
