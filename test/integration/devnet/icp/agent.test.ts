import { expect } from 'chai'
import type { Principal } from '@dfinity/principal'
import { COUNTER, numberOf } from '../../../support/icp-canisters.ts'
import { type IcpWorld, openWorld } from '../../../support/icp-devnet.ts'

describe('@dfinity/agent, unmodified, on the local Internet Computer', () => {
  let world: IcpWorld
  let counter: Principal
  before(async () => {
    world = await openWorld({ instructions: { query: 100_000_000n } })
    counter = await world.install(COUNTER)
  })
  after(() => world.chain.stop())

  it('undoes memory, globals, stable memory and growth together when a message traps', async () => {
    expect(numberOf(await world.update(counter, 'ok'))).to.equal(1_001_001n)
    const error = await world.update(counter, 'bad').catch(String)
    expect(error).to.contain('5 IC0503: Error from Canister').and.contain('ic0.trap')
    expect(numberOf(await world.query(counter, 'peek'))).to.equal(2_002_002n)
    expect(numberOf(await world.query(counter, 'peek'))).to.equal(2_002_002n)
    expect(numberOf(await world.update(counter, 'ok'))).to.equal(2_002_002n)
  })
  it('ends a loop that never ends, and a call that nobody answered', async () => {
    expect(await world.query(counter, 'loop').catch(String)).to.contain('IC0522')
    expect(await world.update(counter, 'silent').catch(String)).to.contain('5 IC0506')
  })
})
