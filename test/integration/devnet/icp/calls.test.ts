import { expect } from 'chai'
import type { Principal } from '@dfinity/principal'
import { callOf, COUNTER, numberOf, PROXY } from '../../../support/icp-canisters.ts'
import { type IcpWorld, openWorld, waitFor } from '../../../support/icp-devnet.ts'

const T = 1_000_000_000_000n

describe('calls between canisters', () => {
  let world: IcpWorld
  let counter: Principal
  let proxy: Principal
  before(async () => {
    world = await openWorld()
    counter = await world.install(COUNTER)
    proxy = await world.install(PROXY)
  })
  after(() => world.chain.stop())
  beforeEach(() => world.chain.setMessages('instant'))

  const through = async (method: string, called: string): Promise<bigint> =>
    numberOf(await world.update(proxy, method, callOf(counter.toUint8Array(), called)))

  it('are answered, and rejections come with their codes', async () => {
    const before = numberOf(await world.query(counter, 'peek'))
    expect(await through('call', 'ok')).to.equal(before)
    expect(await through('call', 'bad')).to.equal(1005n)
    expect(await through('call', 'silent')).to.equal(1005n)
    expect(await through('call', 'nothing')).to.equal(1005n)
    const nobody = callOf(Uint8Array.of(0, 0, 0, 0, 0, 0, 9, 9, 1, 1), 'ok')
    expect(numberOf(await world.update(proxy, 'call', nobody))).to.equal(1003n)
  })

  it('that trap in the callback keep what was before the call, and clean up', async () => {
    const before = numberOf(await world.query(proxy, 'state'))
    const error = await through('call_trap', 'ok').catch(String)
    expect(error).to.contain('5 IC0503')
    expect(numberOf(await world.query(proxy, 'state'))).to.equal(before + 1001n)
  })

  it('bring cycles along, and take back what was not accepted', async () => {
    const before = await world.chain.cyclesOf(counter.toText())
    const beforeProxy = await world.chain.cyclesOf(proxy.toText())
    expect(await through('call_cycles', 'accept')).to.equal((4n * T) / 10n)
    const gained = (await world.chain.cyclesOf(counter.toText())) - before
    const lost = beforeProxy - (await world.chain.cyclesOf(proxy.toText()))
    // both pay for executing messages, which is far less
    expect(Number(gained)).to.be.closeTo(0.4e12, 2e7)
    expect(Number(lost)).to.be.closeTo(0.4e12, 2e7)
  })

  it('that are not wanted by the callee any more end after the time that they were given', async () => {
    const { chain } = world
    await chain.setMessages('manual')
    const waiting = through('call_short', 'ok').catch(String)
    await waitFor(chain, 1)
    await chain.run(1)
    await chain.moveTime(11_000)
    await chain.run()
    expect(await waiting).to.equal(1006n)
  })

  it('know until when they are waited for', async () => {
    const now = await world.chain.now()
    expect(await through('call', 'deadline')).to.equal(0n)
    const deadline = await through('call_short', 'deadline')
    expect(Number((deadline - now) / 1_000_000n)).to.be.closeTo(10_000, 2_000)
  })

  it('tell what they cost before they are made', async () => {
    // 260 000, an answer of 2 MiB at 1 000 a byte, and a callback of 40 G instructions
    const cost = 260_000n + 2_097_152_000n + 5_000_000n + 40_000_000_000n
    expect(numberOf(await world.update(counter, 'cost'))).to.equal(cost)
  })

  it('are not made by who cannot pay for them', async () => {
    const { chain } = world
    const id = proxy.toText()
    const before = await chain.cyclesOf(id)
    // enough to be executed, and not for the answer as well
    await chain.setCycles(id, 80_000_000_000n)
    expect(await through('call', 'ok')).to.equal(2000n)
    await chain.setCycles(id, before)
  })

  it('may not be made of functions that are not for them', async () => {
    const error = await world.query(counter, 'name').catch(String)
    expect(error).to.contain('5 IC0504').and.contain('cannot be executed in NRQ mode')
  })
})

describe('a canister that is stopped', () => {
  let world: IcpWorld
  let counter: Principal
  let proxy: Principal
  before(async () => {
    world = await openWorld()
    counter = await world.install(COUNTER)
  })
  after(() => world.chain.stop())
  beforeEach(async () => {
    await world.chain.setMessages('instant')
    proxy = await world.install(PROXY)
  })

  const call = (): Promise<Uint8Array> =>
    world.update(proxy, 'call', callOf(counter.toUint8Array(), 'ok'))
  const manage = (method: string): Promise<unknown> =>
    Promise.resolve(world.management[method]?.({ canister_id: proxy }))
  /** A call that waits for the counter, and behind the counter's call whatever is done to the proxy. */
  const openAnd = async (method: string): Promise<[Promise<unknown>, Promise<unknown>]> => {
    const { chain } = world
    await chain.setMessages('manual')
    const open = call().catch(String)
    await waitFor(chain, 1)
    await chain.run(1)
    const other = manage(method).catch(String)
    await waitFor(chain, 2)
    await chain.run(2)
    return [open, other]
  }

  it('stops when its last call is answered; then messages are refused until it is started', async () => {
    const [open, stopping] = await openAnd('stop_canister')
    const refused = await call().catch(String)
    expect(refused).to.contain('5 IC0509')
    await world.chain.setMessages('instant')
    expect(await open).to.be.instanceOf(Uint8Array)
    expect(await stopping).to.equal(undefined)
    expect(await call().catch(String)).to.contain('5 IC0508')
    await manage('start_canister')
    expect(await call()).to.be.instanceOf(Uint8Array)
  })

  it('lets those who asked for it know that it takes too long', async () => {
    const { chain, agent } = world
    const [open, stopping] = await openAnd('stop_canister')
    // in two steps: a certificate from more than five minutes ahead is refused by the agent
    await chain.moveTime(160_000)
    await agent.syncTime()
    await chain.moveTime(160_000)
    expect(await stopping).to.contain('Stop canister request timed out')
    await chain.setMessages('instant')
    expect(await open).to.be.instanceOf(Uint8Array)
    await agent.syncTime()
  })

  it('goes on when it is started before it has stopped', async () => {
    const { chain } = world
    await chain.setMessages('manual')
    const open = call().catch(String)
    await waitFor(chain, 1)
    const stopping = manage('stop_canister').catch(String)
    await waitFor(chain, 2)
    const starting = manage('start_canister')
    await waitFor(chain, 3)
    await chain.setMessages('instant')
    await starting
    expect(await stopping).to.contain('has been started again')
    expect(await open).to.be.instanceOf(Uint8Array)
  })

  it('loses its calls when its module is taken away, and gets their cycles back', async () => {
    const { chain } = world
    const [open, uninstalling] = await openAnd('uninstall_code')
    expect(await uninstalling).to.equal(undefined)
    const before = await chain.cyclesOf(proxy.toText())
    await chain.run()
    expect(await open).to.contain('4 IC0406: Canister has been uninstalled')
    // what was put aside for a callback of 40 G instructions
    const back = (await chain.cyclesOf(proxy.toText())) - before
    expect(Number(back)).to.be.greaterThan(40e9)
  })
})
