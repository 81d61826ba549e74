/** What holds of a group that moves, on every chain whose contracts take over from each other: through the adapter, on a chain that runs here. */
import { expect } from 'chai'
import { type Anchor, CAPABILITIES } from '../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../src/node/anchor/envelope-anchor.ts'
import { MIGRATION_SECONDS } from '../../src/node/anchor/limits.ts'
import { type Clock, systemClock, systemRandom } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import { add, bits, HOUR, type HarnessClock, moveTo, remove, SUCCESSOR } from './anchor-bench.ts'
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
} from './anchor-support.ts'
import type { ChainService, TestChain } from './chain-harness.ts'

const [a, b, c, x] = [person('A'), person('B'), person('C'), person('X')]
const context = contextOf(a)
const group = ownGroup(context)

export interface MovingChain<S extends ChainService> extends TestChain<S> {
  /** Makes another contract of ours, that takes groups over from one, or from that of the deployment; its address. */
  deploySuccessor(predecessor?: string): Promise<string>
  /** The bytes that name a contract in a domain, and back. */
  bytesOf(address: string): Uint8Array
  addressOf(bytes: Uint8Array): string
  /** The adapter for a contract in the place of the deployment's, with an account that pays. */
  openAt(contract: string, key: string, clock: Clock): S
}

export interface MigrationSuiteInit {
  /** Members that one call takes over. */
  readonly batch: number
  /** Whoever calls pays nothing: a node without an account takes over as well. @default false */
  readonly isFree?: boolean
}

/** Registers the tests. */
export function migrationSuite<S extends ChainService>(
  name: string,
  start: () => Promise<MovingChain<S>>,
  { batch, isFree = false }: MigrationSuiteInit,
): void {
  describe(`anchor: ${name}, a group that moves`, function () {
    this.timeout(120_000)
    let chain: MovingChain<S>
    let clock: HarnessClock
    const opened: Anchor[] = []

    before(async () => {
      chain = await start()
    })
    after(async () => chain.stop())
    beforeEach(async () => {
      await chain.reset()
      clock = await chain.clock()
    })
    afterEach(async () => {
      for (const anchor of opened.splice(0)) await anchor.stop()
    })

    const machine = (): Clock => ({
      ...systemClock,
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
    })

    /** An anchor of the deployment's contract, or of another; without an account it reads only. */
    async function open(account: number | undefined, contract = chain.contract): Promise<Anchor> {
      const given = machine()
      const key = account === undefined ? undefined : chain.key(account)
      const service =
        contract === chain.contract || key === undefined
          ? chain.open(key, { clock: given })
          : chain.openAt(contract, key, given)
      const { protocol, network } = chain
      const anchor = envelopeAnchor({ protocol, network, contract, service })({
        ...{ clock: given, random: systemRandom, logger: silentLogger },
      })
      opened.push(anchor)
      await anchor.start()
      return anchor
    }

    async function move(anchor: Anchor, contract: Uint8Array | string): Promise<void> {
      const bytes = typeof contract === 'string' ? chain.bytesOf(contract) : contract
      await anchor.submit(group, moveTo(bytes), a)
      await clock.advance(Number(MIGRATION_SECONDS) + 1)
    }

    it('is followed by those who have an account and those who have none, and lives on there', async () => {
      const [ours, theirs, reader] = [await open(1), await open(2), await open(undefined)]
      await ours.submit(context, creation(), a)
      await ours.submit(group, add(b), a)
      const next = await chain.deploySuccessor()
      await move(ours, next)
      // nobody has taken it over yet: what the first contract has is true
      expect(await memberKeys(reader, group)).to.deep.equal(keysOf(a, b))
      if (!isFree) {
        const leaving = reader.submit(group, { kind: 'leave' }, x)
        expect(await codeOf(leaving)).to.equal('CHAIN_SUCCESSOR')
      }
      // A writes, which takes it over; B follows
      await ours.submit(group, add(c), a)
      for (const anchor of [ours, theirs, reader]) {
        expect(await memberKeys(anchor, group)).to.deep.equal(keysOf(a, b, c))
      }
      const found = await ours.readGroup(group)
      expect(valueOf(found).migration).to.equal(undefined)
      expect(found?.evidence.contract).to.equal(next)
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
      await move(ours, await chain.deploySuccessor())
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

    it('is taken over some members at a time, by two at once, and moves on', async () => {
      const [ours, theirs] = [await open(1), await open(2)]
      await ours.submit(context, creation(), a)
      const crowd = Array.from({ length: batch + 1 }, (_, at) => person(`crowd ${at}`))
      for (let from = 0; from < crowd.length; from += 16) {
        await ours.submit(group, add(...crowd.slice(from, from + 16)), a)
      }
      await ours.submit(group, add(b), a)
      await ours.submit(group, bits('grant', [b, CAPABILITIES.manageMembers]), a)
      const next = await chain.deploySuccessor()
      const last = await chain.deploySuccessor(next)
      await move(ours, next)
      await Promise.all([ours.submit(group, add(c), a), theirs.submit(group, add(x), b)])
      expect(await memberKeys(theirs, group)).to.deep.equal(keysOf(a, ...crowd, b, c, x))
      await move(ours, last)
      await ours.submit(group, remove(x), a)
      expect((await theirs.readGroup(group))?.evidence.contract).to.equal(last)
      expect(await memberKeys(theirs, group)).to.deep.equal(keysOf(a, ...crowd, b, c))
    })

    it('is found from either end, by contracts that take over from each other', async () => {
      const next = await chain.deploySuccessor()
      const last = await chain.deploySuccessor(next)
      const [ours, theirs, middle] = [await open(1), await open(2, last), await open(2, next)]
      const reached = async (anchor: Anchor, contracts: readonly string[]): Promise<unknown> =>
        Promise.all(contracts.map(async (contract) => anchor.reaches?.(contract)))
      expect(await reached(ours, [chain.contract, next, last])).to.deep.equal([true, true, true])
      expect(await reached(middle, [chain.contract, last])).to.deep.equal([true, true])
      expect(await reached(theirs, [chain.contract, next])).to.deep.equal([true, true])
      // one beside it, one that nobody made, and what is no address
      const others = [await chain.deploySuccessor(), chain.addressOf(SUCCESSOR), '', 'No address']
      expect(await reached(middle, others)).to.deep.equal([false, false, false, false])
    })

    for (const [what, contractOf] of [
      [
        'what takes over from another',
        async () => chain.bytesOf(await chain.deploySuccessor(await chain.deploySuccessor())),
      ],
      ['what is none that this release knows', async () => SUCCESSOR],
    ] as const) {
      it(`is not followed to ${what}`, async () => {
        const ours = await open(1)
        await ours.submit(context, creation(), a)
        await move(ours, await contractOf())
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
    }
  })
}
