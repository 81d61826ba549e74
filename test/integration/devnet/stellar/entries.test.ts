/** Entries of contracts on the local Stellar network: how long they live, what comes back, and what everything may take. */
import { Operation, rpc, SorobanDataBuilder, type Transaction, xdr } from '@stellar/stellar-sdk'
import { expect } from 'chai'
import {
  bytesVal,
  codeKey,
  dataKey,
  invocation,
  KIND,
  openStellar,
  resultOf,
  type StellarWorld,
  sym,
  u32,
} from '../../../support/stellar-devnet.ts'
import { KEEPER, stellarWat } from '../../../support/stellar-wat.ts'

const INSTANCE = xdr.ScVal.scvLedgerKeyContractInstance()

describe('entries of contracts on the local Stellar network', () => {
  let world: StellarWorld
  let keeper: string
  let start: number
  before(async () => {
    world = await openStellar()
    keeper = await world.deploy(KEEPER)
    await world.call(keeper, 'put', sym('kept'), u32(1), KIND.persistent)
    start = await world.chain.snapshot()
  })
  beforeEach(() => world.chain.revert(start))
  after(() => world.chain.stop())

  /** Assembled with what a change makes of the declared data. */
  async function changed(
    operation: xdr.Operation,
    change: (data: SorobanDataBuilder) => SorobanDataBuilder,
  ): Promise<Transaction> {
    const tried = await world.simulate(operation)
    if (!rpc.Api.isSimulationSuccess(tried)) throw new Error(tried.error)
    tried.transactionData = change(tried.transactionData)
    const tx = rpc.assembleTransaction(await world.build(operation), tried).build()
    tx.sign(world.keys)
    return tx
  }

  async function liveUntil(key: xdr.LedgerKey): Promise<number> {
    const { entries } = await world.server.getLedgerEntries(key)
    return entries[0]?.liveUntilLedgerSeq ?? 0
  }

  it('are gone after their time where they are temporary', async () => {
    await world.call(keeper, 'put', sym('brief'), u32(1), KIND.temporary)
    expect(await world.call(keeper, 'has', sym('brief'), KIND.temporary)).to.equal(true)
    await world.chain.moveLedgers(720)
    expect(await world.call(keeper, 'has', sym('brief'), KIND.temporary)).to.equal(false)
  })

  it('come back by being used where they are persistent, for the fee of a new one', async () => {
    await world.chain.moveLedgers(130_000)
    // a client sees that it is over
    const key = dataKey(keeper, sym('kept'))
    expect(await liveUntil(key)).to.be.below(await world.chain.sequence())
    const get = invocation(keeper, 'get', sym('kept'), KIND.persistent)
    const tried = await world.simulate(get)
    if (!rpc.Api.isSimulationSuccess(tried)) throw new Error(tried.error)
    const data = tried.transactionData.build()
    expect(data.ext.type === 'resourceExt' && data.ext.value.archivedSorobanEntries).to.deep.equal([
      ...[0, 1, 2],
    ])
    const without = await changed(get, (builder) => {
      const all = builder.build()
      const { resources, resourceFee } = all
      const ext = xdr.SorobanTransactionDataExt.v0()
      return new SorobanDataBuilder(new xdr.SorobanTransactionData({ ext, resources, resourceFee }))
    })
    expect(resultOf(await world.send(without))).to.equal('invokeHostFunctionEntryArchived')
    expect(await world.call(keeper, 'get', sym('kept'), KIND.persistent)).to.equal(1)
    expect(await liveUntil(key)).to.equal((await world.chain.sequence()) + 120_960 - 1)
  })

  it('are restored and extended by operations of their own', async () => {
    const hash = await world.upload(KEEPER)
    await world.chain.moveLedgers(130_000)
    const keys = [dataKey(keeper, INSTANCE), codeKey(hash), dataKey(keeper, sym('kept'))]
    const data = (readOnly: xdr.LedgerKey[], readWrite: xdr.LedgerKey[]): SorobanDataBuilder =>
      new SorobanDataBuilder().setFootprint(readOnly, readWrite)
    const send = async (operation: xdr.Operation, with_: SorobanDataBuilder): Promise<string> => {
      const built = await world.build(operation)
      const { TransactionBuilder } = await import('@stellar/stellar-sdk')
      const tx = TransactionBuilder.cloneFrom(built).setSorobanData(with_.build()).build()
      const ready = await world.server.prepareTransaction(tx)
      ready.sign(world.keys)
      return resultOf(await world.send(ready))
    }
    const extend = Operation.extendFootprintTtl({ extendTo: 500_000 })
    const early = await send(extend, data(keys, [])).catch(String)
    expect(early).to.contain('must be restored before it is extended')
    expect(await send(Operation.restoreFootprint({}), data([], keys))).to.equal(
      'restoreFootprintSuccess',
    )
    const sequence = await world.chain.sequence()
    for (const key of keys) expect(await liveUntil(key)).to.equal(sequence + 120_960 - 1)
    expect(await send(extend, data(keys, []))).to.equal('extendFootprintTtlSuccess')
    for (const key of keys) expect(await liveUntil(key)).to.equal(sequence + 1 + 500_000)
    // a contract can as well
    await world.call(keeper, 'extend', sym('kept'), KIND.persistent, u32(600_000), u32(600_000))
    expect(await liveUntil(dataKey(keeper, sym('kept')))).to.equal(sequence + 2 + 600_000)
  })

  it('survive years, and need nothing but to be asked for', async () => {
    await world.chain.moveLedgers(2 * 6_307_200)
    expect(await world.call(keeper, 'get', sym('kept'), KIND.persistent)).to.equal(1)
  })

  it('are written by a call that succeeds, and by no other', async () => {
    const failed = await world.simulate(invocation(keeper, 'put_fail', sym('a'), u32(1)))
    expect(rpc.Api.isSimulationError(failed) && failed.error).to.contain(
      'Error(WasmVm, InvalidAction)',
    )
    const other = await world.deploy(KEEPER)
    const args = xdr.ScVal.scvVec([sym('inner'), u32(1)])
    const to = (await import('@stellar/stellar-sdk')).Address.fromString(other).toScVal()
    await world.call(keeper, 'try_put', to, sym('put_fail'), args, sym('outer'))
    expect(await world.call(other, 'has', sym('inner'), KIND.persistent)).to.equal(false)
    expect(await world.call(keeper, 'has', sym('outer'), KIND.persistent)).to.equal(true)
    const again = await world.simulate(
      invocation(keeper, 'call', to, sym('call'), xdr.ScVal.scvVec([to, sym('get'), args])),
    )
    expect(rpc.Api.isSimulationError(again) && again.error).to.contain(
      'Contract re-entry is not allowed',
    )
  })

  it('are fifty at most that one transaction writes, a hundred that it looks up', async () => {
    const many = (count: number): xdr.Operation => invocation(keeper, 'many', u32(count), u32(1))
    expect(resultOf(await world.run(many(50)))).to.equal('invokeHostFunctionSuccess')
    const tooMany = await world.prepare(many(51))
    const { errorResult } = await world.server.sendTransaction(tooMany)
    expect(errorResult?.result.type).to.equal('txSorobanInvalid')
    const wide = await changed(many(1), (data) => {
      const { footprint } = data.build().resources
      const more = Array.from({ length: 98 }, (_, i) => dataKey(keeper, u32(1000 + i)))
      return data.setFootprint([...footprint.readOnly, ...more], [...footprint.readWrite])
    })
    expect((await world.server.sendTransaction(wide)).errorResult?.result.type).to.equal(
      'txSorobanInvalid',
    )
  })

  it('are 132 096 bytes at most, one 65 536; events 16 384', async () => {
    const big = (bytes: number, count: number): xdr.Operation =>
      invocation(keeper, 'many', u32(count), bytesVal(new Uint8Array(bytes)))
    expect(resultOf(await world.run(big(60_000, 2)))).to.equal('invokeHostFunctionSuccess')
    const sent = await world.server.sendTransaction(await world.prepare(big(60_000, 3)))
    expect(sent.errorResult?.result.type).to.equal('txSorobanInvalid')
    expect(resultOf(await world.run(big(65_536, 1)))).to.equal(
      'invokeHostFunctionResourceLimitExceeded',
    )
    const events = (count: number): xdr.Operation =>
      invocation(keeper, 'many_events', u32(count), bytesVal(new Uint8Array(1000)))
    expect(resultOf(await world.run(events(7)))).to.equal('invokeHostFunctionSuccess')
    expect(resultOf(await world.run(events(8)))).to.equal('invokeHostFunctionResourceLimitExceeded')
  })

  it('end a call that goes on for too long, too deep, or takes too much memory', async () => {
    for (const [method, ...args] of [['loop'], ['deep'], ['grow', u32(700)]] as const) {
      const tried = await world.simulate(invocation(keeper, method, ...args))
      const error = rpc.Api.isSimulationError(tried) ? tried.error : 'none'
      expect([method, error.includes('Error(Budget, ExceededLimit)')]).to.deep.equal([
        ...[method, true],
      ])
    }
    const less = await world.simulate(invocation(keeper, 'grow', u32(300)))
    expect(rpc.Api.isSimulationSuccess(less)).to.equal(true)
    const large = stellarWat('(module (memory (export "memory") 641))')
    expect(await world.upload(large).catch(String)).to.contain('Error(Budget, ExceededLimit)')
  })

  it('must be in the footprint, and what is declared must be enough', async () => {
    const put = invocation(keeper, 'put', sym('new'), u32(1), KIND.persistent)
    const stale = await changed(put, (data) => {
      const { footprint } = data.build().resources
      return data.setFootprint([...footprint.readOnly], [dataKey(keeper, sym('other'))])
    })
    const exceeded = 'invokeHostFunctionResourceLimitExceeded'
    expect(resultOf(await world.send(stale))).to.equal(exceeded)
    const declared = (instructions: number, writeBytes: number): Promise<Transaction> =>
      changed(put, (data) => data.setResources(instructions, 0, writeBytes))
    expect(resultOf(await world.send(await declared(10_000, 1000)))).to.equal(exceeded)
    expect(resultOf(await world.send(await declared(1_000_000, 10)))).to.equal(exceeded)
    const cheap = await changed(put, (data) => data.setResourceFee(30_000))
    expect(resultOf(await world.send(cheap))).to.equal(
      'invokeHostFunctionInsufficientRefundableFee',
    )
    const nothing = await changed(put, (data) => data.setResourceFee(1000))
    expect((await world.server.sendTransaction(nothing)).errorResult?.result.type).to.equal(
      'txSorobanInvalid',
    )
    expect(resultOf(await world.send(await changed(put, (data) => data)))).to.equal(
      'invokeHostFunctionSuccess',
    )
  })

  it('are paid for as they are used: what is not used of events and rent comes back', async () => {
    const put = invocation(keeper, 'put', sym('new'), u32(1), KIND.persistent)
    const balance = async (): Promise<bigint> =>
      (await world.server.getAccountEntry(world.keys.publicKey())).balance
    const tx = await changed(put, (data) => {
      const { resourceFee } = data.build()
      return data.setResourceFee(resourceFee + 1_000_000n)
    })
    const before = await balance()
    const done = await world.send(tx)
    const charged = done.resultXdr.feeCharged
    expect(before - (await balance())).to.equal(charged)
    expect(Number(tx.fee) - Number(charged)).to.be.above(1_000_000)
    expect(done.events.transactionEventsXdr.length).to.equal(2)
  })
})
