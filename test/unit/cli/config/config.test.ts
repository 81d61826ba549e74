import { expect } from 'chai'
import { readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { envName } from '../../../../src/cli/config/env.ts'
import { configPath } from '../../../../src/cli/config/load.ts'
import { parseHostPort } from '../../../../src/cli/config/options/addresses.ts'
import { redact } from '../../../../src/cli/config/redact.ts'
import { isMerogateError } from '../../../../src/node/errors.ts'
import {
  configFlags,
  findOption,
  loadConfig,
  OPTIONS,
  setConfig,
  writeConfig,
} from '../../../support/config.ts'
import { rejectionCode } from '../../../support/error-code.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

const PEER = '/ip4/10.0.0.1/tcp/2428/p2p/12D3KooWMgoF9xzyeKJHtRvrYwdomheRbHPELagWZwTLmXb6bCVC'

/** Code, key and origin of what loading a file fails with. */
async function failure(toml: string): Promise<{ code: string; key: unknown; origin: unknown }> {
  await using home = await tempFolder()
  await writeFile(configPath(home.path), toml)
  try {
    await loadConfig({ home: home.path })
  } catch (error) {
    if (!isMerogateError(error)) throw error
    const { key, origin } = error.details
    return { code: error.code, key, origin: origin === configPath(home.path) ? 'file' : origin }
  }
  return { code: 'none', key: undefined, origin: undefined }
}

describe('loadConfig', () => {
  it('has defaults for everything', async () => {
    await using home = await tempFolder()
    const config = await loadConfig({ home: home.path })
    expect(config).to.deep.equal({
      home: home.path,
      swarm: { listen: ['/ip4/0.0.0.0/tcp/2428'] },
      server: {
        listen: [{ host: '127.0.0.1', port: 2528 }],
        publicOrigin: undefined,
        allowedOrigins: [],
        trustedProxies: [],
        tls: undefined,
        admin: { enabled: true },
        jsonrpc: { enabled: true },
        websocket: { enabled: true },
        connections: {},
      },
      auth: {
        enabled: false,
        accessSeconds: 3600,
        refreshSeconds: 2_592_000,
        leewaySeconds: 60,
        mockTokens: false,
        password: { minLength: 8 },
        bootstrap: {
          secretHash: undefined,
          allowLoopback: undefined,
          anybody: false,
          admin: undefined,
        },
        near: undefined,
        stellar: undefined,
        ethereum: undefined,
        icp: undefined,
      },
      bootstrap: { nodes: [] },
      discovery: { mdns: false, dht: false },
      runtime: {},
      datastore: { path: join(home.path, 'data') },
      blobstore: { path: join(home.path, 'blobs') },
      install: { allowPrivateHosts: false, allowUnhashedBundles: false },
      anchor: {},
      relayer: {
        enabled: false,
        open: false,
        keyPerHour: 400,
        keyPerDay: 2000,
        addressPerHour: 60,
        addressPerDay: 400,
        ethereum: undefined,
        near: undefined,
        stellar: undefined,
        apiKeysFile: undefined,
        apiKeysEnv: undefined,
        operations: undefined,
        signerPerHour: 20,
        signerPerDay: 100,
        groupPerHour: 40,
        groupPerDay: 200,
        maxUnderWay: 16,
      },
      log: { level: 'info' },
    })
  })

  it('reads every table of a file', async () => {
    await using home = await tempFolder()
    await writeFile(
      configPath(home.path),
      `
[swarm]
listen = ["/ip4/127.0.0.1/tcp/0"]
[server]
listen = ["/ip4/0.0.0.0/tcp/80", "/ip6/::1/tcp/81", "/dns4/node.example/tcp/82"]
[server.admin]
enabled = false
[bootstrap]
nodes = ["${PEER}"]
[discovery]
mdns = true
dht = true
[runtime]
workers = 3
deadline_ms = 1000
fuel = 9007199254740991
[datastore]
path = "/var/lib/node"
[blobstore]
path = "../blobs"
[install]
allow_private_hosts = true
[anchor.local]
url = "http://127.0.0.1:4444"
[log]
level = "debug"
`,
    )
    const config = await loadConfig({ home: home.path })
    expect(config.swarm.listen).to.deep.equal(['/ip4/127.0.0.1/tcp/0'])
    expect(config.server.listen).to.deep.equal([
      { host: '0.0.0.0', port: 80 },
      { host: '::1', port: 81 },
      { host: 'node.example', port: 82 },
    ])
    expect(config.server.admin.enabled).to.equal(false)
    expect(config.server.jsonrpc.enabled).to.equal(true)
    expect(config.bootstrap.nodes).to.deep.equal([PEER])
    expect(config.discovery).to.deep.equal({ mdns: true, dht: true })
    expect(config.runtime).to.deep.equal({ workers: 3, deadlineMs: 1000, fuel: 9007199254740991n })
    expect(config.datastore.path).to.equal('/var/lib/node')
    expect(config.blobstore.path).to.equal(join(home.path, '..', 'blobs'))
    expect(config.install.allowPrivateHosts).to.equal(true)
    expect(config.anchor).to.deep.equal({ local: { url: 'http://127.0.0.1:4444' } })
    expect(config.log.level).to.equal('debug')
  })

  it('lets flags win over the environment, that over the file, and that over defaults', async () => {
    await using home = await tempFolder()
    await writeFile(
      configPath(home.path),
      '[log]\nlevel = "warn"\n[discovery]\nmdns = true\ndht = true\n[runtime]\nworkers = 2\n',
    )
    const env = { MEROGATE_LOG_LEVEL: 'error', MEROGATE_DISCOVERY_MDNS: 'false' }
    const flags = { 'log.level': 'trace', 'runtime.workers': 5, 'runtime.fuel': undefined }
    const config = await loadConfig({ home: home.path, env, flags })
    expect(config.log.level).to.equal('trace')
    expect(config.discovery).to.deep.equal({ mdns: false, dht: true })
    expect(config.runtime).to.deep.equal({ workers: 5 })
    expect(config.swarm.listen).to.deep.equal(['/ip4/0.0.0.0/tcp/2428'])
  })

  it('replaces lists as a whole', async () => {
    await using home = await tempFolder()
    await writeFile(configPath(home.path), `[bootstrap]\nnodes = ["${PEER}"]\n`)
    const config = await loadConfig({ home: home.path, flags: { 'bootstrap.nodes': [] } })
    expect(config.bootstrap.nodes).to.deep.equal([])
  })

  it('is frozen to the bottom', async () => {
    await using home = await tempFolder()
    const config = await loadConfig({
      home: home.path,
      env: { MEROGATE_ANCHOR_LOCAL_URL: 'http://x' },
    })
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(frozen))
    expect(frozen(config)).to.equal(true)
  })

  it('refuses unknown keys with their path', async () => {
    const cases = {
      '[swarm]\nlisten_on = []': 'swarm.listen_on',
      '[sworm]\nlisten = []': 'sworm',
      'level = "info"': 'level',
      '[server.admin]\nenable = true': 'server.admin.enable',
      '[anchor.local]\nurl = "http://x"\nkey = "x"': 'anchor.local.key',
    }
    for (const [toml, key] of Object.entries(cases)) {
      expect(await failure(toml)).to.deep.equal({ code: 'CONFIG_KEY_UNKNOWN', key, origin: 'file' })
    }
  })

  it('refuses values of a wrong type or out of range with their path', async () => {
    const cases = {
      '[swarm]\nlisten = "/ip4/0.0.0.0/tcp/1"': 'swarm.listen',
      '[swarm]\nlisten = ["nonsense"]': 'swarm.listen.0',
      'swarm = 5': 'swarm',
      '[server]\nlisten = []': 'server.listen',
      '[server]\nlisten = ["/ip4/127.0.0.1/udp/1"]': 'server.listen.0',
      '[server.jsonrpc]\nenabled = 1': 'server.jsonrpc.enabled',
      '[bootstrap]\nnodes = ["/ip4/1.2.3.4/tcp/1"]': 'bootstrap.nodes.0',
      '[discovery]\nmdns = "yes"': 'discovery.mdns',
      '[runtime]\nworkers = 0': 'runtime.workers',
      '[runtime]\nworkers = 257': 'runtime.workers',
      '[runtime]\nworkers = 1.5': 'runtime.workers',
      '[runtime]\ndeadline_ms = 600001': 'runtime.deadline_ms',
      '[runtime]\nfuel = 0': 'runtime.fuel',
      '[datastore]\npath = ""': 'datastore.path',
      '[anchor.Local]\nurl = "http://x"': 'anchor.Local',
      '[anchor.local]\nurl = "ftp://x"': 'anchor.local.url',
      '[anchor.local]': 'anchor.local.url',
      '[log]\nlevel = "loud"': 'log.level',
    }
    for (const [toml, key] of Object.entries(cases)) {
      expect(await failure(toml), toml).to.deep.include({ code: 'CONFIG_INVALID', key })
    }
  })

  it('takes lists and anchors as long as the limits say and not longer', async () => {
    const listen = (count: number): string =>
      `[swarm]\nlisten = [${'"/ip4/0.0.0.0/tcp/1",'.repeat(count)}]`
    expect((await failure(listen(64))).code).to.equal('none')
    expect((await failure(listen(65))).code).to.equal('CONFIG_INVALID')
    const anchors = (count: number): string =>
      Array.from({ length: count }, (_, i) => `[anchor.a${i}]\nurl = "http://x"\n`).join('')
    expect((await failure(anchors(16))).code).to.equal('none')
    expect((await failure(anchors(17))).code).to.equal('CONFIG_INVALID')
  })

  it('says in which line and column text is not TOML, and nothing of what stands there', async () => {
    await using home = await tempFolder()
    await writeFile(configPath(home.path), '[log]\nlevel = = "secret"\n')
    const loading = loadConfig({ home: home.path })
    const error = await loading.then(
      () => undefined,
      (reason: unknown) => reason as Error & { details: object },
    )
    expect(error?.message).to.include('config.toml, line 2, column 9: ').and.not.include('secret')
    expect(error?.details).to.include({ line: 2, column: 9 })
  })

  it('refuses text that is not TOML, and names that could reach prototypes', async () => {
    for (const toml of ['[swarm', 'a = ', '[__proto__]\nx = 1', 'swarm.constructor.x = 1']) {
      expect((await failure(toml)).code, toml).to.equal('CONFIG_SYNTAX')
    }
    expect((await failure(`x = ${'['.repeat(40)}${']'.repeat(40)}`)).code).to.equal('CONFIG_SYNTAX')
  })

  it('never repeats values of a file in errors, which may be secret', async () => {
    await using home = await tempFolder()
    for (const toml of ['[anchor.local]\nurl = "hunter2"', '[anchor.local]\nurl = hunter2"\n']) {
      await writeFile(configPath(home.path), toml)
      let seen: unknown
      await loadConfig({ home: home.path }).catch((error: unknown) => (seen = error))
      expect(isMerogateError(seen)).to.equal(true)
      expect(JSON.stringify(seen)).to.not.include('hunter2')
    }
  })

  it('says that a file cannot be read', async () => {
    await using home = await tempFolder()
    await using other = await tempFolder()
    await writeFile(join(other.path, 'file'), '')
    expect(await rejectionCode(loadConfig({ home: join(other.path, 'file') }))).to.equal(
      'CONFIG_UNREADABLE',
    )
    expect(await rejectionCode(loadConfig({ home: join(home.path, 'new') }))).to.equal('none')
  })
})

describe('environment and flags', () => {
  const load = async (
    env: Record<string, string>,
    flags: Record<string, unknown> = {},
  ): Promise<Awaited<ReturnType<typeof loadConfig>>> => {
    await using home = await tempFolder()
    return await loadConfig({ home: home.path, env, flags })
  }

  it('has a variable and a flag for every setting', async () => {
    expect(envName('runtime.deadline_ms')).to.equal('MEROGATE_RUNTIME_DEADLINE_MS')
    expect(new Set(OPTIONS.map((option) => envName(option.key))).size).to.equal(OPTIONS.length)
    const flags = configFlags()
    expect(flags.map(({ flag }) => flag)).to.include.members([
      '--swarm-listen',
      '--server-admin-enabled',
      '--runtime-deadline-ms',
      '--install-allow-private-hosts',
    ])
    for (const { flag } of flags) expect(flag).to.match(/^--[a-z]+(-[a-z]+)+$/)
  })

  it('reads lists, numbers, booleans and names from the environment', async () => {
    const config = await load({
      MEROGATE_SWARM_LISTEN: '/ip4/1.2.3.4/tcp/1, /ip4/1.2.3.4/tcp/2',
      MEROGATE_BOOTSTRAP_NODES: '',
      MEROGATE_RUNTIME_WORKERS: '7',
      MEROGATE_DISCOVERY_DHT: 'true',
      MEROGATE_ANCHOR_MY_CHAIN_URL: 'https://x.example/',
      MEROGATE_HOME: '/not/ours',
      PATH: '/bin',
    })
    expect(config.swarm.listen).to.deep.equal(['/ip4/1.2.3.4/tcp/1', '/ip4/1.2.3.4/tcp/2'])
    expect(config.runtime.workers).to.equal(7)
    expect(config.discovery.dht).to.equal(true)
    expect(config.anchor).to.deep.equal({ 'my-chain': { url: 'https://x.example/' } })
  })

  it('reads flags as text and as values', async () => {
    const config = await load(
      {},
      { 'runtime.workers': '7', 'discovery.mdns': true, 'anchor.local.url': 'http://x' },
    )
    expect(config.runtime.workers).to.equal(7)
    expect(config.discovery.mdns).to.equal(true)
    expect(config.anchor['local']?.url).to.equal('http://x')
  })

  it('refuses what it does not know or cannot read', async () => {
    const env = async (name: string, text: string): Promise<string> =>
      rejectionCode(load({ [name]: text }))
    expect(await env('MEROGATE_SWARM_LISTENS', 'x')).to.equal('CONFIG_KEY_UNKNOWN')
    expect(await env('MEROGATE_ANCHOR_URL', 'http://x')).to.equal('CONFIG_KEY_UNKNOWN')
    expect(await env('MEROGATE_RUNTIME_WORKERS', 'many')).to.equal('CONFIG_INVALID')
    expect(await env('MEROGATE_RUNTIME_WORKERS', '0')).to.equal('CONFIG_INVALID')
    expect(await env('MEROGATE_DISCOVERY_MDNS', 'yes')).to.equal('CONFIG_INVALID')
    for (const key of ['swarm.port', 'swarm', '__proto__.x', 'anchor..url', '']) {
      expect(await rejectionCode(load({}, { [key]: 'x' })), key).to.equal('CONFIG_KEY_UNKNOWN')
    }
    expect(await rejectionCode(load({}, { 'runtime.workers': 'x' }))).to.equal('CONFIG_INVALID')
    expect(findOption('anchor.local.url')?.key).to.equal('anchor.local.url')
  })
})

describe('the address of a relayer', () => {
  it('is asked by https, or on this machine: it is shown an API key', async () => {
    await using home = await tempFolder()
    const load = (url: string): Promise<unknown> =>
      loadConfig({
        home: home.path,
        flags: {
          'anchor.ethereum.rpc_urls': ['https://rpc.example'],
          'anchor.ethereum.deployment': 'sepolia.json',
          'anchor.ethereum.relayer_url': url,
        },
      })
    for (const host of ['127.0.0.1:1', '127.9.9.9', 'localhost:8080', 'a.localhost', '[::1]:1']) {
      await load(`http://${host}/`)
    }
    await load('https://relayer.example/gateway')
    const wrong = ['relayer.example', '127.0.0.1.example', '10.0.0.1', '[::2]', 'localhost.example']
    for (const host of wrong) {
      expect(await rejectionCode(load(`http://${host}/`)), host).to.equal('CONFIG_INVALID')
    }
  })
})

describe('setConfig and writeConfig', () => {
  it('writes a file that loads as it was meant, readable by its owner only', async () => {
    await using home = await tempFolder()
    const folder = join(home.path, 'node1')
    const path = await writeConfig(folder, {
      swarm: { listen: ['/ip4/127.0.0.1/tcp/9000'] },
      anchor: { local: { url: 'http://127.0.0.1:4444' } },
    })
    expect((await stat(path)).mode & 0o777).to.equal(0o600)
    const config = await loadConfig({ home: folder })
    expect(config.swarm.listen).to.deep.equal(['/ip4/127.0.0.1/tcp/9000'])
    expect(config.anchor['local']?.url).to.equal('http://127.0.0.1:4444')
  })

  it('sets keys one by one and keeps the others', async () => {
    await using home = await tempFolder()
    await writeConfig(home.path, { discovery: { mdns: true } })
    await setConfig(home.path, [
      'server.listen=["/ip4/127.0.0.1/tcp/0"]',
      'server.websocket.enabled = false',
      'server.connections.max=9',
      'server.connections.per_address=3',
      'runtime.workers=4',
      'log.level=debug',
      'anchor.local.url="http://127.0.0.1:1"',
    ])
    await setConfig(home.path, ['runtime.workers=5'])
    const config = await loadConfig({ home: home.path })
    expect(config.server.listen).to.deep.equal([{ host: '127.0.0.1', port: 0 }])
    expect(config.server.websocket.enabled).to.equal(false)
    expect(config.server.connections).to.deep.equal({ max: 9, perAddress: 3 })
    expect(config.runtime.workers).to.equal(5)
    expect(config.log.level).to.equal('debug')
    expect(config.discovery.mdns).to.equal(true)
    expect(config.anchor['local']?.url).to.equal('http://127.0.0.1:1')
  })

  it('writes nothing when anything is wrong', async () => {
    await using home = await tempFolder()
    const path = await writeConfig(home.path, { log: { level: 'warn' } })
    const before = await readFile(path, 'utf8')
    const cases = {
      'log.level': 'CONFIG_SYNTAX',
      '=5': 'CONFIG_SYNTAX',
      'runtime.workers=many': 'CONFIG_SYNTAX',
      'runtime.workers=1\nfuel = 5': 'CONFIG_SYNTAX',
      'runtime.workers=0': 'CONFIG_INVALID',
      'log.level=loud': 'CONFIG_INVALID',
      'log.colour=true': 'CONFIG_KEY_UNKNOWN',
      '__proto__.x=1': 'CONFIG_KEY_UNKNOWN',
      'anchor.__proto__.url=http://x': 'CONFIG_KEY_UNKNOWN',
    }
    for (const [assignment, code] of Object.entries(cases)) {
      const given = ['discovery.dht=true', assignment]
      expect(await rejectionCode(setConfig(home.path, given)), assignment).to.equal(code)
    }
    expect(await readFile(path, 'utf8')).to.equal(before)
    expect(await readdir(home.path)).to.deep.equal(['config.toml'])
    await writeFile(path, '[swarm]\nbroken = 1\n')
    expect(await rejectionCode(setConfig(home.path, ['log.level=info']))).to.equal(
      'CONFIG_KEY_UNKNOWN',
    )
  })
})

describe('redact', () => {
  it('leaves nothing of a URL that could be a key, and is JSON', async () => {
    await using home = await tempFolder()
    const flags = {
      'anchor.a.url': 'https://user:hunter2@rpc.example/v3/hunter2?key=hunter2#hunter2',
      'anchor.b.url': 'http://127.0.0.1:4444',
      'anchor.c.url': 'https://hunter2.eth-mainnet.provider.example:8545',
      'runtime.fuel': 7,
    }
    const shown = redact(await loadConfig({ home: home.path, flags }))
    expect(JSON.stringify(shown)).to.not.include('hunter2')
    expect(shown['anchor']).to.deep.equal({
      a: { url: 'https://rpc.example/[hidden]' },
      b: { url: 'http://127.0.0.1:4444' },
      c: { url: 'https://….eth-mainnet.provider.example:8545' },
    })
    expect(shown['runtime']).to.deep.equal({ fuel: '7' })
  })
})

describe('parseHostPort', () => {
  it('takes TCP addresses only', () => {
    expect(parseHostPort('/ip4/127.0.0.1/tcp/65535')).to.deep.equal({
      host: '127.0.0.1',
      port: 65_535,
    })
    const bad = [
      '/ip4/127.0.0.1/tcp/65536',
      '/ip4/::1/tcp/1',
      '/ip6/1.2.3.4/tcp/1',
      '127.0.0.1:1',
      '/ip4/1.2.3.4/tcp/1/ws',
    ]
    for (const text of bad) expect(parseHostPort(text), text).to.equal(undefined)
  })
})
