/** What becomes of operations on Stellar when processes end, clocks are wrong, and whoever waited goes. */
import { expect } from 'chai'
import { PASSPHRASES } from '../../../src/chains/stellar/constants.ts'
import { readTimeOf } from '../../../src/chains/stellar/rpc/head.ts'
import { FATE_LOOK_MS } from '../../../src/node/anchor/limits.ts'
import { keptFates } from '../../../src/node/kept-for-anchors.ts'
import { type Clock, systemClock } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { memoryStore } from '../../support/memory-store.ts'
import { StellarFaults, SENDING } from '../../support/stellar-faults.ts'
import { stubEndpoint } from '../../support/stub-endpoint.ts'
import { codeOf, creation } from '../anchor-support.ts'

const HOUR = 3600

/** A clock that is wrong by so many seconds. */
function skewed(seconds: number): Clock {
  const ms = seconds * 1000
  return {
    ...systemClock,
    nowMs: () => systemClock.nowMs() + ms,
    nowNs: () => systemClock.nowNs() + BigInt(ms) * 1_000_000n,
  }
}

describe('anchor: stellar, processes', () => {
  const t = new StellarFaults()
  t.hooks()

  describe('a process that ends', () => {
    for (const [what, fault] of [
      ['before it is sent', { kind: 'refuse' }],
      ['when it was sent', { kind: 'drop' }],
    ] as const) {
      it(`leaves an operation ${what} to the next one, which signs no other`, async () => {
        const honest = await t.withContext()
        const components = { fates: keptFates(memoryStore(), silentLogger) }
        const endpoint = await t.endpoint()
        const first = await t.over(t.service([endpoint]), components)
        endpoint.rules(
          { method: SENDING, times: 1, fault },
          { when: () => endpoint.count(SENDING) > 0, fault: { kind: 'refuse' } },
        )
        expect(await codeOf(first.submit(t.group, t.adding(t.b), t.a))).to.equal(
          'ANCHOR_FATE_UNKNOWN',
        )
        await first.stop()
        const nonce = (await honest.readMember(t.group, t.a.publicKey))?.value.nonce ?? 0n
        endpoint.rules()
        const next = await t.over(t.service([endpoint]), components)
        expect(next.unsettled?.()).to.have.lengthOf(1)
        await next.submit(t.group, t.adding(t.b), t.a)
        expect(await t.isMember(honest, t.b)).to.equal(true)
        const after = (await honest.readMember(t.group, t.a.publicKey))?.value.nonce ?? 0n
        expect(after - nonce, 'once, whoever sent it').to.equal(fault.kind === 'drop' ? 0n : 1n)
        expect(next.unsettled?.()).to.deep.equal([])
      })
    }

    it('leaves what was sent to be found by the next one, by its bytes, with nothing sent again', async () => {
      await t.withContext()
      const fates = keptFates(memoryStore(), silentLogger)
      const endpoint = await t.endpoint()
      const first = await t.over(t.service([endpoint]), { fates })
      endpoint.rules(
        { method: SENDING, times: 1, fault: { kind: 'drop' } },
        { when: () => endpoint.count(SENDING) > 0, fault: { kind: 'refuse' } },
      )
      expect(await codeOf(first.submit(t.group, t.adding(t.b), t.a))).to.equal(
        'ANCHOR_FATE_UNKNOWN',
      )
      await first.stop()
      endpoint.rules()
      const sent = endpoint.count(SENDING)
      const after: Clock['after'] = (ms, call) =>
        systemClock.after(ms < FATE_LOOK_MS ? ms : 0, call)
      const next = await t.over(t.service([endpoint]), { fates, clock: { ...systemClock, after } })
      while (next.unsettled?.().length !== 0) await new Promise((resolve) => setTimeout(resolve, 1))
      expect(endpoint.count(SENDING)).to.equal(sent)
    })
  })

  describe('time', () => {
    it('is the chain’s where this machine is minutes behind', async () => {
      const clock = skewed(-280)
      const anchor = await t.over(t.service([t.chain.url], { clock }), { clock })
      await anchor.submit(t.context, creation(), t.a)
    })

    it('is nobody’s where this machine is an hour behind: nothing is signed', async () => {
      const endpoint = await t.endpoint()
      const clock = skewed(-HOUR)
      const anchor = await t.over(t.service([endpoint], { clock }), { clock })
      expect(await codeOf(anchor.submit(t.context, creation(), t.a))).to.equal('ANCHOR_CLOCK')
      expect(endpoint.count(SENDING)).to.equal(0)
    })

    it('may have passed on a chain of one machine, and never on a public one', async () => {
      const endpoint = stubEndpoint({
        getHealth: { latestLedger: 5, oldestLedger: 1, latestLedgerCloseTime: '1800000000' },
      })
      const [now, later] = [1_800_000_000n, 1_800_003_600n]
      expect(await readTimeOf('a network of one machine')(endpoint, later)).to.equal(later)
      expect(await readTimeOf(PASSPHRASES.mainnet)(endpoint, now + 200n)).to.equal(now)
      expect(await codeOf(readTimeOf(PASSPHRASES.mainnet)(endpoint, later))).to.equal(
        'ANCHOR_CLOCK',
      )
    })
  })

  describe('stopping', () => {
    it('ends at once while an endpoint hangs', async function () {
      this.timeout(6000) // an endpoint is given more
      await t.withContext()
      const endpoint = await t.endpoint()
      const anchor = await t.over(t.service([endpoint]))
      endpoint.rules({ fault: { kind: 'hang' } })
      const reading = codeOf(anchor.readGroup(t.group))
      const writing = codeOf(anchor.submit(t.group, t.adding(t.b), t.a))
      await endpoint.seen('simulateTransaction', endpoint.count('simulateTransaction') + 1)
      await anchor.stop()
      expect([await reading, await writing]).to.deep.equal(['ABORTED', 'ABORTED'])
    })

    it('ends who gave up and nobody else that waits for the same envelope', async () => {
      await t.withContext()
      await t.chain.devnet.setLedgers('manual')
      const endpoint = await t.endpoint()
      const service = t.service([endpoint])
      const signed = await t.envelope(service, t.adding(t.b))
      const abort = new AbortController()
      const first = codeOf(service.submit(signed, { signal: abort.signal }))
      let isDone = false
      const second = service.submit(signed).finally(() => (isDone = true))
      await endpoint.seen(SENDING, 1)
      abort.abort()
      expect(await first).to.equal('ABORTED')
      expect(isDone).to.equal(false)
      while (!isDone) {
        await t.chain.devnet.close()
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      expect((await second).accepted).to.equal(true)
      expect(endpoint.count(SENDING)).to.equal(1)
    })
  })
})
