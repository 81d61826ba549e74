import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Principal } from '@dfinity/principal'
import { expect } from 'chai'
import { CYCLES_LEDGER, IC_ROOT_KEY, LEDGER_FEE } from '../../../src/chains/icp/constants.ts'
import { initArgument } from '../../../src/chains/icp/deploy/candid.ts'
import { manage } from '../../../src/chains/icp/deploy/chain.ts'
import { checkInstalled, install } from '../../../src/chains/icp/deploy/install.ts'
import { bytesOf } from '../../../src/chains/icp/deploy/plan.ts'
import { MAX_CHUNK_BYTES } from '../../../src/chains/icp/limits.ts'
import { releasedModules } from '../../../src/chains/icp/deploy/modules.ts'
import { deployments, readDeployment } from '../../../src/chains/icp/deploy/deployment.ts'
import { networkOf } from '../../../src/chains/icp/network.ts'
import type { Check } from '../../../src/chains/shared/checks.ts'
import { deployOn } from '../../../src/cli/chains/icp/local-chain.ts'
import { type IcpDevnet, startIcpDevnet } from '../../../src/devnet/icp/index.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { type Ended, runCli, startCli } from '../../support/cli.ts'
import { startFaultyHttp } from '../../support/faulty-http.ts'
import { type LookedChain, lookAt, otherRelease } from '../../support/icp-deploy.ts'
import { tempFolder } from '../../support/temp-folder.ts'

/** Nobody listens there. */
const DEAD_URL = 'http://127.0.0.1:9'
const T = 1_000_000_000_000n

interface Plan {
  readonly canisters: readonly { readonly name: string; readonly state: string }[]
  readonly totalCost: string
}

const events = ({ out }: Ended): Record<string, unknown>[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const codeOf = ({ err }: Ended): unknown =>
  (JSON.parse(err.trim().split('\n').at(-1) ?? '') as { error: { code: string } }).error.code
const json = ['--output-format', 'json']

describe('merogate chain deploy on the Internet Computer', function () {
  this.timeout(60_000)
  let chain: IcpDevnet
  let empty: number
  let looked: LookedChain
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let out: string

  before(async () => {
    chain = await startIcpDevnet({ port: 0 })
    empty = await chain.snapshot()
  })
  after(() => chain.stop())
  beforeEach(async () => {
    looked = lookAt(chain)
    folder = await tempFolder()
    out = join(folder.path, 'out.json')
  })
  afterEach(async () => {
    await looked[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
    await chain.revert(empty)
  })

  const argsOf = (url: string, ...args: string[]): string[] => [
    ...['chain', 'deploy', '--chain', 'icp', '--out', out],
    ...['--network', 'local', '--rpc-url', url, ...args],
  ]
  const env = (): Record<string, string> => ({ TEST_KEY: chain.account.pem })
  const run = async (...args: string[]): Promise<Ended> => {
    const ended = await runCli(argsOf(chain.url, ...args), { env: env() })
    // whatever happens, no key is ever shown
    expect(ended.out + ended.err).not.to.include(chain.account.pem.split('\n')[1])
    return ended
  }
  const paid = (...args: string[]): Promise<Ended> => run('--key-env', 'TEST_KEY', '--yes', ...args)

  it('says what it would make, what that costs and who can change it, and changes nothing', async () => {
    const before = await looked.balance()
    const ended = await run('--key-env', 'TEST_KEY', '--dry-run', '--controllers', 'drop', ...json)
    expect(ended.code, ended.err).to.equal(0)
    const [plan] = events(ended) as unknown as [Plan]
    expect(plan.canisters.map(({ name, state }) => `${name} ${state}`)).to.deep.equal([
      'contexts missing',
      'packages missing',
    ])
    expect(BigInt(plan.totalCost)).to.equal(2n * (5n * T + LEDGER_FEE))
    const shown = await run('--dry-run', '--controllers', 'drop')
    expect(shown.out).to.include('10.0002 T cycles').and.include('nobody upgrades')
    expect(await looked.balance()).to.equal(before)
  })

  it('makes, fills and checks each canister, which freezes late, and nothing when it is repeated', async () => {
    const ended = await paid(...json)
    expect(ended.code, ended.err).to.equal(0)
    const steps = events(ended).flatMap(({ event, step, contract }) =>
      event === 'contract' ? [`${String(contract)} ${String(step)}`] : [],
    )
    expect(steps).to.deep.equal(
      ['contexts', 'packages'].flatMap((name) =>
        ['created', 'installed', 'checked'].map((step) => `${name} ${step}`),
      ),
    )
    const deployment = await readDeployment(out)
    expect(deployment.network).to.equal(networkOf(chain.rootKey))
    expect(deployment.rootKey).to.equal(toHex(chain.rootKey))
    const { contexts } = deployment.contracts
    const { codeHash } = releasedModules().contexts
    expect(contexts.codeHash).to.equal(codeHash)
    expect(await looked.canister(contexts.address)).to.deep.equal({
      codeHash,
      controllers: [chain.account.principal],
    })
    await stat(`${out}.creating`).then(
      () => expect.fail('what was being made is done'),
      () => undefined,
    )
    const [text, balance] = [await readFile(out, 'utf8'), await looked.balance()]
    // nothing is paid, so nobody has to agree
    const again = await run('--key-env', 'TEST_KEY')
    expect(again.code, again.err).to.equal(0)
    expect(again.out).to.include('nothing to pay').and.include('unchanged')
    expect(await readFile(out, 'utf8')).to.equal(text)
    expect(await looked.balance()).to.equal(balance)
  })

  it('fills canisters that are named, and refuses one of somebody else or with something in it', async () => {
    const [contexts, packages] = [await looked.makeEmpty(), await looked.makeEmpty()]
    const named = ['--canister', `contexts=${contexts}`, `packages=${packages}`]
    const before = await looked.balance()
    const stranger = join(folder.path, 'stranger.pem')
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
    await writeFile(stranger, privateKey.export({ format: 'pem', type: 'sec1' }), { mode: 0o600 })
    const refused = await run('--key-file', stranger, '--yes', ...named, ...json)
    expect(codeOf(refused)).to.equal('CHAIN_DEPLOY')
    const ended = await paid(...named)
    expect(ended.code, ended.err).to.equal(0)
    expect((await readDeployment(out)).contracts.packages?.address).to.equal(packages)
    expect(await looked.balance()).to.equal(before)
    await rm(out)
    const swapped = ['--canister', `contexts=${packages}`, `packages=${contexts}`]
    expect(codeOf(await paid(...swapped, ...json))).to.equal('CHAIN_DEPLOY')
  })

  it('refuses an account that cannot pay, a key of another kind and a network whose key nobody gave', async () => {
    const poor = join(folder.path, 'poor.pem')
    const pem = { format: 'pem', type: 'pkcs8' } as const
    await writeFile(poor, generateKeyPairSync('ed25519').privateKey.export(pem), { mode: 0o600 })
    expect(codeOf(await run('--key-file', poor, '--yes', ...json))).to.equal('CHAIN_FUNDS')
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    await writeFile(poor, privateKey.export(pem))
    const wrong = await run('--key-file', poor, '--yes', ...json)
    expect(codeOf(wrong)).to.equal('CHAIN_KEY')
    expect(wrong.err).to.include('secp256k1').and.include('P-256')
    const main = await runCli([
      'chain',
      'deploy',
      '--chain',
      'icp',
      '--network',
      'ic',
      '--rpc-url',
      chain.url,
      '--dry-run',
      ...json,
    ])
    expect(codeOf(main)).to.equal('CHAIN_WRONG_NETWORK')
    expect((await run('--dry-run', '--cycles', '0.5')).code).to.equal(2)
  })

  it('fetches the root key from this machine alone: of any other network it has to be given', async () => {
    // the same machine, by a name that says nothing of that
    const url = chain.url.replace('127.0.0.1', '0.0.0.0')
    const at = (...args: string[]): Promise<Ended> =>
      runCli(['chain', 'deploy', '--chain', 'icp', '--network', url, '--dry-run', ...json, ...args])
    const unknown = await at()
    expect([codeOf(unknown), unknown.err.includes('--root-key')]).to.deep.equal(['CLI_USAGE', true])
    expect(codeOf(await at('--root-key', IC_ROOT_KEY))).to.equal('CLI_USAGE')
    const given = await at('--root-key', toHex(chain.rootKey))
    expect(given.code, given.err).to.equal(0)
    const [plan] = events(given) as unknown as [Plan]
    expect(plan.canisters).to.have.length(2)
  })

  it('says when nobody can tell any more whether a canister was made', async () => {
    const { principal: owner } = chain.account
    const creation = { createdAt: String((await chain.now()) - 90_000n * 10n ** 9n), cycles: '5' }
    const content = { network: networkOf(chain.rootKey), owner, canisters: { contexts: creation } }
    await writeFile(`${out}.creating`, JSON.stringify(content))
    const ended = await paid(...json)
    expect(codeOf(ended)).to.equal('CHAIN_DEPLOY')
    expect(ended.err).to.include('older than a day').and.include('--canister')
    await stat(`${out}.creating`)
  })

  it('sends a module in parts that is longer than a message, and of these what is missing', async () => {
    const { contexts } = releasedModules()
    const module = otherRelease(contexts, undefined, randomBytes(2_500_000).toString('base64'))
    const canister = bytesOf(await looked.makeEmpty())
    const installation = {
      canister,
      module,
      mode: 'install',
      arg: initArgument('ic', undefined),
    } as const
    const chunk = module.bytes.subarray(0, MAX_CHUNK_BYTES)
    const about = { canister_id: Principal.fromUint8Array(canister) }
    await manage(looked.calls, canister, 'upload_chunk', { ...about, chunk })
    await install(looked.calls, installation)
    await checkInstalled(looked.calls, 'contexts', canister, module)
    expect(await manage(looked.calls, canister, 'stored_chunks', about)).to.deep.equal([])
  })

  it('knows its canisters still when it could not write down where they are', async () => {
    const before = await looked.balance()
    await mkdir(`${out}.new`)
    const failed = await paid(...json)
    expect(codeOf(failed)).to.equal('CHAIN_DEPLOYMENT')
    await rm(`${out}.new`, { recursive: true })
    const again = await paid(...json)
    expect(again.code, again.err).to.equal(0)
    expect(before - (await looked.balance())).to.equal(2n * (5n * T + LEDGER_FEE))
    expect(await stat(`${out}.creating`).catch(() => undefined), 'no journal').to.equal(undefined)
  })

  it('is one deployment, wherever it was killed before: the same canisters, paid once', async () => {
    await using endpoint = await startFaultyHttp(chain.url)
    const before = await looked.balance()
    const args = argsOf(endpoint.url, '--key-env', 'TEST_KEY', '--yes', '--controllers', 'drop')
    const seen = new Set<string>()
    const noteJournal = async (): Promise<void> => {
      const text = await readFile(`${out}.creating`, 'utf8').catch(() => '')
      for (const [id] of text.matchAll(/[a-z2-7]{5}(?:-[a-z2-7]{5}){3}-cai/g)) seen.add(id)
    }
    // each run goes on where the one before it ended, and is killed at the next thing that it sends
    for (const [method, isForwarded] of [
      ['create_canister', false],
      ['create_canister', true],
      ['install_code', true],
      ['create_canister', true],
      ['install_code', true],
      ['update_settings', true],
      ['update_settings', true],
    ] as const) {
      const cli = startCli(args, { env: env() })
      endpoint.rules({
        when: ({ request: { path, body } }) =>
          path.endsWith('/call') && Buffer.from(body).includes(method),
        fault: {
          kind: 'answer',
          async make(asked, forward) {
            if (isForwarded) await forward(asked)
            cli.child.kill('SIGKILL')
            await cli.ended
            return { status: 200, headers: {}, body: '' }
          },
        },
      })
      const ended = await cli.ended
      expect(ended.signal, `${method}: ${ended.err}`).to.equal('SIGKILL')
      await noteJournal()
      expect(await stat(out).catch(() => undefined), 'no file').to.equal(undefined)
    }
    endpoint.rules()
    const again = await paid('--controllers', 'drop', ...json)
    expect(again.code, again.err).to.equal(0)
    expect(
      events(again).filter(({ step }) => step !== 'checked' && step !== undefined),
    ).to.deep.equal([])
    const { contexts, packages } = (await readDeployment(out)).contracts
    expect([...seen]).to.have.members([contexts.address, packages?.address])
    expect(before - (await looked.balance())).to.equal(2n * (5n * T + LEDGER_FEE))
    expect((await looked.canister(contexts.address))?.controllers).to.deep.equal([])
  })
})

describe('merogate chain with the Internet Computer', function () {
  this.timeout(60_000)
  let chain: IcpDevnet
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let file: string

  before(async () => {
    chain = await startIcpDevnet({ port: 0 })
    folder = await tempFolder()
    file = join(folder.path, 'local.deployment.json')
    await deployments.write(file, await deployOn(chain))
  })
  after(async () => {
    await chain.stop()
    await folder[Symbol.asyncDispose]()
  })

  const run = (args: readonly string[]): Promise<Ended> =>
    runCli(args, { env: { MEROGATE_HOME: folder.path, TEST_KEY: chain.account.pem } })
  const doctor = async (
    ...args: string[]
  ): Promise<{ code: number | null; checks: readonly Check[] }> => {
    const { code, out, err } = await run(['chain', 'doctor', ...json, ...args])
    if (out === '') return expect.fail(err)
    return { code, checks: (JSON.parse(out) as { checks: Check[] }).checks }
  }
  const levelOf = (checks: readonly Check[], name: string): readonly string[] =>
    checks.filter((check) => check.name === name).map(({ level }) => level)

  it('shows endpoints, canisters, who controls them and how long their cycles last', async () => {
    const urls = ['--rpc-url', chain.url, '--rpc-url', DEAD_URL]
    const { code, out, err } = await run(['chain', 'status', '--deployment', file, ...urls])
    expect(code, err).to.equal(0)
    expect(out).to.include(networkOf(chain.rootKey)).and.include('unreachable')
    expect(out).to.include('days').and.include('0 of 1000').and.include(chain.account.principal)
    expect(out).to.include('nobody who calls pays')
  })

  it('warns of controllers, and of nothing else where nothing is wrong', async () => {
    const { code, checks } = await doctor('--deployment', file, '--rpc-url', chain.url)
    expect(code).to.equal(0)
    const warned = checks.filter(({ level }) => level !== 'ok').map(({ name }) => name)
    expect(warned).to.deep.equal(['controllers', 'controllers'])
    expect(levelOf(checks, 'account'), 'nobody pays').to.deep.equal([])
    const dead = await doctor('--deployment', file, '--rpc-url', DEAD_URL)
    expect([dead.code, levelOf(dead.checks, 'endpoint')]).to.deep.equal([1, ['fail']])
  })

  it('tells that nothing new is made below the reserve, and that a canister is frozen', async () => {
    const before = await chain.snapshot()
    const { contexts, packages } = (await readDeployment(file)).contracts
    await chain.setCycles(contexts.address, T / 2n)
    // of more than a billion that ninety days take
    await chain.setCycles(packages?.address ?? '', 100_000_000n)
    const { code, checks } = await doctor('--deployment', file, '--rpc-url', chain.url)
    await chain.revert(before)
    expect(code).to.equal(1)
    expect(levelOf(checks, 'creations')).to.deep.equal(['warn'])
    expect(levelOf(checks, 'cycles')).to.deep.equal(['ok', 'fail'])
    expect(checks.find(({ level }) => level === 'fail')?.next).to.include('send cycles')
  })

  it('fails where the canisters are not, or others are, or the root key is another', async () => {
    const wrong = join(folder.path, 'wrong.json')
    const right = await readDeployment(file)
    const { contexts, packages = contexts } = right.contracts
    for (const [deployment, name] of [
      [{ ...right, contracts: { contexts: { address: CYCLES_LEDGER } } }, 'contracts'],
      [{ ...right, contracts: { contexts: packages } }, 'release'],
    ] as const) {
      await deployments.write(wrong, deployment)
      const { code, checks } = await doctor('--deployment', wrong, '--rpc-url', chain.url)
      expect([code, levelOf(checks, name)], name).to.deep.equal([1, ['fail']])
    }
    const { rootKey: _, ...main } = right
    await deployments.write(wrong, { ...main, network: 'ic' })
    const { code, checks } = await doctor('--deployment', wrong, '--rpc-url', chain.url)
    expect([code, levelOf(checks, 'endpoint')]).to.deep.equal([1, ['fail']])
  })

  describe('upgrade', () => {
    let before: number
    let path: string

    beforeEach(async () => {
      before = await chain.snapshot()
      path = join(folder.path, 'older.json')
    })
    afterEach(() => chain.revert(before))

    const older = async (candid?: (text: string) => string): Promise<void> => {
      const { contexts, packages } = releasedModules()
      const modules = { contexts: otherRelease(contexts, candid), packages }
      await deployments.write(path, await deployOn(chain, modules))
    }
    const upgrade = (...args: string[]): Promise<Ended> =>
      run([
        ...['chain', 'upgrade', '--chain', 'icp', '--deployment', path, '--rpc-url', chain.url],
        ...['--key-env', 'TEST_KEY', ...json, ...args],
      ])

    it('brings canisters to this release, and does nothing when it is repeated', async () => {
      await older()
      const { contexts } = (await readDeployment(path)).contracts
      expect(codeOf(await upgrade()), 'somebody has to agree').to.equal('CLI_USAGE')
      const done = await upgrade('--yes')
      expect(done.code, done.err).to.equal(0)
      const { codeHash } = releasedModules().contexts
      await using looked = lookAt(chain)
      expect((await looked.canister(contexts.address))?.codeHash).to.equal(codeHash)
      expect((await readDeployment(path)).contracts.contexts.codeHash).to.equal(codeHash)
      const again = await upgrade()
      expect(events(again).filter(({ step }) => step === 'upgraded')).to.deep.equal([])
      expect(again.code, again.err).to.equal(0)
    })

    it('refuses what takes something away, before anything is sent', async () => {
      await older((text) => text.replace('apply :', 'apply_all : () -> ();\n  apply :'))
      const { contexts } = (await readDeployment(path)).contracts
      const refused = await upgrade('--yes')
      expect(codeOf(refused)).to.equal('CHAIN_DEPLOY')
      expect(refused.err).to.include('apply_all is gone')
      await using looked = lookAt(chain)
      expect((await looked.canister(contexts.address))?.codeHash).to.equal(contexts.codeHash)
    })

    it('refuses a canister that the file does not know, and one that is somebody else’s', async () => {
      await older()
      const { contexts, packages } = (await readDeployment(path)).contracts
      const right = await readDeployment(path)
      const unknown = {
        contexts: { address: contexts.address, codeHash: '00'.repeat(32) },
        packages,
      }
      await deployments.write(path, { ...right, contracts: unknown })
      const refused = await upgrade('--yes')
      expect([codeOf(refused), refused.err.includes('no canister of ours')]).to.deep.equal([
        'CHAIN_DEPLOY',
        true,
      ])
      await deployments.write(path, right)
      const stranger = join(folder.path, 'stranger.pem')
      const { privateKey } = generateKeyPairSync('ed25519')
      await writeFile(stranger, privateKey.export({ format: 'pem', type: 'pkcs8' }), {
        mode: 0o600,
      })
      const other = await run([
        ...['chain', 'upgrade', '--chain', 'icp', '--deployment', path, '--rpc-url', chain.url],
        ...['--key-file', stranger, '--yes', ...json],
      ])
      expect([codeOf(other), other.err.includes('no controller')]).to.deep.equal([
        'CHAIN_DEPLOY',
        true,
      ])
    })
  })

  it('serves a chain with the canisters on it, to which a node can be pointed', async () => {
    const out = join(folder.path, 'served.json')
    const args = ['chain', 'run', '--chain', 'icp', '--port', '0', '--out', out]
    await using cli = startCli([...args, ...json])
    const ready = JSON.parse((await cli.line()) ?? '') as { url: string; rootKey: string }
    expect(ready).to.have.property('event', 'ready')
    expect((await readDeployment(out)).rootKey).to.equal(ready.rootKey)
    const init = await run([
      ...['node', 'init', '--home', join(folder.path, 'home'), '--chain', 'icp'],
      ...['--rpc-url', ready.url, '--deployment', out],
    ])
    expect(init.code, init.err).to.equal(0)
    const config = await readFile(join(folder.path, 'home/default/config.toml'), 'utf8')
    expect(config).to.include('[anchor.icp]').and.not.include('key_')
  })
})
