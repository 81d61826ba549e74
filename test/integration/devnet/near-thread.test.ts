import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'chai'
import { Account, actions, JsonRpcProvider } from 'near-api-js'
import { startNearDevnet } from '../../../src/devnet/near/index.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { wat } from '../../support/wat.ts'

const ENDLESS = wat('(module (func (export "loop") (loop (br 0))))')

async function post(url: string, body: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url, { method: 'POST', body })
  return { status: response.status, text: await response.text() }
}

describe('the local NEAR chain as a server', () => {
  it('runs contracts in a thread of its own, so that one without end holds up nobody else', async () => {
    await using chain = await startNearDevnet({ port: 0, accounts: ['a.near'] })
    const [{ accountId, secretKey }] = chain.accounts
    const account = new Account(accountId, new JsonRpcProvider({ url: chain.url }), secretKey)
    await account.deployContract(ENDLESS)
    let isDone = false
    const call = account
      .callFunctionRaw({ contractId: accountId, methodName: 'loop', gas: 900_000_000_000_000n })
      .catch(String)
      .finally(() => (isDone = true))
    let turns = 0
    while (!isDone) {
      await setTimeout(5)
      turns++
    }
    expect(await call).to.contain('Exceeded the prepaid gas')
    // this process went on meanwhile: a second of the machine's time is 200 of these, on a quiet one
    expect(turns > 3).to.equal(true)
  })

  it('answers what is no request, too large, or of another path', async () => {
    await using chain = await startNearDevnet({ port: 0, maxBodyBytes: 1000 })
    const { url } = chain
    expect((await post(url, 'x'.repeat(1001))).status).to.equal(413)
    const parse = await post(url, 'x'.repeat(1000))
    expect([parse.status, parse.text.includes('PARSE_ERROR')]).to.deep.equal([400, true])
    for (const body of ['null', '[]', '{"method":1}', '{"jsonrpc":"2.0","id":1}']) {
      expect((await post(url, body)).status).to.equal(400)
    }
    const unknown = await post(url, '{"jsonrpc":"2.0","id":7,"method":"toString","params":[]}')
    expect([unknown.status, unknown.text.includes('METHOD_NOT_FOUND')]).to.deep.equal([400, true])
    expect(JSON.parse(unknown.text)).to.include({ id: 7 })
    expect((await fetch(`${url}/status`)).status).to.equal(200)
    expect((await fetch(`${url}/health`)).status).to.equal(200)
    expect((await fetch(`${url}/else`)).status).to.equal(404)
    const preflight = await fetch(url, { method: 'OPTIONS' })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).to.deep.equal([
      204,
      '*',
    ])
    for (const [method, params] of [
      ['query', { request_type: 'view_account' }],
      ['block', { finality: 'soon' }],
      ['send_tx', ['AAAA']],
      ['tx', {}],
      ['devnet_mine', { blocks: 0 }],
      ['sandbox_patch_state', { records: [{ Else: {} }] }],
    ] as const) {
      const { status, text } = await post(
        url,
        JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      )
      expect([method, status, text.includes('PARSE_ERROR')]).to.deep.equal([method, 400, true])
    }
  })

  it('says that a port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    expect(await rejectionCode(startNearDevnet({ port }))).to.equal('DEVNET_LISTEN')
    other.close()
  })

  it('ends with all that it has: connections, requests that wait, and its thread', async () => {
    const chain = await startNearDevnet({ port: 0, blocks: 'manual' })
    const { hostname, port } = new URL(chain.url)
    const idle = connect(Number(port), hostname)
    await once(idle, 'connect')
    // reset or ended, as the system likes
    idle.on('error', () => {})
    const ended = new Promise((resolve) => idle.once('close', resolve))
    const waiting = rejectionCode(
      chain.send('tx', { tx_hash: '1'.repeat(32), wait_until: 'FINAL' }),
    )
    const overHttp = fetch(chain.url, {
      method: 'POST',
      body: JSON.stringify({ id: 1, method: 'tx', params: { tx_hash: '2'.repeat(32) } }),
    }).then(
      ({ status }) => status,
      () => 'gone',
    )
    await chain.send('status')
    await Promise.all([chain.stop(), chain.stop()])
    await ended
    expect(['DEVNET_STOPPED', 'DEVNET_REQUEST']).to.include(await waiting)
    expect(['gone', 408]).to.include(await overHttp)
    expect(await rejectionCode(chain.send('status'))).to.equal('DEVNET_STOPPED')
    // the port is free once more
    await using again = await startNearDevnet({ port: Number(port) })
    expect(again.url).to.equal(chain.url)
  })

  it('lets state be put there by hand, as near-sandbox does', async () => {
    await using chain = await startNearDevnet({ port: 0, accounts: ['a.near'] })
    const provider = new JsonRpcProvider({ url: chain.url })
    const { publicKey } = chain.accounts[0]
    await chain.send('sandbox_patch_state', {
      records: [
        { Account: { account_id: 'b.near', account: { amount: '5', locked: '0' } } },
        {
          AccessKey: {
            account_id: 'b.near',
            public_key: publicKey,
            access_key: { nonce: 3, permission: 'FullAccess' },
          },
        },
        { Contract: { account_id: 'b.near', code: Buffer.from(ENDLESS).toString('base64') } },
        { Data: { account_id: 'b.near', data_key: 'YQ==', value: 'Yg==' } },
      ],
    })
    const found = await provider.viewAccount({ accountId: 'b.near' })
    expect(found.amount).to.equal(5n)
    const key = await provider.viewAccessKey({ accountId: 'b.near', publicKey })
    expect(Number(key.nonce)).to.equal(3)
    const state = await provider.viewContractState({ contractId: 'b.near' })
    expect(state.values.map(({ key: at, value }) => [at, value])).to.deep.equal([['YQ==', 'Yg==']])
    // more than a node lists
    const value = Buffer.alloc(50_000).toString('base64')
    const Data = { account_id: 'b.near', data_key: 'Yg==', value }
    await chain.send('sandbox_patch_state', { records: [{ Data }] })
    const refused = await provider.viewContractState({ contractId: 'b.near' }).catch(String)
    expect(refused).to.contain('TooLargeContractStateError')
  })

  it('makes top-level accounts for whoever asks, as the public networks do', async () => {
    await using chain = await startNearDevnet({ port: 0 })
    const [{ accountId, secretKey, publicKey }] = chain.accounts
    const account = new Account(accountId, new JsonRpcProvider({ url: chain.url }), secretKey)
    const args = { new_account_id: 'fresh.near', new_public_key: publicKey }
    const call = actions.functionCall('create_account', args, 50_000_000_000_000n, 10n ** 24n)
    await account.signAndSendTransaction({ receiverId: 'near', actions: [call] })
    const made = new Account('fresh.near', new JsonRpcProvider({ url: chain.url }), secretKey)
    expect((await made.getState()).balance.total).to.equal(10n ** 24n)
  })
})
