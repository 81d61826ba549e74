/** Ledgers of the local Stellar network: when they close, what fits into them, how long they are known, and ways back. */
import { Asset, type Keypair, Operation, rpc, type Transaction } from '@stellar/stellar-sdk'
import { expect } from 'chai'
import { toHex } from '../../../../src/node/primitives/bytes.ts'
import {
  invocation,
  KIND,
  openStellar,
  type StellarWorld,
  sym,
  u32,
} from '../../../support/stellar-devnet.ts'
import { KEEPER } from '../../../support/stellar-wat.ts'

/** A payment to oneself, signed. */
async function payment(world: StellarWorld, by: Keypair, fee = '100'): Promise<Transaction> {
  const operation = Operation.payment({
    ...{ destination: by.publicKey(), asset: Asset.native(), amount: '1' },
  })
  const tx = await world.build(operation, { keys: by, fee })
  tx.sign(by)
  return tx
}

function hashOf(tx: Transaction): string {
  return toHex(tx.hash())
}

describe('ledgers of the local Stellar network', () => {
  it('close by hand, with one transaction of each account', async () => {
    await using world = await openStellar({ ledgers: 'manual' })
    const { chain, server, keys } = world
    const tx = await payment(world, keys)
    expect((await server.sendTransaction(tx)).status).to.equal('PENDING')
    expect((await server.sendTransaction(tx)).status).to.equal('DUPLICATE')
    expect((await server.getTransaction(hashOf(tx))).status).to.equal('NOT_FOUND')
    // another of the same account has to wait, or to pay ten times as much
    const other = await payment(world, keys, '101')
    expect((await server.sendTransaction(other)).status).to.equal('TRY_AGAIN_LATER')
    const dear = await payment(world, keys, '1000')
    expect((await server.sendTransaction(dear)).status).to.equal('PENDING')
    expect(await chain.waiting()).to.equal(1)
    await chain.close()
    expect(await chain.waiting()).to.equal(0)
    expect((await server.getTransaction(hashOf(dear))).status).to.equal('SUCCESS')
    expect((await server.getTransaction(hashOf(tx))).status).to.equal('NOT_FOUND')
    await chain.refuse(1)
    const next = await payment(world, keys)
    expect((await server.sendTransaction(next)).status).to.equal('TRY_AGAIN_LATER')
    expect((await server.sendTransaction(next)).status).to.equal('PENDING')
    await chain.setLedgers('instant')
    expect((await server.getTransaction(hashOf(next))).status).to.equal('SUCCESS')
  })

  it('take what fits, the dearest first; the rest waits, is too cheap, or is dropped in the end', async () => {
    const parameters = { ledger: { operations: 1, queuedLedgers: 2 } }
    await using world = await openStellar({ accounts: 1, parameters })
    const { chain, server, keys } = world
    const others = [await world.account(), await world.account(), await world.account()]
    await chain.setLedgers('manual')
    const [a, b, c] = others as [Keypair, Keypair, Keypair] // three of them
    const cheap = await payment(world, a, '110')
    const dear = await payment(world, b, '500')
    const cheaper = await payment(world, c, '105')
    expect((await server.sendTransaction(cheap)).status).to.equal('PENDING')
    expect((await server.sendTransaction(dear)).status).to.equal('PENDING')
    const sent = await server.sendTransaction(cheaper)
    expect([
      sent.status,
      sent.errorResult?.result.type,
      sent.errorResult?.feeCharged,
    ]).to.deep.equal(['ERROR', 'txInsufficientFee', 111n])
    // who pays more takes the place of who pays least
    const dearest = await payment(world, c, '1000')
    expect((await server.sendTransaction(dearest)).status).to.equal('PENDING')
    expect((await server.sendTransaction(cheap)).status).to.equal('TRY_AGAIN_LATER')
    await chain.close()
    const first = await server.getTransaction(hashOf(dearest))
    if (first.status !== rpc.Api.GetTransactionStatus.SUCCESS) throw new Error(first.status)
    // some had to wait: who was taken pays what it offered
    expect(first.resultXdr.feeCharged).to.equal(1000n)
    await chain.close()
    const second = await server.getTransaction(hashOf(dear))
    if (second.status !== rpc.Api.GetTransactionStatus.SUCCESS) throw new Error(second.status)
    expect(second.resultXdr.feeCharged).to.equal(100n)
    expect((await server.getFeeStats()).inclusionFee.max).to.equal('1000')
    const waits = await payment(world, keys, '200')
    expect((await server.sendTransaction(waits)).status).to.equal('PENDING')
    for (let i = 0; i < 4; i++) {
      const [by] = [others[i % 3] ?? a]
      await server.sendTransaction(await payment(world, by, '5000'))
      await chain.close()
    }
    expect(await chain.waiting()).to.equal(0)
    expect((await server.sendTransaction(waits)).status).to.equal('TRY_AGAIN_LATER')
  })

  it('drop transactions whose number or time is over when they close', async () => {
    await using world = await openStellar({ ledgers: 'manual', startMs: 1_700_000_000_000 })
    const { chain, server, keys } = world
    const now = await chain.now()
    const bump = Operation.bumpSequence({ bumpTo: '0' })
    const tx = await world.build(bump, { timeout: 0 })
    tx.sign(keys)
    const { TransactionBuilder, Account } = await import('@stellar/stellar-sdk')
    const bounded = new TransactionBuilder(new Account(keys.publicKey(), '0'), {
      ...{ fee: '100', networkPassphrase: chain.networkPassphrase },
      timebounds: { minTime: 0, maxTime: now + 5 },
    })
    const late = bounded.addOperation(bump).build()
    late.sign(keys)
    expect((await server.sendTransaction(late)).status).to.equal('PENDING')
    await chain.moveTime(10)
    await chain.close()
    expect((await server.getTransaction(hashOf(late))).status).to.equal('NOT_FOUND')
    expect((await server.sendTransaction(tx)).status).to.equal('PENDING')
    await chain.close()
    expect((await server.getTransaction(hashOf(tx))).status).to.equal('SUCCESS')
    expect((await server.sendTransaction(late)).errorResult?.result.type).to.equal('txTooLate')
  })

  it('are known for a window, with their transactions and events, and not after it', async () => {
    await using world = await openStellar({ retentionLedgers: 50 })
    const { chain, server } = world
    const keeper = await world.deploy(KEEPER)
    const startLedger = (await chain.sequence()) + 1
    const done = await world.run(invocation(keeper, 'event', sym('topic'), u32(1)))
    const events = (): Promise<rpc.Api.GetEventsResponse> =>
      server.getEvents({ startLedger, filters: [] })
    const { cursor } = await events()
    await chain.moveLedgers(49)
    expect((await events()).events.length).to.equal(1)
    expect((await server.getTransaction(done.txHash)).status).to.equal('SUCCESS')
    await chain.close()
    const refused = await events().catch((error: { message: string }) => error.message)
    expect(refused).to.match(/startLedger must be within the ledger range/)
    const old = server.getEvents({ cursor, filters: [] })
    expect(
      await old.then(
        () => 'answered',
        () => 'refused',
      ),
    ).to.equal('refused')
    expect((await server.getTransaction(done.txHash)).status).to.equal('NOT_FOUND')
    const health = await server.getHealth()
    expect([health.oldestLedger, health.ledgerRetentionWindow]).to.deep.equal([
      ...[startLedger + 1, 50],
    ])
  })

  it('are come back to more than once: entries, history, what waits, and time', async () => {
    await using world = await openStellar()
    const { chain, server, keys } = world
    const keeper = await world.deploy(KEEPER)
    await world.call(keeper, 'put', sym('key'), u32(1), KIND.persistent)
    const [sequence, now] = [await chain.sequence(), await chain.now()]
    const snapshot = await chain.snapshot()
    for (let i = 0; i < 2; i++) {
      await chain.moveLedgers(1000)
      await chain.moveTime(1_000_000)
      const done = await world.run(invocation(keeper, 'put', sym('key'), u32(2), KIND.persistent))
      expect(await chain.now()).to.be.above(now + 1_000_000)
      const later = await chain.snapshot()
      await chain.revert(snapshot)
      expect(await chain.sequence()).to.equal(sequence)
      expect((await chain.now()) - now).to.be.below(60)
      expect((await server.getTransaction(done.txHash)).status).to.equal('NOT_FOUND')
      expect(await chain.revert(later).catch(String)).to.contain('there is no snapshot')
      const simulated = await world.simulate(invocation(keeper, 'get', sym('key'), KIND.persistent))
      if (!rpc.Api.isSimulationSuccess(simulated)) throw new Error(simulated.error)
      expect(simulated.result?.retval.value).to.equal(1)
    }
    await chain.setLedgers('manual')
    await server.sendTransaction(await payment(world, keys))
    const waiting = await chain.snapshot()
    await chain.close()
    await chain.revert(waiting)
    expect(await chain.waiting()).to.equal(1)
  })

  it('are all in one second while time is held, and go on from there', async () => {
    await using world = await openStellar()
    const { chain } = world
    const second = (await chain.now()) + 1000
    const closes = async (): Promise<number> => {
      await chain.close()
      return Number((await world.server.getLatestLedger()).closeTime)
    }
    const snapshot = await chain.snapshot()
    await chain.holdTime(second)
    expect([await closes(), await closes(), await chain.now()]).to.deep.equal([
      ...[second, second, second],
    ])
    expect(await chain.holdTime(second - 1).catch(String)).to.contain('expected a second from')
    await chain.holdTime(undefined)
    expect((await closes()) - second).to.be.within(0, 60)
    await chain.holdTime(second + 100)
    await chain.moveTime(10)
    expect((await closes()) - second).to.be.within(110, 170)
    await chain.revert(snapshot)
    expect(await chain.now()).to.be.below(second)
  })

  it('are left out by years in one step, with their time', async () => {
    await using world = await openStellar({ startMs: 1_700_000_000_000 })
    const { chain, server } = world
    const year = 6_307_200
    const [sequence, now] = [await chain.sequence(), await chain.now()]
    await chain.moveLedgers(year)
    expect((await chain.sequence()) - sequence).to.equal(year)
    expect((await chain.now()) - now).to.equal(year * 5)
    const latest = await server.getLatestLedger()
    expect([latest.sequence, (await server.getHealth()).latestLedger]).to.deep.equal([
      ...[sequence + year, sequence + year],
    ])
  })

  it('are the same of the same seed and start', async () => {
    const hashes = await Promise.all(
      [1, 2].map(async () => {
        await using world = await openStellar({ seed: 'a', startMs: 1_700_000_000_000 })
        const tx = await payment(world, world.keys)
        await world.send(tx)
        return (await world.server.getLatestLedger()).id
      }),
    )
    expect(hashes[0]).to.equal(hashes[1])
  })
})
