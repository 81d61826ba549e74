/** Who pays for nodes of NEAR without an account, when groups leave the contract: takes them over where they went, and carries on there. */
import { expect } from 'chai'
import { relayerCarrier } from '../../../src/chains/near/send/carrier.ts'
import { openRelay } from '../../../src/chains/near/send/relay.ts'
import type { Anchor } from '../../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../../src/node/anchor/envelope-anchor.ts'
import { MIGRATION_SECONDS } from '../../../src/node/anchor/limits.ts'
import { toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { type Clock, systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { type NearTestChain, openService, startNearTestChain } from '../../support/near.ts'
import { type RelayAnswer, serveRelay, type TestRelayer } from '../../support/relayer.ts'
import { add, type HarnessClock, moveTo } from '../anchor-bench.ts'
import {
  application,
  contextOf,
  creation,
  keysOf,
  memberKeys,
  ownGroup,
  person,
  valueOf,
} from '../anchor-support.ts'

/** Index of the account that pays for others. */
const PAYER = 5

const a = person('A')
const context = contextOf(a)
const group = ownGroup(context)

describe('anchor: near, a relayer whose contract groups leave', function () {
  this.timeout(120_000)
  let chain: NearTestChain
  let clock: HarnessClock
  const opened: { stop(): Promise<void> }[] = []

  before(async () => {
    chain = await startNearTestChain()
  })
  after(async () => chain.stop())
  beforeEach(async () => {
    await chain.reset()
    clock = await chain.clock()
  })
  afterEach(async () => {
    for (const each of opened.splice(0).reverse()) await each.stop()
  })

  const machine = (): Clock => ({
    ...systemClock,
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
  })

  async function nonceOfPayer(): Promise<number> {
    const account = chain.devnet.accounts[PAYER]
    const answer = (await chain.devnet.send('query', {
      ...{ request_type: 'view_access_key', finality: 'optimistic' },
      ...{ account_id: account?.accountId, public_key: account?.publicKey },
    })) as { nonce: number } // of our own chain
    return answer.nonce
  }

  async function start(perDay?: bigint): Promise<TestRelayer> {
    const given = machine()
    const relay = await openRelay(
      {
        ...{ rpcUrls: [chain.url], deployment: chain.deployment, perDay },
        key: { env: 'KEY', from: { KEY: chain.key(PAYER) } },
      },
      { clock: given, logger: silentLogger },
    )
    const first = await nonceOfPayer()
    const at = await serveRelay(relay, async () => (await nonceOfPayer()) - first, { clock: given })
    opened.push(at)
    return at
  }

  /** A node without an account, of the deployment's contract. */
  async function open({ url }: TestRelayer): Promise<Anchor> {
    const { deployment, protocol, contract } = chain
    const { network } = deployment
    const given = machine()
    const service = openService(
      { deployment, rpcUrls: [chain.url, chain.url] },
      { clock: given, carrier: (parts) => relayerCarrier({ ...parts, url, network }) },
    )
    const anchor = envelopeAnchor({ protocol, network, contract, service })({
      ...{ clock: given, random: systemRandom, logger: silentLogger },
    })
    opened.push(anchor)
    await anchor.start()
    return anchor
  }

  async function move(anchor: Anchor, contract: string): Promise<void> {
    await anchor.submit(group, moveTo(utf8(contract)), a)
    await clock.advance(Number(MIGRATION_SECONDS) + 1)
  }

  const adoption = (
    at: TestRelayer,
    contract: string,
    fields: object = { group: toHex(group) },
  ): Promise<RelayAnswer> =>
    at.adopt({ chain: 'near', network: 'local', contract: toHex(utf8(contract)), ...fields })
  const told = ({ status, body }: RelayAnswer): string =>
    `${status} ${String(body['state'] ?? body['code'])}`

  it('takes them over where they went, some members at a time, and carries on there, through two moves', async () => {
    const at = await start()
    const next = await chain.deploySuccessor()
    const last = await chain.deploySuccessor(next)
    const anchor = await open(at)
    await anchor.submit(context, creation(), a)
    // more than a relayer takes over in one call
    const crowd = Array.from({ length: 16 }, (_, n) => person(`crowd ${n}`))
    await anchor.submit(group, add(...crowd), a)
    await move(anchor, next)
    const before = await at.sent()
    const b = person('B')
    await anchor.submit(group, add(b), a)
    expect(await memberKeys(anchor, group)).to.deep.equal(keysOf(a, ...crowd, b))
    expect((await at.sent()) - before, 'three that take over, one that adds').to.equal(4)
    await anchor.submit(context, { kind: 'updateApplication', application: application(7) }, a)
    expect((await at.sent()) - before, 'the same of the context').to.equal(6)
    expect(valueOf(await anchor.readContext(context)).applicationRevision).to.equal(2n)
    expect(await anchor.readGroup(group)).to.nested.include({ 'evidence.contract': next })
    expect(told(await adoption(at, next))).to.equal('200 done')
    expect(told(await adoption(at, next, { context: toHex(context) }))).to.equal('200 done')
    await move(anchor, last)
    await anchor.submit(group, { kind: 'leave' }, b)
    expect(await anchor.readGroup(group)).to.nested.include({ 'evidence.contract': last })
  })

  it('takes over nothing that did not move, or not yet, nor for a contract that does not take over from its own', async () => {
    const at = await start()
    const [next, beside] = [await chain.deploySuccessor(), await chain.deploySuccessor()]
    const stranger = chain.deployment.contracts.packages?.address ?? ''
    const anchor = await open(at)
    await anchor.submit(context, creation(), a)
    await anchor.submit(group, moveTo(utf8(next)), a)
    const before = await at.sent()
    for (const fields of [{ group: toHex(group) }, { context: toHex(context) }]) {
      expect(told(await adoption(at, next, fields))).to.equal('422 refused')
      expect(told(await adoption(at, beside, fields))).to.equal('422 refused')
      expect(told(await adoption(at, stranger, fields))).to.equal('403 relayer_denied')
    }
    await clock.advance(Number(MIGRATION_SECONDS) + 1)
    expect(told(await adoption(at, beside))).to.equal('422 refused')
    // the group first
    expect(told(await adoption(at, next, { context: toHex(context) }))).to.equal('422 refused')
    expect(await at.sent()).to.equal(before)
    const poor = await start(60_000n)
    expect(told(await adoption(poor, next))).to.equal('202 pending')
    while (told(await adoption(poor, next)) !== '200 done') await new Promise(setImmediate)
    const other = { context: toHex(context) }
    expect(told(await adoption(poor, next, other))).to.equal('429 relayer_quota')
  })
})
