/** What is final, what is not, and what a list and a log are worth while the chain and its endpoints move. */
import { expect } from 'chai'
import type { Anchor } from '../../../src/node/anchor/anchor.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { FaultBench } from '../../support/ethereum-faults.ts'
import { lag } from '../../support/ethereum-rules.ts'
import type { FaultyRpc, Rule } from '../../support/faulty-rpc.ts'
import { seededRandom } from '../../support/hand-clock.ts'
import { Projection } from '../../property/anchor/projection.ts'
import { crowd } from '../anchor-bench.ts'
import {
  application,
  codeOf,
  contextOf,
  creation,
  person,
  refusalOf,
  valueOf,
} from '../anchor-support.ts'

const SENDING = 'eth_sendRawTransaction'

/** How often a group's members were asked for, and from where on. */
function pagesOf({ asked }: FaultyRpc): number[] {
  return asked.flatMap(({ method, params: [call] }) => {
    if (method !== 'eth_call') return []
    const { data } = call as { data: string }
    // members(bytes32,uint256,uint256): the second argument is the offset
    return data.length === 2 + 8 + 3 * 64 ? [Number(`0x${data.slice(74, 138)}`)] : []
  })
}

const isPage: NonNullable<Rule['when']> = ({ method, params: [call] }) =>
  method === 'eth_call' && (call as { data: string }).data.length === 2 + 8 + 3 * 64

describe('anchor: ethereum, faults', () => {
  const t = new FaultBench()
  t.hooks()

  describe('finality', () => {
    /** An anchor that takes a block for final when two lie above it, and its endpoint. */
    async function careful(stuckMs: number = 60): Promise<{ anchor: Anchor; endpoint: FaultyRpc }> {
      await t.withContext()
      await t.mine(2)
      const endpoint = await t.endpoint()
      return { anchor: await t.anchor(t.service([endpoint], { finality: 2, stuckMs })), endpoint }
    }

    /** Resolves when somebody is a member as things stand now. */
    async function untilMember(anchor: Anchor, endpoint: FaultyRpc): Promise<void> {
      while (!(await t.isMember(anchor, t.b, 'optimistic'))) await endpoint.seen('eth_blockNumber')
    }

    it('[81] [W31] acts on final state alone, and submits until it is final', async () => {
      const { anchor, endpoint } = await careful()
      let isDone = false
      const submitted = anchor.submit(t.group, t.add(t.b), t.a).finally(() => (isDone = true))
      await untilMember(anchor, endpoint)
      expect(await t.isMember(anchor, t.b)).to.equal(false)
      await t.mine()
      await endpoint.seen('eth_getTransactionReceipt')
      expect([isDone, await t.isMember(anchor, t.b)]).to.deep.equal([false, false])
      await t.mine()
      const { evidence } = await submitted
      expect(evidence.finality).to.equal('final')
      expect(await t.isMember(anchor, t.b)).to.equal(true)
    })

    it('[81] finds what was applied, and knows when that is final', async () => {
      await t.withContext()
      await t.mine(2)
      const service = t.service([await t.endpoint()], { finality: 2 })
      const signed = await t.signed(service, t.add(t.b))
      await service.submit(signed)
      const { envelope } = signed
      const final = { finality: 'final' } as const
      const found = await service.findApplied(envelope)
      expect(found).to.be.a('bigint')
      expect(await service.findApplied(envelope, final)).to.equal(undefined)
      await t.mine(2)
      expect(await service.findApplied(envelope, final)).to.equal(found)
    })

    it('[81] does not see a removal that is not final', async () => {
      const { anchor, endpoint } = await careful()
      const added = anchor.submit(t.group, t.add(t.b), t.a)
      await untilMember(anchor, endpoint)
      await t.mine(2)
      await added
      const removed = anchor.submit(
        t.group,
        { kind: 'removeMembers', ids: [t.b.publicKey], mayReturn: false },
        t.a,
      )
      while (await t.isMember(anchor, t.b, 'optimistic')) await endpoint.seen('eth_blockNumber')
      expect(await t.isMember(anchor, t.b)).to.equal(true)
      expect(valueOf(await anchor.readMembers(t.group)).members.length).to.equal(2)
      await t.mine(2)
      await removed
      expect(valueOf(await anchor.readMembers(t.group)).members.length).to.equal(1)
    })

    it('[81] sends again what a reorganisation dropped', async () => {
      const { anchor, endpoint } = await careful()
      const before = await t.send('evm_snapshot')
      const submitted = anchor.submit(t.group, t.add(t.b), t.a)
      await untilMember(anchor, endpoint)
      await t.send('evm_revert', before)
      await endpoint.seen(SENDING, 2)
      await untilMember(anchor, endpoint)
      await t.mine(2)
      await submitted
      expect(await t.isMember(anchor, t.b)).to.equal(true)
      const raw = endpoint.asked.filter(({ method }) => method === SENDING)
      expect(new Set(raw.map(({ params: [bytes] }) => bytes)).size, 'the same bytes').to.equal(1)
    })

    it('[81] tells the refusal of what a reorganisation made impossible', async () => {
      const { anchor, endpoint } = await careful()
      const other = await t.honest()
      const before = await t.send('evm_snapshot')
      const submitted = anchor.submit(t.group, t.add(t.b), t.a)
      await untilMember(anchor, endpoint)
      const gate = Promise.withResolvers<void>()
      const forwarding = {
        kind: 'answer',
        make: (asked, forward) => forward(asked),
      } as const satisfies Rule['fault']
      endpoint.rules({ method: SENDING, before: () => gate.promise, fault: forwarding })
      await t.send('evm_revert', before)
      await other.submit(t.group, t.add(t.c), t.a)
      gate.resolve()
      const refused = refusalOf(submitted)
      while ((await t.used()) === 0) await endpoint.seen('eth_getTransactionReceipt')
      await t.mine(2)
      expect(await refused).to.equal('BadNonce')
      expect(await t.isMember(anchor, t.b, 'optimistic')).to.equal(false)
      expect(await t.isMember(anchor, t.c)).to.equal(true)
    })

    it('[W31] goes by the tag that it is told, and never falls back behind what was final', async () => {
      await t.withContext()
      const [first, second] = [await t.endpoint(), await t.endpoint()]
      const head = Number(await t.send('eth_blockNumber'))
      await t.mine(10)
      const tagged = (number: number): Rule => ({
        method: 'eth_getBlockByNumber',
        when: ({ params }) => params[0] === 'safe',
        fault: {
          kind: 'answer',
          make: (asked, forward) =>
            forward({ ...asked, params: [`0x${number.toString(16)}`, false] }),
        },
      })
      first.rules(tagged(head + 5))
      second.rules(tagged(head + 1))
      const service = t.service([first, second], { finality: 'safe' })
      expect((await service.readGroup(t.group)).height).to.equal(BigInt(head + 5))
      await first.down()
      expect((await service.readGroup(t.group)).height).to.equal(BigInt(head + 5))
    })

    it('prefers an endpoint that has what it saw, and makes do with one that has not', async () => {
      await t.withContext()
      const [first, second] = [await t.endpoint(), await t.endpoint()]
      await t.mine(5)
      const service = t.service([first, second])
      const { height } = await service.readGroup(t.group)
      second.rules(...lag(3))
      await first.down()
      expect((await service.readGroup(t.group)).height).to.equal(height - 3n)
    })

    it('does not believe a final block that nobody has', async () => {
      await t.withContext()
      const [liar, honest] = [await t.endpoint(), await t.endpoint()]
      liar.rules({
        method: 'eth_getBlockByNumber',
        when: ({ params }) => params[0] === 'finalized',
        fault: {
          kind: 'answer',
          make: () => ({ number: '0xffffff', hash: `0x${'00'.repeat(32)}`, timestamp: '0x1' }),
        },
      })
      const service = t.service([liar, honest], { finality: 'finalized' })
      expect((await service.readGroup(t.group)).value?.memberCount).to.equal(1)
      expect((await service.readGroup(t.group)).value?.memberCount).to.equal(1)
    })
  })

  describe('member lists', () => {
    const people = crowd(249)
    const [goes = t.b] = people

    async function populated(): Promise<Anchor> {
      const anchor = await t.withContext()
      await anchor.submit(t.group, t.add(...people), t.a)
      return anchor
    }

    function expectWhole(
      { members }: { members: readonly { identity: Uint8Array }[] },
      size: number,
    ): void {
      expect(members.length).to.equal(size)
      expect(new Set(members.map(({ identity }) => toHex(identity))).size).to.equal(size)
    }

    it('[43] reads all pages as of one block, whoever goes meanwhile', async () => {
      const honest = await populated()
      const endpoint = await t.endpoint()
      const anchor = await t.anchor(t.service([endpoint]))
      const { membersRevision } = valueOf(await anchor.readGroup(t.group))
      endpoint.rules({
        when: (asked) => isPage(asked) && pagesOf(endpoint).length === 1,
        times: 1,
        before: () =>
          honest.submit(
            t.group,
            { kind: 'removeMembers', ids: [goes.publicKey], mayReturn: false },
            t.a,
          ),
        fault: { kind: 'answer', make: (asked, forward) => forward(asked) },
      })
      const list = valueOf(await anchor.readMembers(t.group))
      expectWhole(list, 250)
      expect(list.revision).to.equal(membersRevision)
      expect(pagesOf(endpoint)).to.deep.equal([0, 100, 200])
      expectWhole(valueOf(await anchor.readMembers(t.group)), 249)
    })

    it('[43] begins anew at an endpoint that is behind, and never mixes two', async () => {
      const honest = await populated()
      await honest.submit(
        t.group,
        { kind: 'removeMembers', ids: [goes.publicKey], mayReturn: false },
        t.a,
      )
      const [dying, behind] = [await t.endpoint(), await t.endpoint()]
      const anchor = await t.anchor(t.service([dying, behind]))
      behind.rules(...lag(1))
      dying.rules({ when: () => pagesOf(dying).length > 1, fault: { kind: 'refuse' } })
      const list = valueOf(await anchor.readMembers(t.group))
      expectWhole(list, 250) // as it was before the removal, which the endpoint has not yet
      expect(pagesOf(behind).slice(-3)).to.deep.equal([0, 100, 200])
    })

    it('[43] begins anew when the block of its pages is not the chain’s any more', async () => {
      await populated()
      const before = await t.send('evm_snapshot')
      await t.mine()
      const endpoint = await t.endpoint()
      const anchor = await t.anchor(t.service([endpoint]))
      endpoint.rules({
        when: (asked) => isPage(asked) && pagesOf(endpoint).length === 1,
        times: 1,
        before: async () => {
          await t.send('evm_revert', before)
          await t.send('evm_increaseTime', 100)
          await t.mine()
        },
        fault: { kind: 'answer', make: (asked, forward) => forward(asked) },
      })
      expectWhole(valueOf(await anchor.readMembers(t.group)), 250)
      expect(pagesOf(endpoint).slice(-3)).to.deep.equal([0, 100, 200])
      expect(pagesOf(endpoint).length).to.be.greaterThan(3)
    })
  })

  it('[83] announces all that happens: a random history replayed equals what is stored', async () => {
    const random = seededRandom('ethereum events')
    const endpoint = await t.endpoint()
    endpoint.rules({
      method: 'eth_getLogs',
      when: ({ params: [filter] }) => {
        const { fromBlock, toBlock } = filter as { fromBlock: string; toBlock: string }
        return Number(toBlock) - Number(fromBlock) > 6
      },
      fault: { kind: 'error', code: -32005, message: 'query returned more than 10000 results' },
    })
    const service = t.service([endpoint])
    const anchor = await t.withContext()
    const contexts = [t.context, contextOf(t.a, 2)]
    await anchor.submit(contextOf(t.a, 2), creation(2, t.group), t.a)
    const people = [t.a, t.b, t.c, person('D'), person('E')]
    const some = () =>
      random
        .shuffle(people)
        .slice(0, 1 + random.below(3))
        .map((who) => who.publicKey)
    const role = () => (['writer', 'reader', 'relay'] as const)[random.below(3)] ?? 'writer'
    const changes = () =>
      some().map((identity) => ({ identity, capabilities: 1 + random.below(31) }))
    let accepted = 0
    for (let step = 0; step < 60; step++) {
      const signer = random.below(3) === 0 ? (people[random.below(5)] ?? t.a) : t.a
      const operation = (
        [
          { kind: 'addMembers', ids: some(), role: role() },
          { kind: 'addMembers', ids: some(), role: role() },
          {
            kind: 'removeMembers',
            ids: some().filter((id) => id !== t.a.publicKey),
            mayReturn: true,
          },
          { kind: 'grant', changes: changes() },
          {
            kind: 'revoke',
            changes: changes().filter(({ identity }) => identity !== t.a.publicKey),
          },
          { kind: 'setRole', ids: some(), role: role() },
          {
            kind: 'setOptions',
            options: { approvers: random.below(2) === 0 ? 'govern' : 'members' },
          },
          { kind: 'updateApplication', application: application(random.below(4)) },
          { kind: 'leave' },
        ] as const
      )[random.below(signer === t.a ? 8 : 9)] ?? { kind: 'leave' }
      const subject = operation.kind === 'updateApplication' ? contexts[random.below(2)] : t.group
      const outcome = await refusalOf(anchor.submit(subject ?? t.group, operation, signer))
      if (outcome === 'accepted') accepted++
    }
    await anchor.submit(t.group, { kind: 'seal' }, t.a)
    expect(accepted).to.be.greaterThan(15)

    const log = await service.readEvents(0, Number.MAX_SAFE_INTEGER)
    const projection = new Projection()
    for (const { event } of log) projection.apply(event)
    const header = valueOf(await anchor.readGroup(t.group))
    const { members } = valueOf(await anchor.readMembers(t.group))
    const projected = projection.groups.get(toHex(t.group))
    const { membersRevision, capabilitiesRevision, sealed } = header
    expect(projected).to.deep.include({ membersRevision, capabilitiesRevision, sealed })
    expect(projected?.members).to.deep.equal(
      new Map(
        members.map(({ identity, role: is, capabilities, joinedRevision }) => [
          toHex(identity),
          { role: is, capabilities, joinedRevision, series: 0 },
        ]),
      ),
    )
    for (const id of contexts) {
      const record = valueOf(await anchor.readContext(id))
      expect(projection.contexts.get(toHex(id))).to.deep.equal({
        group: toHex(record.group),
        application: toHex(record.application.id),
        revision: record.applicationRevision,
      })
    }
    endpoint.rules({
      method: 'eth_getLogs',
      fault: {
        kind: 'answer',
        make: async (asked, forward) => {
          const logs = (await forward(asked)) as { data: string }[]
          return logs.map((each) => ({ ...each, data: '0x1234' }))
        },
      },
    })
    expect(await codeOf(service.readEvents(0, 1000))).to.equal('ANCHOR_BAD_ANSWER')
  })
})
