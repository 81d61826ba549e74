/** Sign-in of a node that was made and is run by the command line. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Cli, type Ended, runCli, startCli } from '../../support/cli.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const RUN_STUB = join(import.meta.dirname, '../../support/run-stub-node.ts')

interface Ready {
  readonly api: string
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? String(address.port) : '0'
}

async function readyOf(cli: Cli): Promise<Ready> {
  const line = await cli.line()
  return line === undefined ? expect.fail((await cli.ended).err) : (JSON.parse(line) as Ready)
}

describe('merogate with sign-in', () => {
  let home: Awaited<ReturnType<typeof tempFolder>>
  let folder: string
  let port: string
  let secret: string

  const run = (...args: string[]): Promise<Ended> =>
    runCli(['--output-format', 'json', '--node', 'mine', ...args], {
      env: { MEROGATE_HOME: home.path },
    })
  const node = (env: Record<string, string> = {}): Cli =>
    startCli([folder], { main: RUN_STUB, env: { MEROGATE_LOG_LEVEL: 'debug', ...env } })
  const post = async (url: string, body: unknown): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  before(async () => {
    home = await tempFolder()
    folder = join(home.path, 'mine')
    port = await freePort()
    const { out, code } = await run('node', 'init', '--server-port', port)
    expect(code).to.equal(0)
    secret = (JSON.parse(out) as { bootstrapSecret: string }).bootstrapSecret
  })
  after(() => home[Symbol.asyncDispose]())

  it('is made with it on, and with a secret of which only the hash is kept', async () => {
    expect(secret).to.match(/^[1-9A-HJ-NP-Za-km-z]{43,44}$/)
    const config = await readFile(join(folder, 'config.toml'), 'utf8')
    expect(config)
      .to.match(/secret_hash = "[0-9a-f]{64}"/)
      .and.not.include(secret)
    const again = await run('node', 'init')
    expect(JSON.parse(again.out))
      .to.include({ created: false })
      .and.not.have.property('bootstrapSecret')
    const { out } = await run('--node', 'open', 'node', 'init', '--no-auth')
    expect(JSON.parse(out)).not.to.have.property('bootstrapSecret')
    expect(await readFile(join(home.path, 'open/config.toml'), 'utf8')).not.to.include('auth')
  })

  it('signs in commands of the same machine, and nobody else', async () => {
    await using cli = node()
    const { api } = await readyOf(cli)
    const file = join(folder, 'operator.token')
    expect((await stat(file)).mode & 0o777).to.equal(0o600)
    expect((await run('peers')).code).to.equal(0)
    const stranger = await run('--node', 'none', '--api', api, 'peers')
    expect(stranger.code, stranger.err).not.to.equal(0)
    expect((await fetch(`${api}/admin-api/contexts`)).status).to.equal(401)
    expect((await fetch(`${api}/health`)).status).to.equal(200)
    cli.child.kill('SIGTERM')
    const { code, err } = await cli.ended
    expect(code, err).to.equal(0)
    expect(existsSync(file), 'it is taken back').to.equal(false)
  })

  it('names the port that it got in tokens, and in what wallets are shown', async () => {
    await using cli = node({
      MEROGATE_SERVER_LISTEN: '/ip4/127.0.0.1/tcp/0',
      MEROGATE_AUTH_ETHEREUM_CHAIN_IDS: '1',
    })
    const { api } = await readyOf(cli)
    const origin = api.replace('127.0.0.1', 'localhost')
    const token = (await readFile(join(folder, 'operator.token'), 'utf8')).trim()
    const [, claims = ''] = token.split('.')
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).to.include({ node_url: origin })
    const address = `0x${'1'.repeat(40)}`
    const answer = await post(`${api}/auth/challenge`, { method: 'eth_wallet', address })
    const { data } = (await answer.json()) as { data: { message: string } }
    expect(data.message).to.include(`${new URL(origin).host} wants you to sign in`)
    expect(data.message).to.include(`URI: ${origin}`)
  })

  it('goes on after a crash: the next node writes another token', async () => {
    const file = join(folder, 'operator.token')
    let before: string
    {
      await using cli = node()
      await readyOf(cli)
      before = await readFile(file, 'utf8')
    } // SIGKILL
    expect(await readFile(file, 'utf8')).to.equal(before)
    await using cli = node()
    const { api } = await readyOf(cli)
    expect(await readFile(file, 'utf8')).not.to.equal(before)
    expect((await run('peers')).code).to.equal(0)
    // nothing was revoked: it ends by itself
    const headers = { authorization: `Bearer ${before.trim()}` }
    expect((await fetch(`${api}/admin-api/contexts`, { headers })).status).to.be.oneOf([200, 403])
  })

  it('takes the first administrator with the secret, and keeps him over a restart', async () => {
    const login = (bootstrapSecret?: string): object => ({
      ...{ auth_method: 'user_password', public_key: 'a', client_name: 'test' },
      provider_data: { username: 'alice', password: 'correct horse' },
      bootstrap_secret: bootstrapSecret,
    })
    const env = { MEROGATE_AUTH_BOOTSTRAP_ALLOW_LOOPBACK: 'false' }
    {
      await using cli = node(env)
      const { api } = await readyOf(cli)
      expect((await post(`${api}/auth/token`, login())).status).to.equal(401)
      expect((await post(`${api}/auth/token`, login(secret))).status).to.equal(200)
    } // SIGKILL
    await using cli = node(env)
    const { api } = await readyOf(cli)
    expect((await post(`${api}/auth/token`, login())).status).to.equal(200)
    cli.child.kill('SIGTERM')
    const { err } = await cli.ended
    for (const word of [secret, 'correct horse', 'eyJ']) expect(err).not.to.include(word)
  })

  it('offers the wallets that are configured', async () => {
    const key = join(folder, 'stellar.seed')
    await writeFile(key, '11'.repeat(32), { mode: 0o600 })
    await using cli = node({
      MEROGATE_AUTH_NEAR_NETWORK: 'testnet',
      MEROGATE_AUTH_ETHEREUM_CHAIN_IDS: '1,8453',
      MEROGATE_AUTH_ICP_ENABLED: 'true',
      MEROGATE_AUTH_STELLAR_NETWORK: 'testnet',
      MEROGATE_AUTH_STELLAR_KEY_FILE: key,
    })
    const { api } = await readyOf(cli)
    const { data } = (await (await fetch(`${api}/auth/providers`)).json()) as {
      data: { providers: { name: string }[] }
    }
    expect(data.providers.map(({ name }) => name)).to.deep.equal([
      'near_wallet',
      'eth_wallet',
      'icp_wallet',
      'stellar_wallet',
      'user_password',
    ])
    const account = 'GBRPYHIL2CI3FNQ4BXLFMNDLFJUNPU2HY3ZMFSHONUCEOASW7QC7OX2H'
    const sep10 = (await (await fetch(`${api}/auth/stellar?account=${account}`)).json()) as object
    expect(sep10).to.have.all.keys('transaction', 'network_passphrase')
    const signed = await post(`${api}/auth/stellar`, sep10)
    expect([signed.status, await signed.json()]).to.have.nested.property(
      '1.error',
      'Authentication failed',
    )
  })

  it('listens beyond this machine only when it is on', async () => {
    const env = { MEROGATE_SERVER_LISTEN: '/ip4/0.0.0.0/tcp/0' }
    await using open = node({ ...env, MEROGATE_AUTH_ENABLED: 'false' })
    const { code, err } = await open.ended
    expect(code).not.to.equal(0)
    expect(err).to.include('SERVER_ADDRESS_NOT_LOOPBACK')
    await using guarded = node(env)
    expect((await readyOf(guarded)).api).to.include('0.0.0.0')
  })

  it('says which secret it cannot read, and leaves nothing open', async () => {
    await using cli = node({
      MEROGATE_AUTH_BOOTSTRAP_ADMIN_USER: 'root',
      MEROGATE_AUTH_BOOTSTRAP_ADMIN_PASSWORD_FILE: join(folder, 'none'),
    })
    const { code, err } = await cli.ended
    expect(code).to.equal(1)
    expect(err).to.include('CLI_AUTH').and.include('none')
  })
}).timeout(60_000)
