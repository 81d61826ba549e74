import { expect } from 'chai'
import type { Principal } from '@dfinity/principal'
import { COUNTER, numberOf, SPINNER, u64 } from '../../../support/icp-canisters.ts'
import { type IcpWorld, openWorld } from '../../../support/icp-devnet.ts'

const DAY_MS = 86_400_000
const T = 1_000_000_000_000n
/** Taking a message in: 1.2 M, and 2 000 for each byte of name and argument; executing it: 5 M. */
const messageCost = (bytes: number): bigint => 1_200_000n + 2_000n * BigInt(bytes) + 5_000_000n

describe('cycles of a canister', () => {
  let world: IcpWorld
  let spinner: Principal
  before(async () => {
    world = await openWorld({ startMs: Date.parse('2026-01-01') })
    await world.agent.syncTime()
    spinner = await world.install(SPINNER)
  })
  after(() => world.chain.stop())

  const cycles = (): Promise<bigint> => world.chain.cyclesOf(spinner.toText())

  it('pay for messages and for each instruction, and for nothing of queries', async () => {
    const spin = async (times: bigint): Promise<{ counted: bigint; paid: bigint }> => {
      const before = await cycles()
      const counted = numberOf(await world.update(spinner, 'spin', u64(times)))
      return { counted, paid: before - (await cycles()) }
    }
    const few = await spin(10n)
    const many = await spin(1_000_010n)
    // local.get, i64.const, i64.sub, local.set; local.get, i64.const, i64.gt_s, br_if that weighs 2
    expect(many.counted - few.counted).to.equal(1_000_000n * 9n)
    expect(many.paid - few.paid).to.equal(1_000_000n * 9n)
    // what answers takes instructions after they were counted, the same every time
    const rest = few.paid - messageCost(12) - few.counted
    expect(Number(rest)).to.be.within(1_000, 2_000)
  })

  it('pay for memory as time passes', async () => {
    await world.update(spinner, 'grow')
    const before = await cycles()
    await world.chain.moveTime(DAY_MS)
    const bytes = BigInt(SPINNER.length + 65_536 * (1 + 16 + 16))
    const day = (bytes * 127_000n * 86_400n) / 1_073_741_824n
    expect(Number(before - (await cycles()))).to.be.closeTo(Number(day), Number(day) * 0.01)
  })

  it('are kept back for the days of the threshold: below them it is frozen, and thawed by a top-up', async () => {
    const { agent, chain, management } = world
    await agent.syncTime()
    const status = await management['canister_status']?.({ canister_id: spinner })
    const { idle_cycles_burned_per_day: perDay } = status as { idle_cycles_burned_per_day: bigint }
    const before = await cycles()
    await chain.setCycles(spinner.toText(), 29n * perDay)
    const refused = await world.update(spinner, 'spin', u64(1n)).catch(String)
    expect(refused).to.contain('2 IC0207').and.contain('is out of cycles')
    const query = await world.query(spinner, 'nothing').catch(String)
    expect(query).to.contain('2 IC0207').and.contain('frozen')
    // enough to take the message in, and not to execute it with all that it may take
    await chain.setCycles(spinner.toText(), 31n * perDay + 10_000_000n)
    const late = await world.update(spinner, 'spin', u64(1n)).catch(String)
    expect(late).to.contain('2 IC0207')
    await management['provisional_top_up_canister']?.({ canister_id: spinner, amount: before })
    expect(await world.update(spinner, 'spin', u64(1n))).to.be.instanceOf(Uint8Array)
  })

  it('that are gone take the module with them', async () => {
    const { agent, chain, management } = world
    const poor = await world.install(COUNTER)
    await chain.setCycles(poor.toText(), 1_000n)
    await chain.moveTime(30 * DAY_MS)
    await agent.syncTime()
    expect(await chain.cyclesOf(poor.toText())).to.equal(0n)
    await chain.setCycles(poor.toText(), T)
    expect(await world.update(poor, 'ok').catch(String)).to.contain('5 IC0537')
    const status = await management['canister_status']?.({ canister_id: poor })
    expect((status as { module_hash: unknown[] }).module_hash).to.deep.equal([])
  })

  it('are asked for before anything is installed', async () => {
    const error = await world.install(COUNTER, { cycles: T / 10n }).catch(String)
    expect(error).to.contain('IC0207')
  })
})
