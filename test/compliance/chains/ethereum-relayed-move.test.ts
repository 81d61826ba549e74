import { expect } from 'chai'
import { ZeroAddress } from 'ethers'
import type { Anchor } from '../../../src/node/anchor/anchor.ts'
import { MIGRATION_SECONDS } from '../../../src/node/anchor/limits.ts'
import type { Domain } from '../../../src/node/anchor/operations.ts'
import { fromHex, toHex } from '../../../src/node/primitives/bytes.ts'
import { REFUSED_POINTS } from '../../../src/server/relayer/limits.ts'
import { failure } from '../../support/error-code.ts'
import {
  chainClock,
  deploySuccessor,
  startTestChain,
  type EthereumTestChain,
} from '../../support/ethereum.ts'
import {
  openRelayed,
  type RelayAnswer,
  relayedAnchor,
  startTestRelayer,
  type TestRelayer,
  type TestRelayerInit,
} from '../../support/ethereum-relayer.ts'
import { add, type HarnessClock, moveTo } from '../anchor-bench.ts'
import {
  application,
  contextOf,
  creation,
  keysOf,
  memberKeys,
  ownGroup,
  person,
  sign,
  valueOf,
} from '../anchor-support.ts'

const [a, b, c] = [person('A'), person('B'), person('C')]
const context = contextOf(a)
const group = ownGroup(context)
const bytesOf = (address: string): Uint8Array => fromHex(address.slice(2).toLowerCase())

describe('a relayer whose contract groups leave', function () {
  this.timeout(60_000)
  let chain: EthereumTestChain
  let clock: HarnessClock
  let domain: Domain
  const opened: Anchor[] = []
  const relayers: TestRelayer[] = []

  before(async () => {
    chain = await startTestChain()
  })
  after(async () => chain.stop())
  beforeEach(async () => {
    await chain.reset()
    clock = await chainClock(chain)
    domain = await openRelayed(chain, 'http://127.0.0.1:9').readDomain()
  })
  afterEach(async () => {
    for (const anchor of opened.splice(0)) await anchor.stop()
    for (const at of relayers.splice(0)) await at.stop()
  })

  async function start(init: TestRelayerInit = {}): Promise<TestRelayer> {
    const at = await startTestRelayer(chain, { clock, ...init })
    relayers.push(at)
    return at
  }

  /** A node without an account, of the deployment's contract. */
  async function open({ url }: TestRelayer): Promise<Anchor> {
    const anchor = relayedAnchor(chain, openRelayed(chain, url, { clock }), clock)
    opened.push(anchor)
    await anchor.start()
    return anchor
  }

  /** Makes a group by a relayer, and lets it move. @returns where it is then */
  async function moved(at: TestRelayer, isOver = true): Promise<string> {
    const anchor = await open(at)
    await anchor.submit(context, creation(), a)
    const next = await deploySuccessor(chain)
    await anchor.submit(group, moveTo(bytesOf(next)), a)
    if (isOver) await clock.advance(Number(MIGRATION_SECONDS) + 1)
    return next
  }

  const adoption = (
    at: TestRelayer,
    contract: string,
    fields: object = { group: toHex(group) },
  ): Promise<RelayAnswer> =>
    at.adopt({ chain: 'ethereum', network: 'local', contract: toHex(bytesOf(contract)), ...fields })
  const codeOf = ({ status, body }: RelayAnswer): string => `${status} ${String(body['code'])}`

  it('takes them over where they went, and carries on there, for a node that has no other', async () => {
    const at = await start()
    const next = await moved(at)
    const before = await at.sent()
    const anchor = await open(at)
    await anchor.submit(group, add(b), a)
    expect(await memberKeys(anchor, group)).to.deep.equal(keysOf(a, b))
    expect((await at.sent()) - before, 'one that takes over, one that adds').to.equal(2)
    await anchor.submit(context, { kind: 'updateApplication', application: application(7) }, a)
    expect((await at.sent()) - before, 'the same of the context').to.equal(4)
    expect(valueOf(await anchor.readContext(context)).applicationRevision).to.equal(2n)
    expect(await anchor.readGroup(group)).to.nested.include({ 'evidence.contract': next })
    // whoever comes then
    const other = await open(at)
    await other.submit(group, add(c), a)
    expect((await at.sent()) - before).to.equal(5)
    expect(codeOf(await adoption(at, next))).to.equal('200 undefined')
  })

  it('does so through two moves', async () => {
    const at = await start()
    const next = await moved(at)
    const anchor = await open(at)
    const last = await deploySuccessor(chain, next)
    await anchor.submit(group, moveTo(bytesOf(last)), a)
    await clock.advance(Number(MIGRATION_SECONDS) + 1)
    await anchor.submit(group, add(b), a)
    expect(await anchor.readGroup(group)).to.nested.include({ 'evidence.contract': last })
  })

  it('carries for no contract that does not take over from its own, and counts who asks', async () => {
    const at = await start({ quotas: { addressPerHour: 2 * REFUSED_POINTS } })
    const stranger = await deploySuccessor(chain, ZeroAddress)
    const fields = {
      domain: { ...domain, contract: bytesOf(stranger) },
      subject: context,
      nonce: 0n,
    }
    const validUntil = BigInt(Math.floor(clock.nowMs() / 1000)) + 600n
    const message = await sign(a, creation(), { ...fields, validUntil })
    expect(codeOf(await at.carry(message))).to.equal('403 relayer_denied')
    expect(codeOf(await adoption(at, stranger))).to.equal('403 relayer_denied')
    expect(codeOf(await adoption(at, stranger))).to.equal('429 relayer_quota')
    expect(await at.sent()).to.equal(0)
  })

  it('takes over nothing that did not move, or not yet, and nothing that it cannot read', async () => {
    const at = await start()
    const next = await moved(at, false)
    const before = await at.sent()
    const early = await adoption(at, next)
    expect([early.status, early.body['name']]).to.deep.equal([422, 'ContextNotFound'])
    const early2 = await adoption(at, next, { context: toHex(context) })
    expect([early2.status, early2.body['name']]).to.deep.equal([422, 'ContextNotFound'])
    for (const fields of [
      {},
      { group: 'ab' },
      { group: toHex(group), context: toHex(context) },
      { group: toHex(group), more: 1 },
    ]) {
      expect(codeOf(await adoption(at, next, fields))).to.equal('400 relayer_malformed')
    }
    const elsewhere = { group: toHex(group), network: 'mainnet' }
    expect(codeOf(await adoption(at, next, elsewhere))).to.equal('403 relayer_denied')
    expect(await at.sent()).to.equal(before)
  })

  it('takes over within its quotas of groups and of gas alone', async () => {
    const next = await moved(await start())
    const poor = await start({ gasPerDay: 1n })
    expect(codeOf(await adoption(poor, next))).to.equal('429 relayer_quota')
    const at = await start({ quotas: { groupPerHour: 2 } })
    const before = await at.sent()
    const anchor = await open(at)
    await anchor.submit(group, add(b), a)
    // both are used up: one that took over, one that added
    expect((await failure(anchor.submit(group, add(c), a))).code).to.equal('ANCHOR_BUSY')
    expect((await at.sent()) - before).to.equal(2)
  })
})
