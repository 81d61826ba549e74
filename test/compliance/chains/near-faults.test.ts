/** What becomes of operations on NEAR when endpoints, the chain and other processes do what they should not. */
import { expect } from 'chai'
import { RESEND_MS } from '../../../src/chains/near/limits.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import type { Asked, Rule } from '../../support/faulty-rpc.ts'
import { isLook, NearFaults, SENDING, swallow } from '../../support/near-faults.ts'
import { codeOf, creation, refusalOf } from '../anchor-support.ts'

/** Bytes of the transactions that an endpoint was given. */
function given(asked: readonly Asked[]): unknown[] {
  const isSending = ({ method }: Asked): boolean => method === SENDING
  return asked
    .filter(isSending)
    .map(({ params }) => (params as unknown as { signed_tx_base64: string }).signed_tx_base64)
}

describe('anchor: near, faults', () => {
  const t = new NearFaults()
  t.hooks()

  describe('endpoints', () => {
    it('[79] finds through another endpoint what one took and died of', async () => {
      const honest = await t.withContext()
      const [dying, other] = [await t.endpoint(), await t.endpoint()]
      const anchor = await t.over(t.service([dying, other]))
      dying.rules(
        { method: SENDING, times: 1, fault: { kind: 'drop' } },
        { when: () => dying.count(SENDING) > 0, fault: { kind: 'refuse' } },
      )
      const before = await t.used()
      await anchor.submit(t.group, t.adding(t.b), t.a)
      expect(await t.isMember(honest, t.b)).to.equal(true)
      expect((await t.used()) - before, 'one transaction').to.equal(1n)
      expect(new Set([...given(dying.asked), ...given(other.asked)]).size).to.equal(1)
    })

    it('[79] asks the only endpoint again when it comes back', async () => {
      const honest = await t.withContext()
      const only = await t.endpoint()
      const anchor = await t.over(t.service([only]))
      only.rules(
        { method: SENDING, times: 1, fault: { kind: 'drop' } },
        { when: () => only.count(SENDING) > 0, times: 3, fault: { kind: 'refuse' } },
      )
      await anchor.submit(t.group, t.adding(t.b), t.a)
      expect(await t.isMember(honest, t.b)).to.equal(true)
      expect(new Set(given(only.asked)).size, 'one transaction').to.equal(1)
    })

    it('[79] gives the same bytes to an endpoint that forgot, and to one that never had them', async () => {
      await t.withContext()
      const [first, second] = [await t.endpoint(), await t.endpoint()]
      let laterMs = 0
      const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + laterMs }
      const anchor = await t.over(t.service([first, second], { clock }))
      first.rules(swallow(1), {
        method: 'tx',
        times: 1,
        before: () => void (laterMs += RESEND_MS),
        fault: { kind: 'refuse' },
      })
      await anchor.submit(t.group, t.adding(t.b), t.a)
      const all = [...given(first.asked), ...given(second.asked)]
      expect(all.length).to.be.greaterThan(1)
      expect(new Set(all).size).to.equal(1)
    })

    it('[79] goes on with its transaction when nobody answered for long', async () => {
      const honest = await t.withContext()
      const only = await t.endpoint()
      let laterMs = 0
      const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + laterMs }
      const service = t.service([only], { clock })
      const signed = await t.envelope(service, t.adding(t.b))
      only.rules(
        { method: SENDING, times: 1, fault: { kind: 'drop' } },
        {
          when: () => only.count(SENDING) > 0,
          before: () => void (laterMs += 61_000),
          fault: { kind: 'http', status: 503 },
        },
      )
      expect(await codeOf(service.submit(signed))).to.equal('ANCHOR_UNREACHABLE')
      only.rules()
      expect((await service.submit(signed)).accepted).to.equal(true)
      expect(await t.isMember(honest, t.b)).to.equal(true)
      expect(new Set(given(only.asked)).size, 'one transaction').to.equal(1)
    })

    it('[79] gives the same bytes again when it is asked again, though nobody had them', async () => {
      const honest = await t.withContext()
      const only = await t.endpoint()
      let laterMs = 0
      const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + laterMs }
      const service = t.service([only], { clock })
      const signed = await t.envelope(service, t.adding(t.b))
      only.rules(swallow(1), {
        when: () => only.count(SENDING) > 0,
        before: () => void (laterMs += 61_000),
        fault: { kind: 'http', status: 503 },
      })
      expect(await codeOf(service.submit(signed))).to.equal('ANCHOR_UNREACHABLE')
      // a new one would name a newer block
      await t.chain.devnet.mine(3)
      only.rules()
      expect((await service.submit(signed)).accepted).to.equal(true)
      expect(await t.isMember(honest, t.b)).to.equal(true)
      expect(given(only.asked).length).to.be.greaterThan(1)
      expect(new Set(given(only.asked)).size, 'one transaction').to.equal(1)
    })

    it('goes by what the contract did, whatever became of the rest of a transaction', async () => {
      const honest = await t.withContext()
      const endpoint = await t.endpoint()
      const anchor = await t.over(t.service([endpoint]))
      const failed = { Failure: { ActionError: { index: 0, kind: 'a refund that failed' } } }
      endpoint.rules({
        when: isLook,
        fault: {
          kind: 'answer',
          async make(asked, forward) {
            const answer = (await forward(asked)) as { receipts_outcome?: object[] }
            const { receipts_outcome: all = [] } = answer
            const [called, ...others] = all as { outcome: object }[]
            const rest = others.map((one) => ({
              ...one,
              outcome: { ...one.outcome, status: failed },
            }))
            const receipts = called === undefined ? [] : [called, ...rest]
            return { ...answer, status: failed, receipts_outcome: receipts }
          },
        },
      })
      expect(await refusalOf(anchor.submit(t.group, t.adding(t.b), t.a))).to.equal('accepted')
      expect(await t.isMember(honest, t.b)).to.equal(true)
    })

    it('signs anew when its block is too old for an endpoint', async () => {
      await t.withContext()
      const endpoint = await t.endpoint()
      const anchor = await t.over(t.service([endpoint]))
      const error = { TxExecutionError: { InvalidTxError: 'Expired' } }
      endpoint.rules({
        method: SENDING,
        times: 1,
        fault: { kind: 'error', code: -32000, message: 'Server error', data: error },
      })
      expect(await refusalOf(anchor.submit(t.group, t.adding(t.b), t.a))).to.equal('accepted')
    })

    it('never uses an endpoint of another chain', async () => {
      const [wrong, right] = [await t.endpoint(), await t.endpoint()]
      const other = { chain_id: 'another' }
      wrong.rules({ method: 'status', fault: { kind: 'answer', make: () => other } })
      const anchor = await t.over(t.service([wrong, right]))
      await anchor.submit(t.context, creation(), t.a)
      expect(new Set(wrong.asked.map(({ method }) => method))).to.deep.equal(new Set(['status']))
      const alone = t.service([wrong, wrong.url])
      expect(await codeOf(alone.readGroup(t.group))).to.equal('CHAIN_WRONG_NETWORK')
    })

    const failures: readonly (readonly [string, Rule['fault'], string])[] = [
      ['refuses', { kind: 'refuse' }, 'ANCHOR_UNREACHABLE'],
      ['limits its rate', { kind: 'http', status: 429 }, 'ANCHOR_UNREACHABLE'],
      ['fails', { kind: 'http', status: 500, body: '<html>oops' }, 'ANCHOR_UNREACHABLE'],
      ['talks of other things', { kind: 'http', status: 200, body: 'hello' }, 'ANCHOR_BAD_ANSWER'],
      ['answers nonsense', { kind: 'answer', make: () => ({ a: 1 }) }, 'ANCHOR_BAD_ANSWER'],
      ['answers without end', { kind: 'oversized' }, 'CHAIN_TOO_LONG'],
      [
        'asks for pauses',
        { kind: 'error', code: -429, message: 'Rate limits exceeded' },
        'ANCHOR_UNREACHABLE',
      ],
      ['lacks the method', { kind: 'error', code: -32601, message: 'no such method' }, 'CHAIN_RPC'],
    ]
    for (const [what, fault, code] of failures) {
      it(`asks another endpoint when one ${what}`, async () => {
        await t.withContext()
        const [bad, good] = [await t.endpoint(), await t.endpoint()]
        bad.rules({ when: ({ method }) => method !== 'status', fault })
        const anchor = await t.over(t.service([bad, good]))
        await anchor.submit(t.group, t.adding(t.b), t.a)
        expect(await t.isMember(anchor, t.b)).to.equal(true)
        expect(await codeOf(t.service([bad]).readGroup(t.group))).to.equal(code)
      })
    }

    it('believes no answer of another block than it asked for', async () => {
      await t.withContext()
      const [liar, honest] = [await t.endpoint(), await t.endpoint()]
      liar.rules({
        method: 'query',
        fault: {
          kind: 'answer',
          async make(asked, forward) {
            const { block_id: _block, ...params } = asked.params as unknown as { block_id: string }
            const now = { ...asked, params: { ...params, finality: 'optimistic' } }
            await t.chain.devnet.mine()
            return forward(now as unknown as Asked)
          },
        },
      })
      const group = t.service([liar, honest]).readGroup(t.group)
      expect((await group).source).to.include('(2)')
      const alone = codeOf(t.service([liar]).readGroup(t.group))
      expect(await alone).to.equal('ANCHOR_BAD_ANSWER')
    })

    it('sends nothing where no contract lies, or another', async () => {
      const endpoint = await t.endpoint()
      const { packages } = t.chain.deployment.contracts
      for (const contexts of ['nobody.test.near', 'test.near', packages?.address ?? '']) {
        const service = t.service([endpoint], { contracts: { contexts } })
        const anchor = await t.over(service)
        const made = anchor.submit(t.context, creation(), t.a)
        expect(await codeOf(made), contexts).to.equal('CHAIN_NO_CONTRACT')
      }
      expect(endpoint.count(SENDING)).to.equal(0)
    })

    it('sends nothing to a contract whose code somebody can replace', async () => {
      const endpoint = await t.endpoint()
      const key = t.chain.devnet.accounts[0].publicKey
      const permission = 'FullAccess'
      const keys = [{ public_key: key, access_key: { nonce: 0, permission } }]
      endpoint.rules({
        method: 'query',
        when: ({ params }) =>
          (params as unknown as { request_type: string }).request_type === 'view_access_key_list',
        fault: {
          kind: 'answer',
          make: async (asked, forward) => ({ ...((await forward(asked)) as object), keys }),
        },
      })
      const anchor = await t.over(t.service([endpoint]))
      expect(await codeOf(anchor.submit(t.context, creation(), t.a))).to.equal('CHAIN_NO_CONTRACT')
      expect(endpoint.count(SENDING)).to.equal(0)
    })
  })

  describe('finality', () => {
    it('[81] acts on a removal when it is final, and no sooner', async () => {
      const honest = await t.withContext()
      await honest.submit(t.group, t.adding(t.b), t.a)
      const service = t.service([t.chain.url])
      const { devnet } = t.chain
      await devnet.setBlocks('manual')
      const remove = { kind: 'removeMembers', ids: [t.b.publicKey], mayReturn: false } as const
      const signed = await t.envelope(service, remove)
      const sending = service.submit(signed)
      let isSent = false
      sending.then(
        () => (isSent = true),
        () => (isSent = true),
      )
      const optimistic = { finality: 'optimistic' } as const
      for (let blocks = 0; blocks < 50 && !isSent; blocks++) {
        const isThere = await service.readMember(t.group, t.b.publicKey, optimistic)
        if (isThere.value === undefined) break
        await new Promise((resolve) => setTimeout(resolve, 20))
        await devnet.mine()
      }
      const submission = await sending
      if (!submission.accepted) throw new RangeError(submission.refusal.name)
      const seen = async (finality: 'optimistic' | 'final'): Promise<boolean> =>
        (await service.readMember(t.group, t.b.publicKey, { finality })).value !== undefined
      expect(await seen('optimistic')).to.equal(false)
      expect(await seen('final')).to.equal(true)
      expect(await service.findApplied(signed.envelope, { finality: 'final' })).to.equal(undefined)
      let isFinal = false
      const final = submission.final?.().then(() => (isFinal = true))
      expect(isFinal).to.equal(false)
      await devnet.mine(2)
      await final
      expect(await seen('final')).to.equal(false)
      expect(await service.findApplied(signed.envelope, { finality: 'final' })).to.equal(
        submission.height,
      )
    })
  })
})
