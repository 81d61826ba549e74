/** The local Stellar network as a server. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { rpc } from '@stellar/stellar-sdk'
import { expect } from 'chai'
import { startStellarDevnet } from '../../../../src/devnet/stellar/index.ts'
import { rejectionCode } from '../../../support/error-code.ts'
import { invocation, openStellar, type StellarWorld } from '../../../support/stellar-devnet.ts'
import { KEEPER } from '../../../support/stellar-wat.ts'

interface Answer {
  readonly id?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

describe('the local Stellar network as a server', () => {
  let world: StellarWorld
  before(async () => {
    world = await openStellar({ maxBodyBytes: 1_000_000 })
  })
  after(() => world.chain.stop())

  async function post(body: string): Promise<Answer & Answer[]> {
    const response = await fetch(`${world.chain.url}/rpc`, { method: 'POST', body })
    return (await response.json()) as Answer & Answer[]
  }

  it('answers what is no request, and what is asked wrongly', async () => {
    expect((await post('{')).error?.code).to.equal(-32_700)
    for (const body of ['null', '7', '"a"', '[]']) {
      expect((await post(body)).error?.code).to.equal(-32_600)
    }
    const unknown = await post('{"jsonrpc":"2.0","id":7,"method":"toString"}')
    expect([unknown.id, unknown.error?.code]).to.deep.equal([7, -32_601])
    for (const [method, params] of [
      ['getLedgerEntries', {}],
      ['getLedgerEntries', { keys: ['AAAA'] }],
      ['getLedgerEntries', { keys: Array.from({ length: 201 }, () => 'AAAA') }],
      ['sendTransaction', { transaction: 'AAAA' }],
      ['sendTransaction', { transaction: '%' }],
      ['getTransaction', { hash: 'ab' }],
      ['getEvents', { startLedger: 1, filters: [{ type: 'diagnostic' }] }],
      ['getEvents', { startLedger: 1, filters: [{ contractIds: ['C'] }] }],
      ['getEvents', { startLedger: 1, pagination: { limit: 10_001 } }],
      ['getEvents', { startLedger: 1, pagination: { cursor: 'x' } }],
      ['getHealth', { xdrFormat: 'json' }],
    ] as const) {
      const { error } = await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))
      expect([method, params, error?.code]).to.deep.equal([method, params, -32_602])
    }
    const simulated = await post(
      JSON.stringify({ id: 1, method: 'simulateTransaction', params: { transaction: 'AAAA' } }),
    )
    expect(JSON.stringify(simulated)).to.contain('Could not unmarshal transaction')
    const batch = await post('[{"id":1,"method":"getHealth"},{"id":2,"method":"none"}]')
    expect(batch.map(({ id, error }) => [id, error?.code])).to.deep.equal([
      [1, undefined],
      [2, -32_601],
    ])
    const large = await fetch(world.chain.url, { method: 'POST', body: 'x'.repeat(1_000_001) })
    expect(large.status).to.equal(413)
    expect((await fetch(world.chain.url)).status).to.equal(405)
    expect((await fetch(`${world.chain.friendbotUrl}?addr=nobody`)).status).to.equal(400)
    const preflight = await fetch(world.chain.url, { method: 'OPTIONS' })
    expect(preflight.headers.get('access-control-allow-origin')).to.equal('*')
  })

  it('runs contracts in a thread of its own, so that one without end holds up nobody outside', async () => {
    const keeper = await world.deploy(KEEPER)
    const tx = await world.build(invocation(keeper, 'loop'))
    let isDone = false
    const call = Promise.all(
      Array.from({ length: 20 }, () => world.server.simulateTransaction(tx)),
    ).finally(() => (isDone = true))
    let turns = 0
    while (!isDone) {
      await setTimeout(1)
      turns++
    }
    const [first] = await call
    expect(first !== undefined && rpc.Api.isSimulationError(first) && first.error).to.contain(
      'Error(Budget, ExceededLimit)',
    )
    expect(turns > 3).to.equal(true)
  })

  it('says that a port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    expect(await rejectionCode(startStellarDevnet({ port }))).to.equal('DEVNET_LISTEN')
    other.close()
  })

  it('ends with its thread, and is gone then', async () => {
    const chain = await startStellarDevnet({ port: 0 })
    await Promise.all([chain.stop(), chain.stop()])
    expect(await rejectionCode(chain.sequence())).to.equal('DEVNET_STOPPED')
    const answer = await fetch(chain.url).then(
      () => 'answered',
      () => 'gone',
    )
    expect(answer).to.equal('gone')
  })
})
