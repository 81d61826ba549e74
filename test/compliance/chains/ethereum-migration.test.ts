import { expect } from 'chai'
import { Wallet } from 'ethers'
import { DEFAULT_MAX_FEE_PER_GAS } from '../../../src/chains/ethereum/limits.ts'
import { LOCAL_POLL_MS } from '../../../src/chains/shared/limits.ts'
import { EthereumService } from '../../../src/chains/ethereum/service.ts'
import type { Anchor } from '../../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../../src/node/anchor/envelope-anchor.ts'
import { MIGRATION_SECONDS } from '../../../src/node/anchor/limits.ts'
import { fromHex } from '../../../src/node/primitives/bytes.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import {
  chainClock,
  deploySuccessor,
  startTestChain,
  type EthereumTestChain,
} from '../../support/ethereum.ts'
import { add, HOUR, type HarnessClock, moveTo, remove } from '../anchor-bench.ts'
import {
  application,
  codeOf,
  contextOf,
  creation,
  keysOf,
  memberKeys,
  ownGroup,
  person,
  salt,
  valueOf,
} from '../anchor-support.ts'

const [a, b, c, x] = [person('A'), person('B'), person('C'), person('X')]
const context = contextOf(a)
const group = ownGroup(context)

describe('a group that moves on Ethereum', function () {
  this.timeout(120_000)
  let chain: EthereumTestChain
  let clock: HarnessClock
  const opened: Anchor[] = []

  before(async () => {
    chain = await startTestChain()
  })
  after(async () => chain.stop())
  beforeEach(async () => {
    await chain.reset()
    clock = await chainClock(chain)
  })
  afterEach(async () => {
    for (const anchor of opened.splice(0)) await anchor.stop()
  })

  /** An anchor of the deployment's contract; without an account it reads only. */
  async function open(account: number | undefined): Promise<Anchor> {
    const { network, contracts, chainId } = chain.deployment
    const given = {
      ...systemClock,
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
    }
    const service = new EthereumService({
      rpcUrls: [chain.devnet.url],
      chainId,
      contracts: {
        identityRegistry: contracts.identityRegistry.address,
        contextAnchor: contracts.contextAnchor.address,
      },
      finality: 0,
      wallet: account === undefined ? undefined : new Wallet(chain.key(account)),
      maxFeePerGas: DEFAULT_MAX_FEE_PER_GAS,
      pollMs: LOCAL_POLL_MS,
      clock: given,
      logger: silentLogger,
    })
    const init = { protocol: 'ethereum', network, contract: contracts.contextAnchor.address }
    const anchor = envelopeAnchor({ ...init, service })({
      ...{ clock: given, random: systemRandom, logger: silentLogger },
    })
    opened.push(anchor)
    await anchor.start()
    return anchor
  }

  async function move(anchor: Anchor, address: string): Promise<void> {
    await anchor.submit(group, moveTo(fromHex(address.slice(2).toLowerCase())), a)
    await clock.advance(Number(MIGRATION_SECONDS) + 1)
  }

  it('is followed by those who have an account and those who have none, and lives on there', async () => {
    const [ours, theirs, reader] = [await open(1), await open(2), await open(undefined)]
    await ours.submit(context, creation(), a)
    await ours.submit(group, add(b), a)
    const next = await deploySuccessor(chain)
    await move(ours, next)
    // nobody has taken it over yet: what the first contract has is true
    expect(await memberKeys(reader, group)).to.deep.equal(keysOf(a, b))
    expect(await codeOf(reader.submit(group, { kind: 'leave' }, x))).to.equal('CHAIN_SUCCESSOR')
    // A writes, which takes it over; B follows
    await ours.submit(group, add(c), a)
    for (const anchor of [ours, theirs, reader]) {
      expect(await memberKeys(anchor, group)).to.deep.equal(keysOf(a, b, c))
    }
    expect(valueOf(await ours.readGroup(group)).migration).to.equal(undefined)
    const update = { kind: 'updateApplication', application: application(7) } as const
    await ours.submit(context, update, a)
    const record = valueOf(await theirs.readContext(context))
    expect([record.applicationRevision, record.application.source]).to.deep.equal([
      ...[2n, application(7).source],
    ])
    // a ticket of the successor, and a context that is made there
    const notAfter = BigInt(Math.floor(clock.nowMs() / 1000) + HOUR)
    const ticket = await ours.createInvitation(group, { notAfter }, a)
    await theirs.claimInvitation(ticket, x)
    const second = await ours.contextId(a.publicKey, salt(2), group)
    await ours.submit(second, creation(2, group), a)
    expect(valueOf(await reader.readContext(second)).group).to.deep.equal(group)
    await theirs.submit(group, { kind: 'leave' }, b)
    expect(await memberKeys(ours, group)).to.deep.equal(keysOf(a, c, x))
  })

  it('tells of what changes there, and of the move itself', async () => {
    const [ours, theirs] = [await open(1), await open(2)]
    await ours.submit(context, creation(), a)
    await theirs.readGroup(group)
    await move(ours, await deploySuccessor(chain))
    await ours.submit(group, add(b), a)
    expect(await memberKeys(theirs, group)).to.deep.equal(keysOf(a, b))
    const heard = new Promise<void>((resolve) => {
      theirs.watch(({ subject }) => {
        if (Buffer.from(subject).equals(Buffer.from(group))) resolve()
      })
    })
    await ours.submit(group, remove(b), a)
    await heard
    expect(await memberKeys(theirs, group)).to.deep.equal(keysOf(a))
  })

  it('is not followed to what this release does not know, nor to what takes over from another', async () => {
    const ours = await open(1)
    await ours.submit(context, creation(), a)
    await move(ours, await deploySuccessor(chain, await deploySuccessor(chain)))
    for (const asked of [
      () => ours.readGroup(group),
      () => ours.readMembers(group),
      () => ours.readContext(context),
      () => ours.submit(group, add(b), a),
    ]) {
      expect(await codeOf(asked())).to.equal('CHAIN_SUCCESSOR')
    }
    // what did not move goes on
    await ours.submit(contextOf(a, 3), creation(3), a)
  })
})
