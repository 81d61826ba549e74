import { expect } from 'chai'
import { BlsKey } from '../../../../src/devnet/icp/certification/keys.ts'
import { startIcpDevnet } from '../../../../src/devnet/icp/index.ts'
import { COUNTER, numberOf, TIMER, u64 } from '../../../support/icp-canisters.ts'
import { openWorld } from '../../../support/icp-devnet.ts'
import { toHex } from '../../../../src/node/primitives/bytes.ts'

const HOUR_MS = 3_600_000
const START_MS = Date.parse('2026-01-01')

describe('time', () => {
  it('is moved by hours, and certificates, expiry and an agent that looks go with it', async () => {
    await using world = await openWorld({ isVerifying: true })
    const { chain, agent } = world
    const counter = await world.install(COUNTER)
    for (const hours of [3, 50, 1]) {
      await chain.moveTime(hours * HOUR_MS)
      await agent.syncTime()
      expect(await world.update(counter, 'ok')).to.be.instanceOf(Uint8Array)
      expect(await world.query(counter, 'peek')).to.be.instanceOf(Uint8Array)
    }
    const ahead = Number((await chain.now()) / 1_000_000n) - Date.now()
    expect(ahead).to.be.closeTo(54 * HOUR_MS, 60_000)
  })

  it('fires timers once when they are due, and not before', async () => {
    await using world = await openWorld({ startMs: START_MS })
    const { chain, agent } = world
    await agent.syncTime()
    const timer = await world.install(TIMER)
    const fired = async (): Promise<bigint> => numberOf(await world.query(timer, 'fired'))
    const due = (await chain.now()) + 60_000_000_000n
    expect(numberOf(await world.update(timer, 'set', u64(due)))).to.equal(0n)
    await chain.moveTime(59_000)
    expect(await fired()).to.equal(0n)
    await chain.moveTime(2_000)
    expect(await fired()).to.equal(1n)
    await chain.moveTime(60_000)
    expect(await fired()).to.equal(1n)
    // set to nothing
    await world.update(timer, 'set', u64((await chain.now()) + 1_000_000_000n))
    await world.update(timer, 'set', u64(0n))
    await chain.moveTime(60_000)
    expect(await fired()).to.equal(1n)
  })

  it('stands still from the moment it is given, and everything else follows from the seed', async () => {
    const told = async (): Promise<string[]> => {
      await using chain = await startIcpDevnet({ port: 0, startMs: START_MS, seed: 'one' })
      return [
        toHex(chain.rootKey),
        chain.account.principal,
        String((await chain.now()) / 1_000_000_000n),
      ]
    }
    const first = await told()
    expect(await told()).to.deep.equal(first)
    expect(toHex(new BlsKey('two', 'root').der)).not.to.equal(first[0])
  })
})

describe('a snapshot', () => {
  it('is gone back to more than once: memory, canisters, cycles, messages that wait, and time', async () => {
    await using world = await openWorld()
    const { chain } = world
    const counter = await world.install(COUNTER)
    await world.update(counter, 'ok')
    const cycles = await chain.cyclesOf(counter.toText())
    const snapshot = await chain.snapshot()
    for (const attempt of [1, 2]) {
      expect(numberOf(await world.update(counter, 'ok')), `${attempt}`).to.equal(2_002_002n)
      const other = await world.install(COUNTER)
      await chain.moveTime(60_000)
      await chain.revert(snapshot)
      const peeked = numberOf(await world.query(counter, 'peek'))
      expect(peeked, 'it counts in its own memory').to.equal(2_002_002n)
      expect(await chain.cyclesOf(counter.toText())).to.equal(cycles)
      expect(await world.query(other, 'peek').catch(String)).to.contain('3 IC0301')
      const ahead = Number((await chain.now()) / 1_000_000n) - Date.now()
      expect(ahead).to.be.below(30_000)
    }
    expect(await chain.revert(snapshot + 1).catch(String)).to.contain('there is no snapshot 1')
  })
})
