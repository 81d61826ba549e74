/** Signing in from the command line. */
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Wallet } from 'ethers'
import { ethereumWallet } from '../../../src/chains/ethereum/wallet.ts'
import { tokenFile } from '../../../src/cli/sign-in/token-files.ts'
import { ADMIN, type AuthNode, authNode } from '../../support/auth-node.ts'
import { type Ended, runCli, startCli } from '../../support/cli.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const HOUR_MS = 3_600_000

describe('signing in from the command line', function () {
  this.timeout(120_000) // each command is a process of its own
  let node: AuthNode
  let home: string
  let folder: Awaited<ReturnType<typeof tempFolder>>

  beforeEach(async () => {
    folder = await tempFolder()
    home = folder.path
    node = await authNode({
      auth: (_origin, clock) => ({
        verifiers: [ethereumWallet({ chains: [{ chainId: 1 }], clock })],
      }),
    })
  })
  afterEach(async () => {
    await node[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  const globals = (): string[] => {
    return ['--home', home, '--api', node.url, '--output-format', 'json']
  }
  const cli = (...args: string[]): Promise<Ended> => runCli([...globals(), ...args])
  const okay = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { code, out, err } = await cli(...args)
    expect(code, err).to.equal(0)
    return JSON.parse(out) as Record<string, unknown> // our own program wrote it
  }
  const privateFile = async (name: string, text: string): Promise<string> => {
    const path = join(home, name)
    await writeFile(path, text, { mode: 0o600 })
    return path
  }
  const login = async (): Promise<Record<string, unknown>> =>
    okay('login', '--user', 'alice', '--password-file', await privateFile('p', ADMIN.password))
  const refreshes = (): number => node.seen.filter(({ path }) => path === '/auth/refresh').length

  it('says what to do where nobody is signed in, or a password is wrong', async () => {
    const missing = await cli('peers')
    expect(missing.code).to.equal(4)
    expect(missing.err).to.include('CLIENT_NOT_SIGNED_IN').and.include('merogate login')
    const wrong = await privateFile('wrong', 'not it')
    const refused = await cli('login', '--user', 'alice', '--password-file', wrong)
    expect(refused.code).to.equal(4)
    expect(refused.err).to.include('CLIENT_SIGN_IN_REFUSED').and.not.include('not it')
  })

  it('keeps tokens in a file for its owner alone, and uses them until the end of the session', async () => {
    expect(await login()).to.deep.include({ permissions: ['admin'] })
    const [name = ''] = await readdir(join(home, '.tokens'))
    const path = join(home, '.tokens', name)
    expect((await stat(path)).mode & 0o777).to.equal(0o600)
    expect((await stat(join(home, '.tokens'))).mode & 0o777).to.equal(0o700)
    await okay('peers')
    node.clock.advance(HOUR_MS + 1_000)
    // several at once: the refresh token is good for one
    await Promise.all([okay('peers'), okay('whoami'), okay('peers')])
    expect(refreshes()).to.equal(1)
    const { accessToken } = JSON.parse(await readFile(path, 'utf8')) as { accessToken: string }
    await okay('logout')
    expect(await readdir(join(home, '.tokens'))).to.deep.equal([])
    const headers = { authorization: `Bearer ${accessToken}` }
    const after = await fetch(`${node.url}/auth/validate`, { headers })
    expect(after.ok).to.equal(false)
    expect((await cli('peers')).code).to.equal(4)
  })

  it('takes a password of no file that others can read', async () => {
    const path = join(home, 'open')
    await writeFile(path, ADMIN.password, { mode: 0o644 })
    const { code, err } = await cli('login', '--user', 'alice', '--password-file', path)
    expect(code).to.equal(1)
    expect(err).to.include('chmod 600')
  })

  it('changes a password for the old one, and stays signed in', async () => {
    await login()
    const { accessToken } = await node.admin()
    const [right, wrong, next] = [
      await privateFile('right', ADMIN.password),
      await privateFile('wrong', 'guessed'),
      await privateFile('next', 'another one'),
    ]
    const change = (file: string) =>
      cli('password', '--password-file', file, '--new-password-file', next)
    const refused = await change(wrong)
    expect(refused.code, refused.err).to.equal(4)
    expect(refused.err).to.include('CLIENT_SIGN_IN_REFUSED')
    expect((await change(right)).code).to.equal(0)
    await okay('peers')
    const headers = { authorization: `Bearer ${accessToken}` }
    const elsewhere = await fetch(`${node.url}/auth/validate`, { headers })
    expect(elsewhere.headers.get('x-auth-error')).to.equal('token_revoked')
    expect((await cli('login', '--user', 'alice', '--password-file', right)).code).to.equal(4)
    await okay('login', '--user', 'alice', '--password-file', next)
  })

  it('signs with an Ethereum key, and never shows it', async () => {
    const wallet = Wallet.createRandom()
    const admin = await node.auth.verify((await node.admin()).accessToken)
    const subject = `eth:${wallet.address.toLowerCase()}`
    await node.auth.keys.create(admin, { method: 'eth_wallet', subject, permissions: ['blob'] })
    const file = await privateFile('account.key', wallet.privateKey)
    expect(await okay('login', '--key-file', file)).to.deep.include({ permissions: ['blob'] })
    const denied = await cli('app', 'list')
    expect(denied.code).to.equal(4)
    expect(denied.err).to.include('merogate whoami')
    const broken = await privateFile('broken.key', `${wallet.privateKey}ff`)
    const { err } = await cli('login', '--key-file', broken)
    expect(err).to.include('CLI_FILE').and.not.include(wallet.privateKey.slice(2, 20))
  })

  it('waits for the login page, and believes nobody who does not know its address', async () => {
    await using child = startCli([...globals(), 'login'])
    const printed = await new Promise<string>((resolve) => {
      child.child.stderr?.on('data', (text: string) => resolve(String(text)))
    })
    const { url } = JSON.parse(printed) as { url: string }
    const page = new URL(url)
    expect(page.origin + page.pathname).to.equal(`${node.url}/auth/login`)
    expect(page.searchParams.get('permissions')).to.equal('admin')
    const callback = page.searchParams.get('callback-url') ?? ''
    const { origin } = new URL(callback)
    const { accessToken, refreshToken } = await node.admin()
    const body = new URLSearchParams({ access_token: accessToken, refresh_token: refreshToken })
    const post = (to: string, from: string): Promise<Response> =>
      fetch(to, { method: 'POST', body: body.toString(), headers: { origin: from } })
    const html = await fetch(callback)
    expect(html.headers.get('content-security-policy')).to.include("default-src 'none'")
    expect((await post(`${origin}/callback/00`, origin)).status).to.equal(404)
    expect((await post(callback, 'https://evil.example')).status).to.equal(404)
    expect((await post(callback, origin)).status).to.equal(204)
    const { code, out } = await child.ended
    expect(code).to.equal(0)
    expect(JSON.parse(out)).to.deep.include({ permissions: ['admin'] })
    expect(printed + out).to.not.include(accessToken)
  })

  it('makes, lists and revokes keys, and mints tokens that can do so much and no more', async () => {
    await login()
    const file = await privateFile('bob', 'bobs password')
    await okay('key', 'create', '--user', 'bob', '--password-file', file, '--permissions', 'blob')
    const minted = await okay('token', 'mint', '--permissions', 'context:execute[c,,get],blob')
    expect(minted['permissions']).to.deep.equal(['context:execute[c,,get]', 'blob'])
    const caller = await node.auth.verify(String(minted['accessToken']))
    expect(caller.permissions.texts).to.deep.equal(minted['permissions'])
    const env = { MEROGATE_TOKEN: String(minted['accessToken']) }
    expect((await runCli([...globals(), 'app', 'list'], { env })).code).to.equal(4)
    const { roots, clients } = await okay('key', 'list')
    expect((roots as { subject: string }[]).map(({ subject }) => subject)).to.have.members([
      'alice',
      'bob',
    ])
    const [client] = clients as { client_id: string }[]
    await okay('key', 'revoke', client?.client_id ?? '')
    expect((await runCli([...globals(), 'peers'], { env })).code).to.equal(4)
    const last = (roots as { key_id: string; subject: string }[]).find(
      ({ subject }) => subject === 'alice',
    )
    expect((await cli('key', 'revoke', last?.key_id ?? '')).code).to.equal(1)
    expect((await cli('key', 'create', '--subject', 'alice')).code).to.equal(2)
  })

  it('takes the lock of a process that died, and waits for one that lives', async () => {
    const store = tokenFile(home, 'http://127.0.0.1:1')
    await store.save({ accessToken: 'a', refreshToken: 'r' })
    const lock = `${store.path}.lock`
    await writeFile(lock, '')
    const old = Date.now() / 1000 - 3600
    await utimes(lock, old, old)
    expect(await store.exclusive(() => Promise.resolve(1))).to.equal(1)
    const order: string[] = []
    const other = tokenFile(home, 'http://127.0.0.1:1')
    await Promise.all([
      store.exclusive(async () => {
        order.push('in')
        await new Promise((resolve) => setTimeout(resolve, 120))
        order.push('out')
      }),
      new Promise((resolve) => setTimeout(resolve, 20)).then(() =>
        other.exclusive(() => Promise.resolve(order.push('next'))),
      ),
    ])
    expect(order).to.deep.equal(['in', 'out', 'next'])
  })
})
