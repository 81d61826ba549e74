import { Address, Operation } from '@stellar/stellar-sdk'
import { expect } from 'chai'
import { codeOf } from '../../../src/chains/stellar/contracts/artifacts.ts'
import {
  deployContracts,
  type DeployInit,
  deployWith,
} from '../../../src/chains/stellar/deploy/deploy.ts'
import { planDeployment, saltOf } from '../../../src/chains/stellar/deploy/plan.ts'
import { type Quote, quoteDeployment } from '../../../src/chains/stellar/deploy/quote.ts'
import { parseKey } from '../../../src/chains/stellar/key.ts'
import { stellarHeights } from '../../../src/chains/stellar/rpc/head.ts'
import { stellarRpc } from '../../../src/chains/stellar/rpc/rpc.ts'
import { TransactionSender } from '../../../src/chains/stellar/send/sender.ts'
import { LOCAL_POLL_MS } from '../../../src/chains/shared/limits.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { openStellar, type StellarWorld } from '../../support/stellar-devnet.ts'

const PARTS = { clock: systemClock, logger: silentLogger }
const NETWORK = 'local'
/** Ledgers of 120 days: for as long new entries live on the main network. */
const MAIN_LEDGERS = 2_073_600

/** An account that deploys, and what it sees. */
function deployerOf(world: StellarWorld) {
  const { chain } = world
  const passphrase = chain.networkPassphrase
  const key = parseKey(chain.accounts[0].secret)
  if (key === undefined) return expect.fail('expected a key')
  const rpc = stellarRpc({ urls: [chain.url], passphrase, ...PARTS })
  const heights = stellarHeights(rpc, systemClock, LOCAL_POLL_MS)
  const sender = new TransactionSender({
    ...{ rpc, heights, pollMs: LOCAL_POLL_MS, passphrase, key, ...PARTS },
  })
  const contracts = planDeployment(passphrase, key.address)
  const init: DeployInit = { heights, sender, network: NETWORK, passphrase }
  return {
    ...{ init, key, passphrase },
    quote: (): Promise<Quote> => quoteDeployment({ heights, contracts, deployer: key.address }),
    async balance(): Promise<bigint> {
      return BigInt((await world.server.getAccountEntry(key.address)).balance)
    },
  }
}

describe('a deployment on Stellar', function () {
  this.timeout(30_000)
  let world: StellarWorld

  beforeEach(async () => {
    world = await openStellar()
  })
  afterEach(() => world.chain.stop())

  it('costs what is said of it, however far another one came', async () => {
    const costs = async (): Promise<number> => {
      // who saw a later ledger would wait for it
      const { init, quote, balance } = deployerOf(world)
      const before = await world.chain.snapshot()
      const [{ totalCost }, had] = [await quote(), await balance()]
      await deployContracts(init)
      const took = had - (await balance())
      await world.chain.revert(before)
      return Number(totalCost) / Number(took)
    }
    const { init, key, quote } = deployerOf(world)
    const wasmHash = await world.upload(codeOf('contexts'))
    expect(await costs(), 'code is there').to.be.within(1, 1.2)
    const address = Address.fromString(key.address)
    const salt = Buffer.from(saltOf('contexts'))
    await world.run(Operation.createCustomContract({ address, wasmHash, salt }))
    expect(await costs(), 'a contract is there').to.be.within(1, 1.2)
    await deployContracts(init)
    expect((await quote()).totalCost, 'all is there').to.equal(0n)
    // what lapsed comes back by keeping it
    await world.chain.moveLedgers(MAIN_LEDGERS + 1)
    const { contracts } = await quote()
    for (const { steps } of contracts) expect(steps.map(({ step }) => step)).to.deep.equal(['keep'])
  })

  it('pays for no more time where new entries have enough', async () => {
    await using other = await openStellar({
      parameters: { lifetime: { minPersistent: MAIN_LEDGERS } },
    })
    const { init, quote, balance } = deployerOf(other)
    const [{ contracts, totalCost }, had] = [await quote(), await balance()]
    for (const { steps } of contracts) {
      expect(steps.map(({ step }) => step)).to.deep.equal(['upload', 'create'])
    }
    const done: string[] = []
    await deployContracts({ ...init, onStep: (_, { step }) => done.push(step) })
    expect(done).to.deep.equal(['upload', 'create', 'upload', 'create'])
    expect(Number(totalCost) / Number(had - (await balance()))).to.be.within(1, 1.2)
  })

  it('is made where rent is twice as much', async () => {
    await using dear = await openStellar({ parameters: { fees: { rent1Kb: 2_000n } } })
    const { init, quote } = deployerOf(dear)
    await deployContracts(init)
    expect((await quote()).totalCost).to.equal(0n)
  })

  it('ends before it costs more than somebody agreed to', async () => {
    const { init, balance } = deployerOf(world)
    const had = await balance()
    const limit = 60_000_000n
    expect(await rejectionCode(deployContracts({ ...init, limit }))).to.equal('CHAIN_FEE')
    expect(Number(had - (await balance()))).to.be.lessThan(Number(limit))
  })

  it('is one, though two are made at one time with one account', async () => {
    const { key, passphrase, init } = deployerOf(world)
    const rpcUrls = [world.chain.url]
    const deploy = () => deployWith({ rpcUrls, passphrase, network: NETWORK, key, ...PARTS })
    const [one, other] = await Promise.all([deploy(), deploy()])
    expect(one.contracts.contexts.address).to.equal(other.contracts.contexts.address)
    const left: string[] = []
    await deployContracts({ ...init, onStep: (_, { step }) => left.push(step) })
    expect(left).to.deep.equal([])
  })
})
