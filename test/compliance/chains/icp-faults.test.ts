/** What becomes of operations on the Internet Computer when endpoints, the chain and the canister do what they should not. */
import { expect } from 'chai'
import { add } from '../anchor-bench.ts'
import { codeOf, contextOf, creation, ownGroup, person, refusalOf } from '../anchor-support.ts'
import type { Reply } from '../../support/faulty-http.ts'
import { makeCanister } from '../../support/icp-chain.ts'
import {
  contentOf,
  cborReply,
  type FaultyIcp,
  IcpFaults,
  type IcpRule,
} from '../../support/icp-faults.ts'

const APPLY = 'call apply'
const MINUTE_MS = 60_000

/** Bytes of the calls that an endpoint was given. */
function given({ asked }: FaultyIcp): string[] {
  return asked
    .filter(({ method }) => method === APPLY)
    .map(({ body }) => Buffer.from(body).toString('hex'))
}

describe('anchor: icp, faults', () => {
  const t = new IcpFaults()
  t.hooks()

  /** Operations that the canister applied. */
  async function applied(): Promise<number> {
    return (await t.service([t.chain.url]).readEvents()).length
  }

  async function isMember(): Promise<boolean> {
    const read = await t.service([t.chain.url]).readMember(t.group, t.b.publicKey)
    return read.value !== undefined
  }

  describe('endpoints', () => {
    it('[79] finds through another endpoint what one took and died of', async () => {
      await t.withContext()
      const [dying, other] = [await t.endpoint(), await t.endpoint()]
      const anchor = await t.over(t.service([dying, other]))
      dying.rules(
        { method: APPLY, times: 1, fault: { kind: 'drop' } },
        { when: () => dying.count(APPLY) > 0, fault: { kind: 'refuse' } },
      )
      const before = await applied()
      await anchor.submit(t.group, add(t.b), t.a)
      expect(await isMember()).to.equal(true)
      expect((await applied()) - before, 'one operation').to.equal(1)
      expect(new Set([...given(dying), ...given(other)]).size, 'one request').to.equal(1)
    })

    it('[79] asks the only endpoint again when it comes back', async () => {
      await t.withContext()
      const only = await t.endpoint()
      const anchor = await t.over(t.service([only]))
      only.rules(
        { method: APPLY, times: 1, fault: { kind: 'drop' } },
        { when: () => only.count(APPLY) > 0, times: 3, fault: { kind: 'refuse' } },
      )
      await anchor.submit(t.group, add(t.b), t.a)
      expect(await isMember()).to.equal(true)
      expect(only.count(APPLY), 'called once').to.equal(1)
      expect(only.count('read_state')).to.be.greaterThan(1)
    })

    it('[79] goes by the request, and after its time by what the canister remembers', async () => {
      await t.withContext()
      const only = await t.endpoint()
      const { clock, skip } = t.impatient()
      const service = t.service([only], { clock })
      const signed = await t.envelope(service, add(t.b))
      only.rules(
        { method: APPLY, times: 1, fault: { kind: 'drop' } },
        {
          when: () => only.count(APPLY) > 0,
          before: () => skip(MINUTE_MS + 1),
          fault: { kind: 'http', status: 503 },
        },
      )
      expect(await codeOf(service.submit(signed))).to.equal('ANCHOR_UNREACHABLE')
      expect(await isMember()).to.equal(true)
      // as long as nobody knows it is not refused, though its nonce is used by now
      only.rules()
      expect(await service.submit(signed)).to.include({ accepted: true })
      // the chain has forgotten the request
      await t.clock.advance(11 * 60)
      expect(await service.findApplied(signed.envelope)).to.be.a('bigint')
      expect(await t.service([only]).findApplied(signed.envelope)).to.be.a('bigint')
    })

    it('sends again what nobody took up until it expired', async () => {
      await t.withContext()
      const only = await t.endpoint()
      const service = t.service([only])
      const signed = await t.envelope(service, add(t.b))
      // says that it took it, and lets it fall
      only.rules({
        method: APPLY,
        times: 1,
        before: () => t.clock.advance(5 * 60),
        fault: { kind: 'http', status: 202 },
      })
      expect(await service.submit(signed)).to.include({ accepted: true })
      expect(new Set(given(only)).size, 'another request').to.equal(2)
    })

    it('never uses an endpoint of another network', async () => {
      const [wrong, right] = [await t.endpoint(), await t.endpoint()]
      const rootKey = new Uint8Array(133)
      wrong.rules({
        method: 'status',
        fault: { kind: 'answer', make: () => cborReply({ root_key: rootKey }) },
      })
      const anchor = await t.over(t.service([wrong, right]))
      await anchor.submit(t.context, creation(), t.a)
      expect(new Set(wrong.asked.map(({ method }) => method))).to.deep.equal(new Set(['status']))
      expect(await codeOf(t.service([wrong]).readGroup(t.group))).to.equal('CHAIN_WRONG_NETWORK')
    })

    const failures: readonly (readonly [string, IcpRule['fault'], string])[] = [
      ['refuses', { kind: 'refuse' }, 'ANCHOR_UNREACHABLE'],
      ['limits its rate', { kind: 'http', status: 429 }, 'ANCHOR_UNREACHABLE'],
      ['fails', { kind: 'http', status: 500, body: '<html>oops' }, 'ANCHOR_UNREACHABLE'],
      ['talks of other things', { kind: 'http', status: 200, body: 'hello' }, 'ANCHOR_BAD_ANSWER'],
      [
        'answers nonsense',
        { kind: 'answer', make: () => cborReply({ a: 1 }) },
        'ANCHOR_BAD_ANSWER',
      ],
      ['answers without end', { kind: 'oversized' }, 'CHAIN_TOO_LONG'],
      ['lacks the address', { kind: 'http', status: 404 }, 'CHAIN_RPC'],
      [
        'has too much to do',
        { kind: 'answer', make: () => rejection(2, 'IC0515') },
        'ANCHOR_UNREACHABLE',
      ],
      [
        'says that the canister is stopped',
        { kind: 'answer', make: () => rejection(5, 'IC0508') },
        'ICP_STOPPED',
      ],
      ['lacks the canister', { kind: 'answer', make: () => rejection(3, 'IC0301') }, 'CHAIN_RPC'],
    ]
    for (const [what, fault, code] of failures) {
      it(`asks another endpoint when one ${what}`, async () => {
        await t.withContext()
        const [bad, good] = [await t.endpoint(), await t.endpoint()]
        bad.rules({ when: ({ method }) => method !== 'status', fault })
        const anchor = await t.over(t.service([bad, good]))
        await anchor.submit(t.group, add(t.b), t.a)
        expect(await isMember()).to.equal(true)
        expect(await codeOf(t.service([bad]).readGroup(t.group))).to.equal(code)
      })
    }

    it('reads what it did itself, however far behind an endpoint is', async () => {
      await t.withContext()
      const [late, good] = [await t.endpoint(), await t.endpoint()]
      const service = t.service([late, good])
      const group = await service.readGroup(t.group)
      let kept: Reply | undefined
      late.rules({
        method: 'query group',
        fault: { kind: 'answer', make: async (one, forward) => (kept ??= await forward(one)) },
      })
      await service.readGroup(t.group)
      await service.submit(await t.envelope(service, add(t.b)))
      const read = await service.readGroup(t.group)
      expect(read.value?.memberCount).to.equal((group.value?.memberCount ?? 0) + 1)
      expect(read.source).to.include('(2)')
      const alone = t.impatient()
      const only = t.service([late], { clock: alone.clock })
      await only.readMember(t.group, t.b.publicKey)
      const reading = codeOf(only.readGroup(t.group))
      alone.skip(MINUTE_MS)
      expect(await reading).to.equal('CHAIN_BEHIND')
    })
  })

  describe('the chain', () => {
    it('has a clock that moves by hours, and is followed', async () => {
      await t.withContext()
      const anchor = await t.over(t.service([t.chain.url]))
      for (const hours of [1, 7, 26]) {
        await t.clock.advance(hours * 3600)
        const who = person(`after ${hours} hours`)
        await anchor.submit(t.group, add(who), t.a)
        expect(await anchor.readMember(t.group, who.publicKey)).to.not.equal(undefined)
      }
    })

    it('waits with messages, and a call with it', async () => {
      await t.withContext()
      const { chain } = t.chain.world
      const service = t.service([t.chain.url], { bounds: { timeoutMs: 300 } })
      const signed = await t.envelope(service, add(t.b))
      await service.findApplied(signed.envelope)
      await chain.setMessages('manual')
      const sending = service.submit(signed)
      for (let tries = 0; tries < 200 && (await chain.waiting()) === 0; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      await new Promise((resolve) => setTimeout(resolve, 400))
      expect(await isMember()).to.equal(false)
      await chain.setMessages('instant')
      expect(await sending).to.include({ accepted: true })
    })

    it('[78] makes one context of two equal creations in flight, and says so of the other', async () => {
      const [one, other] = [t.service([t.chain.url]), t.service([t.chain.url])]
      const domain = await one.readDomain()
      const validUntil = BigInt(Math.floor(t.clock.nowMs() / 1000)) + 600n
      const context = contextOf(t.a)
      const fields = { domain, subject: context, nonce: 0n, validUntil }
      const { sign } = await import('../anchor-support.ts')
      const made = await Promise.all([
        sign(t.a, creation(), fields),
        sign(t.a, creation(), { ...fields, validUntil: validUntil + 1n }),
      ])
      const { chain } = t.chain.world
      // both are found good before either is applied
      await one.submit(await sign(t.b, creation(), { ...fields, subject: contextOf(t.b) }))
      await other.readTime()
      const cycles = await chain.cyclesOf(t.chain.contract)
      await chain.setMessages('manual')
      const sending = [one.submit(made[0]), other.submit(made[1])]
      for (let tries = 0; tries < 200 && (await chain.waiting()) < 2; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      await chain.setMessages('instant')
      const outcomes = await Promise.all(sending)
      expect(outcomes.filter(({ accepted }) => accepted)).to.have.length(1)
      const [refused] = outcomes.filter(({ accepted }) => !accepted)
      expect(refused).to.deep.include({ refusal: { name: 'ContextExists', number: 6 } })
      const spent = cycles - (await chain.cyclesOf(t.chain.contract))
      expect(spent < 200_000_000n, `${spent} cycles for two messages`).to.equal(true)
    })

    it('[44] costs the same for one member as for a hundred', async () => {
      const anchor = await t.withContext()
      const { chain } = t.chain.world
      const measure = async (name: string): Promise<number> => {
        const before = await chain.cyclesOf(t.chain.contract)
        await anchor.submit(ownGroup(t.context), add(person(name)), t.a)
        return Number(before - (await chain.cyclesOf(t.chain.contract)))
      }
      await measure('first')
      const alone = await measure('one')
      for (let at = 0; at < 100; at += 16) {
        const people = Array.from({ length: 16 }, (_, index) => person(`crowd ${at + index}`))
        await anchor.submit(t.group, add(...people), t.a)
      }
      expect(await measure('two')).to.be.within(alone * 0.95, alone * 1.05)
    })
  })

  describe('the canister', () => {
    it('makes so many contexts a day: the next is told to come again, and does', async () => {
      const { world, contracts } = t.chain
      const contexts = await makeCanister(world, 'contexts', { daily: 1 })
      const service = t.service([t.chain.url], { contracts: { ...contracts, contexts } })
      const anchor = await t.over(service)
      await anchor.submit(contextOf(t.a), creation(), t.a)
      const made = anchor.submit(contextOf(t.b), creation(), t.b)
      expect(await codeOf(made)).to.equal('ANCHOR_BUSY')
      expect(await refusalOf(anchor.submit(ownGroup(contextOf(t.a)), add(t.c), t.a))).to.equal(
        'accepted',
      )
      await t.clock.advance(24 * 3600)
      await anchor.submit(contextOf(t.b), creation(), t.b)
    })

    it('makes nothing below its reserve of cycles, and goes on with what there is', async () => {
      const { world } = t.chain
      const anchor = await t.withContext()
      await world.chain.setCycles(t.chain.contract, 900_000_000_000n)
      const made = anchor.submit(contextOf(t.b), creation(), t.b)
      expect(await codeOf(made)).to.equal('ANCHOR_BUSY')
      await anchor.submit(t.group, add(t.b), t.a)
      await world.chain.setCycles(t.chain.contract, 100_000_000_000_000n)
      await anchor.submit(contextOf(t.b), creation(), t.b)
    })

    it('is frozen for lack of cycles, or stopped: nothing is said of what it holds', async () => {
      const { world } = t.chain
      const anchor = await t.withContext()
      await world.chain.setCycles(t.chain.contract, 1_000_000n)
      expect(await codeOf(anchor.readGroup(t.group))).to.equal('ICP_STOPPED')
      expect(await codeOf(anchor.submit(t.group, add(t.b), t.a))).to.equal('ICP_STOPPED')
      await world.chain.setCycles(t.chain.contract, 100_000_000_000_000n)
      await anchor.submit(t.group, add(t.b), t.a)
      const { Principal } = await import('@dfinity/principal')
      const canister_id = Principal.fromText(t.chain.contract)
      await world.management['stop_canister']?.({ canister_id })
      expect(await codeOf(anchor.readGroup(t.group))).to.equal('ICP_STOPPED')
      await world.management['start_canister']?.({ canister_id })
      expect(await anchor.readMember(t.group, t.b.publicKey)).to.not.equal(undefined)
    })

    it('is sent nothing when it is none, or another, or of another network', async () => {
      const endpoint = await t.endpoint()
      const { world, contracts } = t.chain
      const { COUNTER } = await import('../../support/icp-canisters.ts')
      const foreign = (await world.install(COUNTER)).toText()
      for (const contexts of [
        contracts.packages,
        foreign,
        'aaaaa-aa',
        'uxrrr-q7777-77774-qaaaq-cai',
      ]) {
        const service = t.service([endpoint], { contracts: { contexts } })
        const anchor = await t.over(service)
        const made = anchor.submit(t.context, creation(), t.a)
        expect(await codeOf(made), contexts).to.equal('CHAIN_NO_CONTRACT')
      }
      const other = t.service([endpoint], { network: 'ic' })
      const made = (await t.over(other)).submit(t.context, creation(), t.a)
      expect(await codeOf(made)).to.equal('CHAIN_NO_CONTRACT')
      const sent = endpoint.asked.filter(({ method }) => method.startsWith('call'))
      expect(sent.map((one) => contentOf(one).method_name)).to.deep.equal([])
    })
  })
})

function rejection(code: number, errorCode: string): ReturnType<typeof cborReply> {
  const answer = { status: 'rejected', reject_code: code, reject_message: 'no' }
  return cborReply({ ...answer, error_code: errorCode })
}
