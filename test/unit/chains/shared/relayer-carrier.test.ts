import { expect } from 'chai'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  RelayerCarrier,
  type RelayerCarrierInit,
} from '../../../../src/chains/shared/relayer-carrier.ts'
import type { SignedEnvelope } from '../../../../src/node/anchor/service.ts'
import { systemClock } from '../../../../src/node/primitives/clock.ts'
import { codeOf } from '../../../compliance/anchor-support.ts'
import { startFaultyHttp } from '../../../support/faulty-http.ts'
import { madeChain } from '../../../support/made-chain.ts'

const SIGNED: SignedEnvelope = {
  envelope: new Uint8Array([1, 2, 3]),
  signature: new Uint8Array(64),
}
const MINED = { transaction: 'T1', block: 4n, succeeded: true }

describe('a carrier by a relayer', () => {
  let server: Server
  let url = ''
  /** What the relayer says, in order; the last for ever. */
  let answers: [status: number, body: object][] = []

  before(async () => {
    server = createServer((request, response) => {
      request.resume()
      request.on('end', () => {
        const [status, body] = (answers.length > 1 ? answers.shift() : answers[0]) ?? [500, {}]
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(JSON.stringify(body))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  const carrier = (init: Partial<RelayerCarrierInit> = {}): RelayerCarrier => {
    const { rpc, heights } = madeChain(systemClock, { head: 9, final: 9, seconds: 0 })
    return new RelayerCarrier({
      ...{ rpc, heights, clock: systemClock, pollMs: 1, patienceMs: 50 },
      ...{ chain: 'made', network: 'test', url, transaction: /^T\d+$/ },
      delivered: async (_endpoint, transaction) => ({ ...MINED, transaction }),
      applied: async () => undefined,
      ...init,
    })
  }

  it('believes in a transaction when an endpoint of its own has it', async () => {
    answers = [
      [202, { state: 'pending' }],
      [200, { state: 'mined', transaction: 'T1' }],
    ]
    const sent = await carrier().send(SIGNED)
    expect(sent).to.deep.include(MINED)
    expect('final' in sent && (await sent.final())).to.deep.equal(MINED)
  })

  it('does not believe in one that nobody has, or that delivers something else', async () => {
    answers = [[200, { state: 'mined', transaction: 'T1' }]]
    const nobody = carrier({ delivered: async () => undefined })
    expect(await codeOf(nobody.send(SIGNED))).to.equal('ANCHOR_BAD_ANSWER')
    const another = carrier({ delivered: async () => 'another' })
    expect(await codeOf(another.send(SIGNED))).to.equal('ANCHOR_BAD_ANSWER')
    answers = [[200, { state: 'mined', transaction: '0xabc' }]]
    expect(await codeOf(carrier().send(SIGNED))).to.equal('ANCHOR_BAD_ANSWER')
  })

  it('goes by the chain where the relayer refuses, or is silent once it has the envelope', async () => {
    answers = [[422, { state: 'refused', name: 'BadNonce', expected: '5' }]]
    expect(await carrier().send(SIGNED)).to.deep.equal({
      refusal: { name: 'BadNonce', number: 12, expected: 5n },
    })
    expect(await carrier({ applied: async () => MINED }).send(SIGNED)).to.deep.include(MINED)
    answers = [
      [202, { state: 'pending' }],
      [503, {}],
    ]
    expect(await carrier({ applied: async () => MINED }).send(SIGNED)).to.deep.include(MINED)
    answers = [
      [202, { state: 'pending' }],
      [503, {}],
    ]
    expect(await codeOf(carrier().send(SIGNED))).to.equal('ANCHOR_UNREACHABLE')
  })

  it('tells what may be done next: again later, never, or nothing is known', async () => {
    const failures: [number, object, string][] = [
      [429, { code: 'relayer_quota' }, 'ANCHOR_BUSY'],
      [403, { code: 'relayer_denied' }, 'CHAIN_RELAYER_REFUSED'],
      [502, { code: 'relayer_chain_unreachable' }, 'ANCHOR_UNREACHABLE'],
      [200, { state: 'failed', code: 'CHAIN_FUNDS' }, 'CHAIN_RELAYER_FAILED'],
      [200, { state: 'failed', code: 'ANCHOR_UNREACHABLE' }, 'ANCHOR_UNREACHABLE'],
      [404, {}, 'ANCHOR_BAD_ANSWER'],
    ]
    for (const [status, body, code] of failures) {
      answers = [[status, body]]
      expect(await codeOf(carrier().send(SIGNED)), code).to.equal(code)
    }
  })

  it('says that nothing is known when the way to the relayer is bad', async () => {
    answers = [[200, { state: 'mined', transaction: 'T1' }]]
    await using way = await startFaultyHttp(url)
    for (const kind of ['drop', 'refuse'] as const) {
      way.rules({ method: 'POST /v1/operations', fault: { kind } })
      expect(await codeOf(carrier({ url: way.url }).send(SIGNED)), kind).to.equal(
        'ANCHOR_UNREACHABLE',
      )
    }
    way.rules({ fault: { kind: 'oversized' } })
    expect(await codeOf(carrier({ url: way.url }).send(SIGNED))).to.equal('ANCHOR_BAD_ANSWER')
    way.rules()
    expect(await carrier({ url: way.url }).send(SIGNED)).to.deep.include(MINED)
  })

  it('has what moved taken over, by the bytes that name a contract', async () => {
    answers = [[202, { state: 'pending' }]]
    await using way = await startFaultyHttp(url)
    await carrier({ url: way.url }).adopt(Uint8Array.of(0xab, 0xcd), { group: new Uint8Array(32) })
    const [asked] = way.asked
    expect(asked?.method).to.equal('POST /v1/adoptions')
    expect(JSON.parse(Buffer.from(asked?.request.body ?? []).toString())).to.deep.equal({
      ...{ chain: 'made', network: 'test', contract: 'abcd', group: '00'.repeat(32) },
    })
    answers = [[422, { state: 'refused', name: 'ContextNotFound' }]]
    const refused = carrier().adopt(Uint8Array.of(1), { group: new Uint8Array(32) })
    expect(await codeOf(refused)).to.equal('CHAIN_RELAYER_REFUSED')
  })
})
