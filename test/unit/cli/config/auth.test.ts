import { expect } from 'chai'
import { isMerogateError } from '../../../../src/node/errors.ts'
import { type Config, resolveConfig } from '../../../support/config.ts'
import { redact } from '../../../../src/cli/config/redact.ts'

const HOME = '/home/node'

function read(user: Readonly<Record<string, unknown>>): Config {
  return resolveConfig(user, HOME)
}

function refusedKey(user: Readonly<Record<string, unknown>>): unknown {
  try {
    read(user)
  } catch (error) {
    if (isMerogateError(error, 'CONFIG_INVALID')) return error.details['key']
    throw error
  }
  return undefined
}

describe('[auth]', () => {
  it('has chains with what belongs to each, and secrets by reference', () => {
    const { auth } = read({
      auth: {
        enabled: true,
        near: { network: 'testnet', rpc_urls: ['https://near.example'] },
        ethereum: {
          chain_ids: ['1', '8453'],
          rpc_urls: ['8453=https://base.example', '1=https://one.example/a=b'],
        },
        icp: {},
        stellar: { network: 'testnet', key_file: 'stellar.key' },
        bootstrap: { admin_user: 'root', admin_password_file: 'admin.password' },
      },
    })
    expect(auth.near).to.include({ network: 'testnet' })
    expect(auth.ethereum).to.deep.equal([
      { chainId: 1, rpcUrls: ['https://one.example/a=b'] },
      { chainId: 8453, rpcUrls: ['https://base.example'] },
    ])
    expect(auth.icp).to.not.equal(undefined)
    expect(auth.stellar).to.deep.include({
      passphrase: 'Test SDF Network ; September 2015',
      key: { file: `${HOME}/stellar.key`, env: undefined },
    })
    expect(auth.bootstrap.admin).to.deep.equal({
      user: 'root',
      password: { file: `${HOME}/admin.password`, env: undefined },
    })
  })

  const WRONG: readonly [string, object, string][] = [
    [
      'a secret that is no hash',
      { bootstrap: { secret_hash: 'me' } },
      'auth.bootstrap.secret_hash',
    ],
    ['a user without password', { bootstrap: { admin_user: 'a' } }, 'auth.bootstrap'],
    ['a password without user', { bootstrap: { admin_password_env: 'A' } }, 'auth.bootstrap'],
    [
      'an endpoint of no chain',
      { ethereum: { rpc_urls: ['https://a.example'] } },
      'auth.ethereum.rpc_urls.0',
    ],
    [
      'an endpoint of another chain',
      { ethereum: { rpc_urls: ['5=https://a.example'] } },
      'auth.ethereum.rpc_urls',
    ],
    ['Stellar without a key', { stellar: {} }, 'auth.stellar'],
  ]
  for (const [what, auth, key] of WRONG) {
    it(`refuses ${what}`, () => expect(refusedKey({ auth })).to.equal(key))
  }

  it('shows no keys that stand in addresses', () => {
    const config = read({
      auth: {
        near: { rpc_urls: ['https://near.example/my-key'] },
        ethereum: { rpc_urls: ['1=https://user:my-key@eth.example'] },
        stellar: { key_env: 'A', horizon_urls: ['https://horizon.example/?k=my-key'] },
      },
    })
    expect(JSON.stringify(redact(config))).not.to.include('my-key')
  })
})

describe('[server]', () => {
  it('has origins, proxies and TLS', () => {
    const { server } = read({
      server: {
        public_origin: 'https://node.example',
        allowed_origins: ['https://app.example:8443'],
        trusted_proxies: ['10.0.0.0/8', '::1'],
        tls: { cert: 'tls.pem', key: '/etc/tls.key' },
      },
    })
    expect(server.tls).to.deep.equal({ cert: `${HOME}/tls.pem`, key: '/etc/tls.key' })
    expect(server.publicOrigin).to.equal('https://node.example')
  })

  const WRONG: readonly [object, string][] = [
    [{ public_origin: 'node.example' }, 'server.public_origin'],
    [{ public_origin: 'https://node.example/' }, 'server.public_origin'],
    [{ allowed_origins: ['*'] }, 'server.allowed_origins.0'],
    [{ trusted_proxies: ['proxy.example'] }, 'server.trusted_proxies.0'],
    [{ tls: { cert: 'a' } }, 'server.tls'],
  ]
  for (const [server, key] of WRONG) {
    it(`refuses ${JSON.stringify(server)}`, () => expect(refusedKey({ server })).to.equal(key))
  }
})
