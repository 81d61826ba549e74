/** What becomes of operations on Stellar when endpoints do what they should not. */
import { Address, Asset, xdr } from '@stellar/stellar-sdk'
import { expect } from 'chai'
import { readPassphrase } from '../../../src/chains/stellar/rpc/rpc.ts'
import { rpcErrorKind } from '../../../src/chains/stellar/rpc/rpc-errors.ts'
import { RESEND_MS } from '../../../src/chains/stellar/limits.ts'
import { callIn } from '../../../src/chains/stellar/xdr/transactions.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import type { Rule } from '../../support/faulty-rpc.ts'
import {
  given,
  hashesIn,
  laterBy,
  SENDING,
  StellarFaults,
  swallow,
} from '../../support/stellar-faults.ts'
import { keyIn } from '../../support/stellar.ts'
import { codeOf, creation } from '../anchor-support.ts'

/** A clock that is set forward by hand. */
function handMoved(): { readonly clock: typeof systemClock; move(ms: number): void } {
  let laterMs = 0
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + laterMs }
  return { clock, move: (ms) => void (laterMs += ms) }
}

/** Whether a simulation is of the call that is to be sent. */
function isApply(params: unknown): boolean {
  return callIn((params as { transaction: string }).transaction)?.method === 'apply'
}

describe('anchor: stellar, faults', () => {
  const t = new StellarFaults()
  t.hooks()

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
    const { clock, move } = handMoved()
    const anchor = await t.over(t.service([first, second], { clock }))
    first.rules(swallow(1), {
      method: 'getTransaction',
      times: 1,
      before: () => move(RESEND_MS),
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
    const { clock, move } = handMoved()
    const service = t.service([only], { clock })
    const signed = await t.envelope(service, t.adding(t.b))
    only.rules(
      { method: SENDING, times: 1, fault: { kind: 'drop' } },
      {
        when: () => only.count(SENDING) > 0,
        before: () => move(61_000),
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
    const { clock, move } = handMoved()
    const service = t.service([only], { clock })
    const signed = await t.envelope(service, t.adding(t.b))
    only.rules(swallow(1), {
      when: () => only.count(SENDING) > 0,
      before: () => move(61_000),
      fault: { kind: 'http', status: 503 },
    })
    const before = await t.used()
    expect(await codeOf(service.submit(signed))).to.equal('ANCHOR_UNREACHABLE')
    only.rules()
    const sent = await service.submit(signed)
    if (!sent.accepted) throw new RangeError(sent.refusal.name)
    expect(await t.isMember(honest, t.b)).to.equal(true)
    // more is offered for it by then, around what was signed first
    const [first, ...more] = given(only.asked)
    expect(more).to.have.lengthOf(1)
    expect(hashesIn(first ?? '')).to.include(sent.transaction)
    expect(hashesIn(more[0] ?? '')).to.include(sent.transaction)
    expect((await t.used()) - before, 'one transaction').to.equal(1n)
  })

  it('never uses an endpoint of another network', async () => {
    const [wrong, right] = [await t.endpoint(), await t.endpoint()]
    const other = { passphrase: 'another' }
    wrong.rules({ method: 'getNetwork', fault: { kind: 'answer', make: () => other } })
    const anchor = await t.over(t.service([wrong, right]))
    await anchor.submit(t.context, creation(), t.a)
    expect(new Set(wrong.asked.map(({ method }) => method))).to.deep.equal(new Set(['getNetwork']))
    expect(await readPassphrase(wrong.url)).to.equal('another')
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
      'is behind with its ledgers',
      { kind: 'error', code: -32603, message: 'latency since last known ledger is too high' },
      'ANCHOR_UNREACHABLE',
    ],
    ['lacks the method', { kind: 'error', code: -32601, message: 'no such method' }, 'CHAIN_RPC'],
  ]
  for (const [what, fault, code] of failures) {
    it(`asks another endpoint when one ${what}`, async () => {
      await t.withContext()
      const [bad, good] = [await t.endpoint(), await t.endpoint()]
      bad.rules({ when: ({ method }) => method !== 'getNetwork', fault })
      const anchor = await t.over(t.service([bad, good]))
      await anchor.submit(t.group, t.adding(t.b), t.a)
      expect(await t.isMember(anchor, t.b)).to.equal(true)
      expect(await codeOf(t.service([bad]).readGroup(t.group))).to.equal(code)
    })
  }

  it('reads what it did itself, however far behind an endpoint is', async () => {
    await t.withContext()
    const [late, other] = [await t.endpoint(), await t.endpoint()]
    const service = t.service([late, other])
    const ledger = await t.chain.devnet.sequence()
    late.rules({
      method: 'simulateTransaction',
      when: () => other.count(SENDING) + late.count(SENDING) > 0,
      fault: {
        kind: 'answer',
        async make(asked, forward) {
          const answer = (await forward(asked)) as object
          return { ...answer, latestLedger: ledger }
        },
      },
    })
    const sent = await service.submit(await t.envelope(service, t.adding(t.b)))
    if (!sent.accepted) throw new RangeError(sent.refusal.name)
    const seen = await service.readMember(t.group, t.b.publicKey)
    expect(seen.value?.role).to.equal('writer')
    expect(seen.height >= sent.height).to.equal(true)
    expect(seen.source).to.include('(2)')
  })

  it('does not believe for ever in ledgers that nobody else has', async () => {
    await t.withContext()
    const [liar, honest] = [await t.endpoint(), await t.endpoint()]
    // minutes behind: what the network says of its time is far ahead of when the lie was told
    const clock = { ...systemClock, nowMs: () => systemClock.nowMs() - 120_000 }
    const service = t.service([liar, honest], { clock })
    liar.rules({
      method: 'simulateTransaction',
      fault: {
        kind: 'answer',
        make: async (asked, forward) => ({
          ...((await forward(asked)) as object),
          latestLedger: 4_000_000_000,
        }),
      },
    })
    expect((await service.readGroup(t.group)).height).to.equal(4_000_000_000n)
    liar.rules({ when: ({ method }) => method !== 'getNetwork', fault: { kind: 'refuse' } })
    await t.chain.devnet.close()
    expect((await service.readGroup(t.group)).height < 1_000_000n).to.equal(true)
  })

  const agreement = (account: string): string =>
    new xdr.SorobanAuthorizationEntry({
      credentials: xdr.SorobanCredentials.sorobanCredentialsSourceAccount(),
      rootInvocation: new xdr.SorobanAuthorizedInvocation({
        function: xdr.SorobanAuthorizedFunction.sorobanAuthorizedFunctionTypeContractFn(
          new xdr.InvokeContractArgs({
            contractAddress: Address.fromString(
              Asset.native().contractId(t.chain.deployment.passphrase),
            ).toScAddress(),
            functionName: 'transfer',
            args: [Address.fromString(account).toScVal()],
          }),
        ),
        subInvocations: [],
      }),
    }).toXdr('base64')

  const simulations: readonly (readonly [string, () => object])[] = [
    [
      'has this account agree to something else',
      () => ({
        results: [{ xdr: 'AAAAAAAAAAE=', auth: [agreement(keyIn(t.chain.key(2)).address)] }],
      }),
    ],
    ['costs more than anything', () => ({ minResourceFee: '4000000000' })],
    ['has no resources', () => ({ transactionData: 'AAAA' })],
  ]
  for (const [what, lie] of simulations) {
    it(`signs nothing by a simulation that ${what}`, async () => {
      await t.withContext()
      const [liar, honest] = [await t.endpoint(), await t.endpoint()]
      const signed = await t.envelope(t.service([t.chain.url]), t.adding(t.b))
      liar.rules({
        method: 'simulateTransaction',
        when: ({ params }) => isApply(params),
        fault: {
          kind: 'answer',
          make: async (asked, forward) => ({ ...((await forward(asked)) as object), ...lie() }),
        },
      })
      expect(await codeOf(t.service([liar]).submit(signed))).to.equal('ANCHOR_BAD_ANSWER')
      expect(liar.count(SENDING)).to.equal(0)
      expect((await t.service([liar, honest]).submit(signed)).accepted).to.equal(true)
    })
  }

  it('believes no events of another contract, and none that are out of order', async () => {
    await t.withContext()
    const endpoint = await t.endpoint()
    const service = t.service([endpoint])
    const first = await service.waitForChanges(undefined, 0)
    const anchor = await t.over(t.service([t.chain.url]))
    await anchor.submit(t.group, t.adding(t.b), t.a)
    await anchor.submit(t.group, t.adding(t.c), t.a)
    type Found = { readonly events: readonly { readonly ledger: number }[] }
    const changed = (change: (found: Found) => object): Rule => ({
      method: 'getEvents',
      fault: {
        kind: 'answer',
        make: async (asked, forward) => change((await forward(asked)) as Found),
      },
    })
    const contractId = t.chain.deployment.contracts.packages?.address
    endpoint.rules(
      changed((found) => ({
        ...found,
        events: found.events.map((event) => ({ ...event, contractId })),
      })),
    )
    expect(await codeOf(service.waitForChanges(first.height, 0))).to.equal('ANCHOR_BAD_ANSWER')
    endpoint.rules(changed((found) => ({ ...found, events: [...found.events].reverse() })))
    expect(await codeOf(service.waitForChanges(first.height, 0))).to.equal('ANCHOR_BAD_ANSWER')
    endpoint.rules()
    const { changes, missed } = await service.waitForChanges(first.height, 0)
    expect([changes.length, missed]).to.deep.equal([2, false])
  })

  it('reads changes of days in parts, and loses none', async () => {
    await t.withContext()
    const service = t.service([t.chain.url])
    const { height: since } = await service.waitForChanges(undefined, 0)
    await t.chain.devnet.moveLedgers(70_000)
    const clock = laterBy(70_000)
    const later = await t.over(t.service([t.chain.url], { clock }), { clock })
    await later.submit(t.group, t.adding(t.b), t.a)
    // what was read meanwhile is from after all of it
    await service.readGroup(t.group)
    const first = await service.waitForChanges(since, 0)
    expect([first.changes, first.missed]).to.deep.equal([[], false])
    const second = await service.waitForChanges(first.cursor, 0)
    expect(second.changes.map(({ subject }) => subject)).to.deep.equal([new Uint8Array(t.group)])
    expect(second.cursor).to.equal(second.height)
  })

  it('says that everything may have moved where no endpoint remembers since when', async () => {
    await t.withContext()
    const service = t.service([t.chain.url])
    const { height } = await service.waitForChanges(undefined, 0)
    await t.chain.devnet.moveLedgers(200_000)
    const after = await service.waitForChanges(height, 0)
    expect([after.missed, after.changes]).to.deep.equal([true, []])
    expect(after.height).to.equal(height + 200_000n)
    const next = await service.waitForChanges(after.height, 0)
    expect(next.missed).to.equal(false)
  })

  it('sends nothing where no contract lies, or another', async () => {
    const endpoint = await t.endpoint()
    const { packages } = t.chain.deployment.contracts
    const nobody = 'CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD2KM'
    for (const contexts of [nobody, packages?.address ?? '']) {
      const service = t.service([endpoint], { contracts: { contexts } })
      const anchor = await t.over(service)
      const made = anchor.submit(t.context, creation(), t.a)
      expect(await codeOf(made), contexts).to.equal('CHAIN_NO_CONTRACT')
    }
    expect(endpoint.count(SENDING)).to.equal(0)
  })

  it('knows what errors of endpoints mean', async () => {
    const endpoint = await t.endpoint()
    const kindOf = async (code: number, message: string): Promise<unknown> => {
      endpoint.rules({ method: 'getHealth', fault: { kind: 'error', code, message } })
      try {
        return await t.service([endpoint]).rpc.endpoints[0]?.send('getHealth', {})
      } catch (error) {
        return rpcErrorKind(error)
      }
    }
    const window = 'startLedger must be within the ledger range: 5 - 9'
    expect(await kindOf(-32600, window)).to.equal('window')
    expect(await kindOf(-32603, 'data stores are not initialized')).to.equal('busy')
    expect(await kindOf(-32000, 'Rate limit exceeded')).to.equal('busy')
    expect(await kindOf(-32602, 'invalid_xdr')).to.equal('refused')
    expect(await kindOf(-32601, 'method not found')).to.equal('other')
  })
})
