import { expect } from 'chai'
import { decodeCbor, encodeCbor } from '../../../../src/devnet/icp/codec/cbor.ts'
import { type IcpDevnet, startIcpDevnet } from '../../../../src/devnet/icp/index.ts'
import { canister, COUNTER, numberOf } from '../../../support/icp-canisters.ts'
import { openWorld } from '../../../support/icp-devnet.ts'

const COUNTER_ID = 'rwlgt-iiaaa-aaaaa-aaaaa-cai'

describe('the server', () => {
  let chain: IcpDevnet
  before(async () => {
    chain = await startIcpDevnet({ port: 0, maxBodyBytes: 10_000 })
  })
  after(() => chain.stop())

  const post = (path: string, body: Uint8Array): Promise<Response> =>
    fetch(`${chain.url}${path}`, { method: 'POST', body: new Uint8Array(body) })
  /** Status and text of a refusal. */
  const refusal = async (path: string, body: Uint8Array): Promise<string> => {
    const response = await post(path, body)
    return `${response.status} ${await response.text()}`
  }

  it('tells its root key, in CBOR', async () => {
    const response = await fetch(`${chain.url}/api/v2/status`)
    expect(response.headers.get('content-type')).to.equal('application/cbor')
    const status = decodeCbor(new Uint8Array(await response.arrayBuffer()))
    expect(status).to.have.property('replica_health_status', 'healthy')
    expect((status as { root_key: Uint8Array }).root_key).to.deep.equal(chain.rootKey)
  })

  it('refuses bodies that are too large, no requests, or too late', async () => {
    const path = `/api/v3/canister/${COUNTER_ID}/call`
    expect(await refusal(path, new Uint8Array(10_001))).to.match(/^413 /)
    expect(await refusal(path, new Uint8Array(9))).to.match(/^400 Could not parse body as CBOR/)
    const now = await chain.now()
    const content = (expiry: bigint): Uint8Array =>
      encodeCbor({
        content: {
          ...{ request_type: 'call', sender: Uint8Array.of(4), ingress_expiry: expiry },
          ...{ canister_id: new Uint8Array(10), method_name: 'x', arg: new Uint8Array(0) },
        },
      })
    expect(await refusal(path, content(now - 1n))).to.match(/^400 Invalid request expiry: /)
    expect(await refusal(path, content(now + 400_000_000_000n))).to.match(
      /^400 Invalid request expiry: /,
    )
    expect(await refusal('/api/v3/canister/nobody/call', content(now))).to.match(/^400 /)
    expect(await refusal('/api/v5/canister/aaaaa-aa/call', content(now))).to.match(/^404 /)
  })

  it('says who listens already', async () => {
    const port = Number(new URL(chain.url).port)
    const error = await startIcpDevnet({ port }).catch((caught: unknown) => caught)
    expect(error).to.have.property('code', 'DEVNET_LISTEN')
  })

  it('ends, and what is asked of it then fails', async () => {
    const other = await startIcpDevnet({ port: 0 })
    await other.stop()
    await other.stop()
    expect(await other.now().catch((error: unknown) => error)).to.have.property(
      'code',
      'DEVNET_STOPPED',
    )
  })
})

describe('the thread', () => {
  it('runs canisters, so that one without end holds up nobody outside', async () => {
    await using world = await openWorld({ instructions: { query: 300_000_000n } })
    const counter = await world.install(COUNTER)
    let turns = 0
    const timer = setInterval(() => turns++, 5)
    expect(await world.query(counter, 'loop').catch(String)).to.contain('IC0522')
    clearInterval(timer)
    expect(turns).to.be.greaterThan(3)
  })

  it('bounds memory: a canister cannot take more than there is for all', async () => {
    await using world = await openWorld()
    const greedy = canister(`
      (func (export "canister_update take")
        (drop (call $stable64_grow (i64.const 40000)))
        (call $answer (i64.const 1)))`)
    const first = await world.install(greedy)
    expect(await world.update(first, 'take').catch(String)).to.contain('IC0523')
    const counter = await world.install(COUNTER)
    expect(numberOf(await world.update(counter, 'ok'))).to.equal(1_001_001n)
  })
})
