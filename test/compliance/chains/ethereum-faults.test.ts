/** What becomes of operations when endpoints, the chain and other processes do what they should not. */
import { expect } from 'chai'
import { keccak256, toBeHex } from 'ethers'
import { abiOf } from '../../../src/chains/ethereum/contracts/codec.ts'
import { keptFates } from '../../../src/node/kept-for-anchors.ts'
import { FATE_LOOK_MS } from '../../../src/node/anchor/limits.ts'
import type { Clock } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { FaultBench, skewedClock } from '../../support/ethereum-faults.ts'
import { swallow, transactionsOf } from '../../support/ethereum-rules.ts'
import type { Rule } from '../../support/faulty-rpc.ts'
import { memoryStore } from '../../support/memory-store.ts'
import { codeOf, creation, refusalOf } from '../anchor-support.ts'

const SENDING = 'eth_sendRawTransaction'
const HOUR = 3600

/** What a promise comes to, and whether it has already. */
function watch<T>(promise: Promise<T>): { readonly promise: Promise<T>; isDone: boolean } {
  const watched = { promise, isDone: false }
  const done = (): void => {
    watched.isDone = true
  }
  promise.then(done, done)
  return watched
}

describe('anchor: ethereum, faults', () => {
  const t = new FaultBench()
  t.hooks()

  describe('endpoints', () => {
    it('[79] [W31] finds through another endpoint what one took and died of', async () => {
      const honest = await t.withContext()
      const [dying, other] = [await t.endpoint(), await t.endpoint()]
      const anchor = await t.anchor(t.service([dying, other]))
      dying.rules(
        { method: SENDING, times: 1, fault: { kind: 'drop' } },
        { when: () => dying.count(SENDING) > 0, fault: { kind: 'refuse' } },
      )
      const nonce = await t.nonceOf(honest)
      await anchor.submit(t.group, t.add(t.b), t.a)
      expect(await t.isMember(honest, t.b)).to.equal(true)
      expect(await t.nonceOf(honest), 'applied once').to.equal(nonce + 1n)
      expect(await t.used(), 'one transaction').to.equal(1)
    })

    it('[79] asks the only endpoint again when it comes back', async () => {
      const honest = await t.withContext()
      const only = await t.endpoint()
      const anchor = await t.anchor(t.service([only]))
      only.rules(
        { method: SENDING, times: 1, fault: { kind: 'drop' } },
        { when: () => only.count(SENDING) > 0, times: 3, fault: { kind: 'refuse' } },
      )
      await anchor.submit(t.group, t.add(t.b), t.a)
      expect(await t.isMember(honest, t.b)).to.equal(true)
      expect(await t.used(), 'one transaction').to.equal(1)
    })

    it('[79] sends the same bytes again while it waits, and to an endpoint that forgot', async () => {
      await t.withContext()
      const [first, second] = [await t.endpoint(), await t.endpoint()]
      const service = t.service([first, second], { stuckMs: 500 })
      const anchor = await t.anchor(service)
      first.rules(swallow(1, keccak256), {
        when: () => first.count(SENDING) > 0,
        fault: { kind: 'refuse' },
      })
      await anchor.submit(t.group, t.add(t.b), t.a)
      const [given] = transactionsOf(first)
      expect(transactionsOf(second).map(({ hash }) => hash)).to.deep.equal([given?.hash])
    })

    it('[79] goes on with its transaction when nobody answered for long', async () => {
      const honest = await t.withContext()
      await t.automine(false)
      const only = await t.endpoint()
      const service = t.service([only], { stuckMs: 50 })
      const anchor = await t.anchor(service)
      only.rules(
        { method: SENDING, times: 1, fault: { kind: 'drop' } },
        {
          when: () => only.count(SENDING) > 0,
          fault: { kind: 'http', status: 503 },
        },
      )
      const signed = await t.signed(service, t.add(t.b))
      expect(await codeOf(service.submit(signed))).to.equal('ANCHOR_UNREACHABLE')
      only.rules()
      const again = service.submit(signed)
      await only.seen('eth_getTransactionReceipt')
      await t.mine()
      expect((await again).accepted).to.equal(true)
      expect(await t.isMember(honest, t.b)).to.equal(true)
      expect(await t.used(), 'one transaction').to.equal(1)
      await anchor.stop()
    })

    it('binds nothing by a number on which two endpoints disagree', async () => {
      const [liar, other] = [await t.endpoint(), await t.endpoint()]
      const selector = abiOf('IdentityRegistry').getFunction('bindingNonce')?.selector ?? ''
      // the last but one: what is signed next would be the last number there is
      liar.rules({
        method: 'eth_call',
        when: ({ params: [call] }) => JSON.stringify(call).includes(selector),
        fault: { kind: 'answer', make: () => toBeHex(2n ** 64n - 2n, 32) },
      })
      const own = { scheme: undefined } // the one that binds
      const anchor = await t.anchor(t.service([liar, other], own))
      const creating = anchor.submit(t.context, creation(), t.a)
      expect(await codeOf(creating)).to.equal('CHAIN_DISAGREEMENT')
      expect([...transactionsOf(liar), ...transactionsOf(other)]).to.deep.equal([])
      // alone it is believed; the contract takes no such number, and the identity signs for itself
      const alone = await t.anchor(t.service([liar], own))
      expect(await refusalOf(alone.submit(t.context, creation(), t.a))).to.equal('accepted')
      expect(transactionsOf(liar).length, 'no binding was sent').to.equal(1)
    })

    it('never uses an endpoint of another chain', async () => {
      const [wrong, right] = [await t.endpoint(), await t.endpoint()]
      wrong.rules({ method: 'eth_chainId', fault: { kind: 'answer', make: () => '0x1' } })
      const anchor = await t.anchor(t.service([wrong, right]))
      await anchor.submit(t.context, creation(), t.a)
      expect(new Set(wrong.asked.map(({ method }) => method))).to.deep.equal(
        new Set(['eth_chainId']),
      )
      const alone = t.service([wrong, wrong.url])
      expect(await codeOf(alone.readGroup(t.group))).to.equal('CHAIN_WRONG_NETWORK')
      const mixed = t.service([wrong, 'http://127.0.0.1:1'])
      expect(await codeOf(mixed.readGroup(t.group))).to.equal('ANCHOR_UNREACHABLE')
    })

    const failures: readonly (readonly [string, Rule['fault'], string])[] = [
      ['refuses', { kind: 'refuse' }, 'ANCHOR_UNREACHABLE'],
      ['limits its rate', { kind: 'http', status: 429 }, 'ANCHOR_UNREACHABLE'],
      ['fails', { kind: 'http', status: 500, body: '<html>oops' }, 'ANCHOR_UNREACHABLE'],
      [
        'redirects',
        { kind: 'http', status: 302, location: 'http://127.0.0.1:1/' },
        'ANCHOR_UNREACHABLE',
      ],
      ['talks of other things', { kind: 'http', status: 200, body: 'hello' }, 'ANCHOR_BAD_ANSWER'],
      ['answers nonsense', { kind: 'answer', make: () => ({ a: 1 }) }, 'ANCHOR_BAD_ANSWER'],
      ['answers without end', { kind: 'oversized' }, 'CHAIN_TOO_LONG'],
      [
        'is behind',
        { kind: 'error', code: -32000, message: 'header not found' },
        'ANCHOR_UNREACHABLE',
      ],
      [
        'asks for pauses',
        { kind: 'error', code: -32005, message: 'limit exceeded' },
        'ANCHOR_UNREACHABLE',
      ],
      ['lacks the method', { kind: 'error', code: -32601, message: 'no such method' }, 'CHAIN_RPC'],
    ]
    for (const [what, fault, code] of failures) {
      it(`asks another endpoint when one ${what}`, async () => {
        await t.withContext()
        const [bad, good] = [await t.endpoint(), await t.endpoint()]
        const rule: Rule = { when: ({ method }) => method !== 'eth_chainId', fault }
        bad.rules(rule)
        const anchor = await t.anchor(t.service([bad, good]))
        await anchor.submit(t.group, t.add(t.b), t.a)
        expect(await t.isMember(anchor, t.b)).to.equal(true)
        expect(await codeOf(t.service([bad]).readGroup(t.group))).to.equal(code)
      })
    }

    it('sends nothing where no contract lies, or another', async () => {
      const endpoint = await t.endpoint()
      const { contracts } = t.chain.deployment
      const identityRegistry = contracts.identityRegistry.address
      for (const contextAnchor of [`0x${'11'.repeat(20)}`, identityRegistry]) {
        const service = t.service([endpoint], { contracts: { identityRegistry, contextAnchor } })
        const anchor = await t.anchor(service)
        const made = anchor.submit(t.context, creation(), t.a)
        expect(await codeOf(made)).to.equal('CHAIN_NO_CONTRACT')
        expect(await codeOf(service.readGroup(t.group))).to.equal('CHAIN_NO_CONTRACT')
      }
      expect(endpoint.count(SENDING)).to.equal(0)
    })

    it('knows nothing at heights from before the contract', async () => {
      const service = t.service([t.chain.devnet.url], { finality: 10_000 })
      const anchor = await t.anchor(service)
      expect(await anchor.readGroup(t.group)).to.equal(undefined)
      expect(await refusalOf(anchor.readMember(t.group, t.a.publicKey))).to.equal('ContextNotFound')
    })
  })

  describe('a process that ends', () => {
    for (const [what, fault] of [
      ['before it is sent', { kind: 'refuse' }],
      ['when it was sent', { kind: 'drop' }],
    ] as const) {
      it(`leaves an operation ${what} to the next one, which signs no other`, async () => {
        const honest = await t.withContext()
        const components = { fates: keptFates(memoryStore(), silentLogger) }
        const endpoint = await t.endpoint()
        const first = await t.anchor(t.service([endpoint]), components)
        endpoint.rules(
          { method: SENDING, times: 1, fault },
          { when: () => endpoint.count(SENDING) > 0, fault: { kind: 'refuse' } },
        )
        expect(await codeOf(first.submit(t.group, t.add(t.b), t.a))).to.equal('ANCHOR_FATE_UNKNOWN')
        await first.stop()
        await t.mine()
        const nonce = await t.nonceOf(honest)
        endpoint.rules()
        const next = await t.anchor(t.service([endpoint]), components)
        expect(next.unsettled?.()).to.have.lengthOf(1)
        await next.submit(t.group, t.add(t.b), t.a)
        expect(await t.isMember(honest, t.b)).to.equal(true)
        const used = fault.kind === 'drop' ? 0n : 1n
        expect(await t.nonceOf(honest), 'once, whoever sent it').to.equal(nonce + used)
        expect(next.unsettled?.()).to.deep.equal([])
      })
    }

    it('leaves what was sent to be found by the next one, by its bytes, with nothing sent again', async () => {
      await t.withContext()
      const fates = keptFates(memoryStore(), silentLogger)
      const endpoint = await t.endpoint()
      const first = await t.anchor(t.service([endpoint]), { fates })
      endpoint.rules(
        { method: SENDING, times: 1, fault: { kind: 'drop' } },
        { when: () => endpoint.count(SENDING) > 0, fault: { kind: 'refuse' } },
      )
      expect(await codeOf(first.submit(t.group, t.add(t.b), t.a))).to.equal('ANCHOR_FATE_UNKNOWN')
      await first.stop()
      await t.mine()
      endpoint.rules()
      const sent = endpoint.count(SENDING)
      const after: Clock['after'] = (ms, call) => t.clock.after(ms < FATE_LOOK_MS ? ms : 0, call)
      const next = await t.anchor(t.service([endpoint]), { fates, clock: { ...t.clock, after } })
      while (next.unsettled?.().length !== 0) await new Promise((resolve) => setTimeout(resolve, 1))
      expect(endpoint.count(SENDING)).to.equal(sent)
    })
  })

  describe('time', () => {
    for (const [name, seconds] of [
      ['minutes ahead', 280],
      ['minutes behind', -280],
    ] as const) {
      it(`goes by the chain's clock where this machine's is ${name}`, async () => {
        const clock = skewedClock(seconds, t.clock)
        const anchor = await t.anchor(t.service([t.chain.devnet.url], { clock }), { clock })
        await anchor.submit(t.context, creation(), t.a)
        const notAfter = (await t.service([t.chain.devnet.url]).readTime()) + 60n
        await anchor.createInvitation(t.group, { notAfter }, t.a)
      })
    }

    for (const [name, seconds] of [
      ['an hour ahead', HOUR],
      ['an hour behind', -HOUR],
    ] as const) {
      it(`signs nothing where this machine's clock is ${name}`, async () => {
        const endpoint = await t.endpoint()
        const clock = skewedClock(seconds, t.clock)
        const anchor = await t.anchor(t.service([endpoint], { clock }), { clock })
        expect(await codeOf(anchor.submit(t.context, creation(), t.a))).to.equal('ANCHOR_CLOCK')
        expect(endpoint.count(SENDING)).to.equal(0)
      })
    }

    it('works on a chain that was idle for hours, whether it shows the pending block or not', async () => {
      await t.withContext()
      const endpoint = await t.endpoint()
      let hours = 4
      await t.send('evm_increaseTime', hours * HOUR)
      const late = skewedClock(hours * HOUR, t.clock)
      const first = await t.anchor(t.service([endpoint], { clock: late }), { clock: late })
      await first.submit(t.group, t.add(t.b), t.a)
      await t.send('evm_increaseTime', 4 * HOUR)
      hours += 4
      const hide = { kind: 'answer', make: () => null } as const
      endpoint.rules({
        method: 'eth_getBlockByNumber',
        when: ({ params }) => params[0] === 'pending',
        fault: hide,
      })
      const block = (await t.send('eth_getBlockByNumber', 'pending', false)) as {
        timestamp: string
      }
      const clock = skewedClock(Number(block.timestamp) - Date.now() / 1000)
      const second = await t.anchor(t.service([endpoint], { clock }), { clock })
      await second.submit(t.group, t.add(t.c), t.a)
    })
  })

  describe('stopping', () => {
    it('ends at once while an endpoint hangs', async function () {
      this.timeout(4000) // an endpoint is given more
      await t.withContext()
      const endpoint = await t.endpoint()
      const anchor = await t.anchor(t.service([endpoint]))
      endpoint.rules({ fault: { kind: 'hang' } })
      const reading = codeOf(anchor.readGroup(t.group))
      const writing = codeOf(anchor.submit(t.group, t.add(t.b), t.a))
      await endpoint.seen('eth_blockNumber', endpoint.count('eth_blockNumber') + 1)
      await anchor.stop()
      expect([await reading, await writing]).to.deep.equal(['ABORTED', 'ABORTED'])
    })

    it('ends who gave up and nobody else that waits for the same envelope', async () => {
      await t.withContext()
      await t.automine(false)
      const endpoint = await t.endpoint()
      const service = t.service([endpoint])
      const signed = await t.signed(service, t.add(t.b))
      const abort = new AbortController()
      const first = codeOf(service.submit(signed, { signal: abort.signal }))
      const second = watch(service.submit(signed))
      await endpoint.seen(SENDING, 1)
      abort.abort()
      expect(await first).to.equal('ABORTED')
      expect(second.isDone).to.equal(false)
      await t.mine()
      expect((await second.promise).accepted).to.equal(true)
      expect(endpoint.count(SENDING)).to.equal(1)
    })
  })
})
