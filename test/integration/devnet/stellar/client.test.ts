/** The local Stellar network as its SDK sees it. */
import {
  Account,
  Asset,
  Keypair,
  Operation,
  rpc,
  scValToNative,
  TransactionBuilder,
} from '@stellar/stellar-sdk'
import { expect } from 'chai'
import { rejectionCode } from '../../../support/error-code.ts'
import {
  addressVal,
  bytesVal,
  codeKey,
  dataKey,
  invocation,
  KIND,
  openStellar,
  type StellarWorld,
  resultOf,
  sym,
  u32,
  u64,
  valueOf,
} from '../../../support/stellar-devnet.ts'
import { CONSTRUCTED, KEEPER, stellarWat } from '../../../support/stellar-wat.ts'

describe('a client of the local Stellar network', () => {
  let world: StellarWorld
  before(async () => {
    world = await openStellar()
  })
  after(() => world.chain.stop())

  it('asks for the network, its health, ledgers and fees', async () => {
    await using held = await openStellar({ startMs: 1_700_000_000_000 })
    const { server, chain } = held
    expect(await server.getHealth()).to.include({ status: 'healthy', oldestLedger: 1 })
    const network = await server.getNetwork()
    expect(network.passphrase).to.equal(chain.networkPassphrase)
    expect(network.friendbotUrl).to.equal(chain.friendbotUrl)
    expect(Number(network.protocolVersion)).to.equal(28)
    expect((await server.getVersionInfo()).protocolVersion).to.equal(28)
    expect((await server.getFeeStats()).sorobanInclusionFee.p50).to.equal('100')
    const latest = await server.getLatestLedger()
    expect(latest.sequence).to.equal(1)
    await chain.close(3)
    const { ledgers, cursor } = await server.getLedgers({ startLedger: 1 })
    expect(ledgers.map(({ sequence }) => sequence)).to.deep.equal([1, 2, 3, 4])
    expect(ledgers.map(({ ledgerCloseTime }) => Number(ledgerCloseTime))).to.deep.equal([
      ...[1_700_000_000, 1_700_000_005, 1_700_000_010, 1_700_000_015],
    ])
    expect(cursor).to.equal('4')
    expect(ledgers[0]?.hash).to.equal(latest.id)
  })

  it('makes accounts and pays, from account to account', async () => {
    const { server, keys } = world
    const other = Keypair.random()
    const before = await server.getAccountEntry(keys.publicKey())
    const create = Operation.createAccount({
      destination: other.publicKey(),
      startingBalance: '5',
    })
    expect(resultOf(await world.classic(create))).to.equal('createAccountSuccess')
    expect(resultOf(await world.classic(create))).to.equal('createAccountAlreadyExist')
    const pay = Operation.payment({
      ...{ destination: other.publicKey(), asset: Asset.native(), amount: '2.5' },
    })
    expect(resultOf(await world.classic(pay))).to.equal('paymentSuccess')
    const entry = await server.getAccountEntry(other.publicKey())
    expect(entry.balance).to.equal(75_000_000n)
    // a failed transaction has its number, and its fee, as well
    const mine = await server.getAccountEntry(keys.publicKey())
    expect(mine.seqNum).to.equal(before.seqNum + 3n)
    expect(mine.balance).to.equal(before.balance - 75_000_000n - 300n)
    expect(resultOf(await world.classic(pay, { keys: other }))).to.equal('paymentSuccess')
  })

  it('uploads a contract, makes it with and without constructor, and calls it', async () => {
    const keeper = await world.deploy(KEEPER)
    await world.call(keeper, 'put', sym('key'), u64(7n), KIND.persistent)
    expect(await world.call(keeper, 'get', sym('key'), KIND.persistent)).to.equal(7n)
    const constructed = await world.deploy(CONSTRUCTED, [sym('given')])
    expect(await world.call(constructed, 'get')).to.equal('given')
    const missing = await world.deploy(CONSTRUCTED).catch(String)
    expect(missing).to.contain('Error(Context, InvalidAction)')
    const hash = await world.upload(KEEPER)
    const { entries } = await world.server.getLedgerEntries(
      ...[codeKey(hash), dataKey(keeper, sym('key')), dataKey(keeper, sym('none'))],
    )
    expect(entries.map(({ val }) => val.type)).to.deep.equal(['contractCode', 'contractData'])
    expect(entries.every(({ liveUntilLedgerSeq: until = 0 }) => until > 120_000)).to.equal(true)
  })

  it('gets what a simulation needs: footprint, fee, authorization, events, state', async () => {
    const keeper = await world.deploy(KEEPER)
    const put = invocation(keeper, 'put', sym('key'), u32(1), KIND.persistent)
    const simulated = await world.simulate(put)
    if (!rpc.Api.isSimulationSuccess(simulated)) throw new Error(simulated.error)
    expect(simulated.result?.retval.type).to.equal('scvVoid')
    const { readOnly, readWrite } = simulated.transactionData.build().resources.footprint
    expect([readOnly.length, readWrite.length]).to.deep.equal([2, 1])
    expect(simulated.stateChanges?.map(({ type, before }) => [type, before])).to.deep.equal([
      ['created', null],
    ])
    expect(Number(simulated.minResourceFee)).to.be.above(10_000)
    const other = await world.account()
    const auth = await world.simulate(invocation(keeper, 'auth', addressVal(other.publicKey())))
    if (!rpc.Api.isSimulationSuccess(auth)) throw new Error(auth.error)
    expect(auth.result?.auth.map(({ credentials }) => credentials.type)).to.deep.equal([
      'sorobanCredentialsAddressV2',
    ])
    const failed = await world.simulate(invocation(keeper, 'fail', u32(42)))
    if (!rpc.Api.isSimulationError(failed)) throw new Error('it does not fail')
    expect(failed.error).to.contain('Error(Contract, #42)')
    expect(failed.events.length).to.be.above(0)
  })

  it('reads events by contract, kind and topics, page by page', async () => {
    const { server } = world
    const [first, second] = [await world.deploy(KEEPER), await world.deploy(KEEPER)]
    const startLedger = (await world.chain.sequence()) + 1
    for (const [contract, topic] of [
      ...([
        [first, 'a'],
        [first, 'b'],
        [second, 'a'],
      ] as const),
    ]) {
      await world.call(contract, 'event', sym(topic), u32(1))
    }
    const all = await server.getEvents({ startLedger, filters: [] })
    expect(all.events.map(({ contractId }) => contractId?.toString())).to.deep.equal([
      ...[first, first, second],
    ])
    expect(
      all.events.map(({ topic }) => scValToNative(topic[0] ?? u32(0)) as string),
    ).to.deep.equal(['a', 'b', 'a'])
    const a = sym('a').toXdr('base64')
    const filtered = await server.getEvents({
      startLedger,
      filters: [{ type: 'contract', contractIds: [first], topics: [[a], [a, '**']] }],
    })
    expect(filtered.events.length).to.equal(1)
    const page = await server.getEvents({ startLedger, filters: [], limit: 2 })
    expect(page.events.length).to.equal(2)
    const rest = await server.getEvents({ cursor: page.cursor, filters: [], limit: 2 })
    expect(rest.events.map(({ id }) => id)).to.deep.equal([all.events[2]?.id])
    const none = await server.getEvents({ cursor: rest.cursor, filters: [] })
    expect(none.events).to.deep.equal([])
    const future = server.getEvents({ startLedger: startLedger + 100, filters: [] })
    expect(await future.catch((error: { message: string }) => error.message)).to.match(
      /startLedger must be within the ledger range: 1 - \d+/,
    )
  })

  it('pages through transactions', async () => {
    const startLedger = (await world.chain.sequence()) + 1
    await world.deploy(KEEPER)
    const { transactions, cursor } = await world.server.getTransactions({
      ...{ startLedger, pagination: { limit: 1 } },
    })
    expect(transactions.map(({ status }) => status)).to.deep.equal(['SUCCESS'])
    const next = await world.server.getTransactions({ pagination: { cursor, limit: 10 } })
    expect(next.transactions.length).to.equal(1)
  })

  it('funds accounts by the friendbot, once each, and contracts', async () => {
    const { server } = world
    const fresh = Keypair.random().publicKey()
    const account = await server.requestAirdrop(fresh)
    expect(account.accountId()).to.equal(fresh)
    const second = await fetch(`${world.chain.friendbotUrl}?addr=${fresh}`)
    expect([second.status, await second.text()].join(' ')).to.contain('createAccountAlreadyExist')
    const keeper = await world.deploy(KEEPER)
    await world.chain.fund(keeper, 5n)
    const native = Asset.native().contractId(world.chain.networkPassphrase)
    expect(await world.call(native, 'balance', addressVal(keeper))).to.equal(5n)
    expect(await rejectionCode(world.chain.fund('G', 5n))).to.equal('DEVNET_REQUEST')
  })

  it('gets the network’s errors for transactions that cannot be in a ledger', async () => {
    const { keys, chain, server } = world
    const pay = Operation.payment({
      ...{ destination: keys.publicKey(), asset: Asset.native(), amount: '1' },
    })
    const refused = async (
      change: (builder: TransactionBuilder) => TransactionBuilder,
      options: { sequence?: string; fee?: string; by?: Keypair; of?: Keypair } = {},
    ): Promise<string | undefined> => {
      const next = (await server.getAccount(keys.publicKey())).sequenceNumber()
      const { sequence = next, fee = '100', by = keys, of = keys } = options
      const builder = new TransactionBuilder(new Account(of.publicKey(), sequence), {
        ...{ fee, networkPassphrase: chain.networkPassphrase },
      })
      const tx = change(builder).build()
      tx.sign(by)
      const sent = await server.sendTransaction(tx)
      return sent.status === 'ERROR' ? sent.errorResult?.result.type : sent.status
    }
    const now = await chain.now()
    const simple = (builder: TransactionBuilder): TransactionBuilder =>
      builder.addOperation(pay).setTimeout(0)
    expect(await refused(simple, { sequence: '5' })).to.equal('txBadSeq')
    expect(await refused(simple, { by: Keypair.random() })).to.equal('txBadAuth')
    expect(await refused(simple, { of: Keypair.random() })).to.equal('txNoAccount')
    expect(await refused(simple, { fee: '99' })).to.equal('txInsufficientFee')
    expect(await refused((b) => b.addOperation(pay).setTimebounds(0, now - 1))).to.equal(
      'txTooLate',
    )
    expect(await refused((b) => b.addOperation(pay).setTimebounds(now + 100, 0))).to.equal(
      'txTooEarly',
    )
    expect(await refused((b) => b.setTimeout(0))).to.equal('txMissingOperation')
    const call = invocation(Asset.native().contractId(chain.networkPassphrase), 'name')
    expect(await refused((b) => b.addOperation(call).setTimeout(0))).to.equal('txMalformed')
    const poor = Keypair.random()
    await chain.fund(poor.publicKey(), 10_000_000n)
    const sequence = (await server.getAccount(poor.publicKey())).sequenceNumber()
    const broke = await refused(simple, { of: poor, by: poor, sequence })
    expect(broke).to.equal('txInsufficientBalance')
    const twice = await world.build(pay)
    twice.sign(keys)
    twice.sign(poor)
    expect((await server.sendTransaction(twice)).errorResult?.result.type).to.equal(
      'txBadAuthExtra',
    )
  })

  it('says of functions that the host does not have that they are missing', async () => {
    const curve = stellarWat(`(module
      (import "c" "4" (func (param i64) (result i64))) (memory (export "memory") 1)
      (func (export "f") (result i64) (i64.const 2)))`)
    const refused = await world.upload(curve).catch(String)
    expect(refused).to.contain('Error(WasmVm, InvalidAction)')
    expect(refused).to.contain('the host has no function c.4')
    const newer = await world
      .upload(stellarWat('(module (memory (export "memory") 1))', 29))
      .catch(String)
    expect(newer).to.contain('Error(WasmVm, InvalidInput)')
    for (const text of [...['(func (result f64) (f64.const 1))', '(func $s) (start $s)']]) {
      const module = stellarWat(`(module (memory (export "memory") 1) ${text})`)
      expect(await world.upload(module).catch(String)).to.contain('Error(WasmVm, InvalidAction)')
    }
  })

  it('pays fees for another, and is told by the hash of the outer transaction, or of the inner one', async () => {
    const { server, keys, chain } = world
    const other = await world.account()
    const pay = Operation.payment({
      ...{ destination: keys.publicKey(), asset: Asset.native(), amount: '1' },
    })
    const inner = await world.build(pay, { keys: other })
    inner.sign(other)
    const outer = TransactionBuilder.buildFeeBumpTransaction(
      ...([keys, '200', inner, chain.networkPassphrase] as const),
    )
    outer.sign(keys)
    const before = (await server.getAccountEntry(other.publicKey())).balance
    const sent = await server.sendTransaction(outer)
    expect(sent.status).to.equal('PENDING')
    const done = await server.getTransaction(sent.hash)
    if (done.status === rpc.Api.GetTransactionStatus.NOT_FOUND) throw new Error('NOT_FOUND')
    expect([done.feeBump, done.resultXdr.result.type]).to.deep.equal([
      ...[true, 'txFeeBumpInnerSuccess'],
    ])
    expect((await server.getAccountEntry(other.publicKey())).balance).to.equal(before - 10_000_000n)
    expect((await server.sendTransaction(outer)).status).to.equal('DUPLICATE')
    const within = await server.getTransaction(Buffer.from(inner.hash()).toString('hex'))
    expect(within).to.deep.include({ status: 'SUCCESS', feeBump: true, ledger: done.ledger })
  })

  it('holds what is signed against what is called', async () => {
    const { server, chain } = world
    const keeper = await world.deploy(KEEPER)
    const other = await world.account()
    const { authorizeEntry } = await import('@stellar/stellar-sdk')
    const call = invocation(keeper, 'auth', addressVal(other.publicKey()))
    const tried = await world.simulate(call)
    if (!rpc.Api.isSimulationSuccess(tried)) throw new Error(tried.error)
    const [entry] = tried.result?.auth ?? []
    if (entry === undefined || call.body.type !== 'invokeHostFunction') throw new Error('no entry')
    const func = call.body.value.hostFunction
    const signed = async (by: Keypair): Promise<ReturnType<typeof valueOf>> => {
      const until = (await chain.sequence()) + 100
      const auth = [await authorizeEntry(entry, by, until, chain.networkPassphrase)]
      return valueOf(await world.run(Operation.invokeHostFunction({ func, auth })))
    }
    expect(await signed(Keypair.random()).catch(String)).to.contain('Error(Auth, InvalidAction)')
    expect(await signed(other)).to.equal(null)
    // a nonce is used once
    expect(await signed(other).catch(String)).to.contain('Error(Auth, ExistingValue)')
    const bare = await server
      .prepareTransaction(await world.build(Operation.invokeHostFunction({ func, auth: [] })))
      .then((tx) => {
        tx.sign(world.keys)
        return world.send(tx)
      })
    expect(resultOf(bare)).to.equal('invokeHostFunctionTrapped')
    expect(bytesVal(Uint8Array.of(1)).type).to.equal('scvBytes')
  })
})
