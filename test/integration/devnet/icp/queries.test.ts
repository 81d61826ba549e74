import { AnonymousIdentity, Certificate, HttpAgent, lookupResultToBuffer } from '@dfinity/agent'
import { expect } from 'chai'
import type { Principal } from '@dfinity/principal'
import {
  callOf,
  CERTIFIER,
  COUNTER,
  DOORKEEPER,
  numberOf,
  PROXY,
} from '../../../support/icp-canisters.ts'
import { type IcpWorld, openWorld, updateWith } from '../../../support/icp-devnet.ts'
import { fromUtf8 } from '../../../../src/node/primitives/bytes.ts'

describe('queries', () => {
  let world: IcpWorld
  let counter: Principal
  let proxy: Principal
  before(async () => {
    world = await openWorld({ instructions: { query: 50_000_000n } })
    counter = await world.install(COUNTER)
    proxy = await world.install(PROXY)
  })
  after(() => world.chain.stop())

  const ask = async (canister: Principal, method: string, arg?: Uint8Array): Promise<bigint> =>
    numberOf(await world.query(proxy, 'ask', callOf(canister.toUint8Array(), method, arg)))

  it('that are composite ask other canisters and see what they wrote themselves, and nothing stays', async () => {
    expect(await ask(counter, 'peek')).to.equal(1_001_001n)
    expect(await ask(counter, 'peek')).to.equal(1_001_001n)
    // begun is counted before the call, and forgotten afterwards
    expect(await ask(proxy, 'state')).to.equal(0n)
    expect(numberOf(await world.query(proxy, 'state'))).to.equal(0n)
  })

  it('that are composite ask queries alone, six deep at most', async () => {
    expect(await ask(counter, 'ok')).to.equal(1005n)
    let nested = callOf(counter.toUint8Array(), 'peek')
    for (let depth = 2; depth <= 5; depth++) nested = callOf(proxy.toUint8Array(), 'ask', nested)
    expect(numberOf(await world.query(proxy, 'ask', nested))).to.equal(1_001_001n)
    const deeper = callOf(proxy.toUint8Array(), 'ask', nested)
    expect(numberOf(await world.query(proxy, 'ask', deeper))).to.equal(1005n)
  })

  it('share their instructions with those that they ask', async () => {
    expect(await ask(counter, 'loop').catch(String)).to.contain('5 IC0522')
    expect(await world.query(proxy, 'nothing').catch(String)).to.contain('5 IC0536')
  })

  it('have a certificate of what their canister certified, which proves its value', async () => {
    const { chain } = world
    const canisterId = await world.install(CERTIFIER)
    expect(numberOf(await world.query(canisterId, 'isThere'))).to.equal(1n)
    expect(numberOf(await world.update(canisterId, 'isThere'))).to.equal(0n)
    const bytes = await world.query(canisterId, 'certificate')
    const { rootKey } = chain
    const certificate = await Certificate.create({ certificate: bytes, rootKey, canisterId })
    const path = ['canister', canisterId.toUint8Array(), 'certified_data']
    const found = lookupResultToBuffer(certificate.lookup_path(path))
    expect(fromUtf8(found ?? new Uint8Array(0))).to.equal('true')
  })

  it('and messages are looked at by a canister before anything is done for them', async () => {
    const door = await world.install(DOORKEEPER)
    expect(numberOf(await world.update(door, 'open'))).to.equal(1n)
    const { url: host, rootKey } = world.chain
    const identity = new AnonymousIdentity()
    const nobody = await HttpAgent.create({ host, rootKey, identity, retryTimes: 0 })
    const believed = { rootKey, isVerifying: false }
    const before = await world.chain.cyclesOf(door.toText())
    const refused = await updateWith(nobody, believed, door, 'open').catch(String)
    expect(refused).to.contain('4 IC0406')
    expect(await world.chain.cyclesOf(door.toText()), 'it costs nothing').to.equal(before)
  })
})
