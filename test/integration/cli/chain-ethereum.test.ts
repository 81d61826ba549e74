import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Wallet } from 'ethers'
import type { Check } from '../../../src/chains/shared/checks.ts'
import {
  deployments,
  parseDeployment,
  readDeployment,
} from '../../../src/chains/ethereum/deploy/deployment.ts'
import { type EthereumDevnet, startEthereumDevnet } from '../../../src/devnet/ethereum/index.ts'
import { type Ended, runCli, startCli } from '../../support/cli.ts'
import { startTestChain, type EthereumTestChain } from '../../support/ethereum.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const POOR_KEY = `0x${'42'.repeat(32)}`
/** Nobody listens there. */
const DEAD_URL = 'http://127.0.0.1:9'

describe('merogate chain with Ethereum', function () {
  this.timeout(30_000)
  let chain: EthereumTestChain
  let other: EthereumDevnet
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let file: string

  before(async () => {
    chain = await startTestChain()
    other = await startEthereumDevnet({ port: 0, chainId: 4242 })
    folder = await tempFolder()
    file = join(folder.path, 'local.deployment.json')
    await deployments.write(file, chain.deployment)
  })
  after(async () => {
    await chain.stop()
    await other.stop()
    await folder[Symbol.asyncDispose]()
  })
  afterEach(() => chain.reset())

  const run = (args: readonly string[], key: string = chain.key(1)): Promise<Ended> =>
    runCli(args, { env: { MEROGATE_HOME: folder.path, TEST_KEY: key } })
  const doctor = async (
    args: readonly string[],
    key?: string,
  ): Promise<{ code: number | null; checks: Check[] }> => {
    const command = ['chain', 'doctor', '--output-format', 'json']
    const { code, out, err } = await run([...command, ...args], key)
    if (out === '') return expect.fail(err)
    const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: Check[] }
    expect(ok).to.equal(code === 0)
    return { code, checks }
  }
  const given = (...urls: string[]): string[] => [
    ...['--deployment', file, '--key-env', 'TEST_KEY'],
    ...urls.flatMap((url) => ['--rpc-url', url]),
  ]
  const levelOf = (checks: readonly Check[], name: string): readonly string[] =>
    checks.filter((check) => check.name === name).map(({ level }) => level)

  describe('status', () => {
    it('shows endpoints, contracts, account and costs', async () => {
      const { url } = chain.devnet
      const { code, out, err } = await run(['chain', 'status', ...given(url, DEAD_URL)])
      expect(code, err).to.equal(0)
      expect(out).to.include('local, chain 31337').and.include('unreachable')
      expect(out).to.include(chain.deployment.contracts.contextAnchor.address)
      expect(out).to.include(new Wallet(chain.key(1)).address)
      expect(out).to.include('add a member').and.include('ETH')
      expect(out).not.to.include(chain.key(1).slice(2))
    })

    it('prints the same as JSON', async () => {
      const args = ['chain', 'status', '--output-format', 'json', ...given(chain.devnet.url)]
      const report = JSON.parse((await run(args)).out) as Record<string, unknown>
      expect(report).to.include({ protocol: 'ethereum', network: 'local', chainId: 31_337 })
      expect(report['endpoints']).to.have.length(1)
      expect(report['state']).to.have.nested.property('account.pending', 0)
    })

    it('says so when no endpoint can be used', async () => {
      const { code, out } = await run(['chain', 'status', ...given(other.url, DEAD_URL)])
      expect(code).to.equal(0)
      expect(out).to.include('wrong-chain').and.include('no endpoint can be used')
    })
  })

  describe('doctor', () => {
    it('finds nothing wrong where nothing is', async () => {
      const { url, wsUrl } = chain.devnet
      const { code, checks } = await doctor([...given(url, url), '--ws-url', wsUrl])
      expect(checks.filter(({ level }) => level !== 'ok')).to.deep.equal([])
      expect(code).to.equal(0)
      expect(checks.map(({ name }) => name)).to.include.members([
        ...['configuration', 'key', 'deployment', 'endpoint', 'subscription', 'agreement', 'clock'],
        ...['contracts', 'registry', 'fee', 'balance', 'pending'],
      ])
    })

    it('warns of an endpoint that is dead, and fails when all are', async () => {
      const one = await doctor(given(DEAD_URL, chain.devnet.url))
      expect(levelOf(one.checks, 'endpoint')).to.deep.equal(['warn', 'ok'])
      expect(one.code).to.equal(0)
      const all = await doctor(given(DEAD_URL))
      expect(levelOf(all.checks, 'endpoint')).to.deep.equal(['fail'])
      expect(all.code).to.equal(1)
    })

    it('fails at an endpoint of another chain', async () => {
      const { code, checks } = await doctor(given(chain.devnet.url, other.url))
      expect(levelOf(checks, 'endpoint')).to.deep.equal(['ok', 'fail'])
      expect(code).to.equal(1)
    })

    it('fails where the contracts are not, or others are', async () => {
      const { contracts } = chain.deployment
      const wrong = join(folder.path, 'wrong.json')
      const nothing = { address: `0x${'12'.repeat(20)}` }
      await deployments.write(wrong, {
        ...chain.deployment,
        contracts: { ...contracts, contextAnchor: nothing },
      })
      const args = ['--deployment', wrong, '--rpc-url', chain.devnet.url]
      const { code, checks } = await doctor(args)
      expect(levelOf(checks, 'contracts')).to.deep.equal(['fail'])
      expect(levelOf(checks, 'registry')).to.deep.equal(['fail'])
      expect(levelOf(checks, 'release')).to.deep.equal([])
      expect(code).to.equal(1)

      await deployments.write(wrong, {
        ...chain.deployment,
        contracts: { ...contracts, identityRegistry: contracts.contextAnchor },
      })
      const other = await doctor(args)
      expect(levelOf(other.checks, 'registry')).to.deep.equal(['fail'])
      expect(levelOf(other.checks, 'release')).to.deep.equal(['fail'])
    })

    it('compares the clocks', async () => {
      await chain.devnet.send('evm_increaseTime', [120])
      const off = await doctor(given(chain.devnet.url))
      expect(levelOf(off.checks, 'clock')).to.deep.equal(['warn'])
      await chain.devnet.send('evm_increaseTime', [3600])
      const far = await doctor(given(chain.devnet.url))
      expect(levelOf(far.checks, 'clock')).to.deep.equal(['fail'])
      expect(far.code).to.equal(1)
    })

    it('looks at the account: empty, poor, with transactions that wait', async () => {
      const empty = await doctor(given(chain.devnet.url), POOR_KEY)
      expect(levelOf(empty.checks, 'balance')).to.deep.equal(['fail'])
      const { address } = new Wallet(chain.key(1))
      await chain.devnet.send('hardhat_setBalance', [address, `0x${(10n ** 15n).toString(16)}`])
      const poor = await doctor([...given(chain.devnet.url), '--operations', '1000'])
      expect(levelOf(poor.checks, 'balance')).to.deep.equal(['warn'])
      await chain.devnet.send('evm_setAutomine', [false])
      try {
        await chain.devnet.send('eth_sendTransaction', [{ from: address, to: address }])
        const stuck = await doctor(given(chain.devnet.url))
        expect(levelOf(stuck.checks, 'pending')).to.deep.equal(['warn'])
      } finally {
        await chain.devnet.send('evm_setAutomine', [true])
      }
    })

    it('compares the ceiling with the fee', async () => {
      await chain.devnet.send('hardhat_setNextBlockBaseFeePerGas', ['0x2540be400'])
      const { code, checks } = await doctor([...given(chain.devnet.url), '--max-fee-gwei', '5'])
      expect(levelOf(checks, 'fee')).to.deep.equal(['fail'])
      expect(code).to.equal(1)
      const tight = await doctor([...given(chain.devnet.url), '--max-fee-gwei', '12'])
      expect(levelOf(tight.checks, 'fee')).to.deep.equal(['warn'])
    })

    it('names what cannot be read, and goes on with the rest', async () => {
      const { checks } = await doctor(given(chain.devnet.url), 'not a key')
      expect(levelOf(checks, 'key')).to.deep.equal(['fail'])
      expect(levelOf(checks, 'contracts')).to.deep.equal(['ok'])
      const none = join(folder.path, 'none.json')
      const missing = await doctor(['--deployment', none, '--rpc-url', chain.devnet.url])
      expect(levelOf(missing.checks, 'deployment')).to.deep.equal(['fail'])
    })

    it('warns of an endpoint without subscriptions', async () => {
      const { checks } = await doctor([...given(chain.devnet.url), '--ws-url', 'ws://127.0.0.1:9'])
      expect(levelOf(checks, 'subscription')).to.deep.equal(['warn'])
    })
  })

  describe('the configuration of a node', () => {
    const init = (...args: string[]): Promise<Ended> =>
      run(['--node', 'eve', 'node', 'init', '--force', '--chain', 'ethereum', ...args])

    it('is written by node init, and looked at by status and doctor', async () => {
      const made = await init(
        ...['--rpc-url', chain.devnet.url, '--deployment', file, '--key-env', 'TEST_KEY'],
        ...['--confirmations', '0'],
      )
      expect(made.code, made.err).to.equal(0)
      const toml = await readFile(join(folder.path, 'eve/config.toml'), 'utf8')
      expect(toml).to.include('[anchor.ethereum]').and.include('confirmations = 0')
      expect((await run(['--node', 'eve', 'chain', 'status'])).out).to.include('0 blocks above')
      const { code, checks } = await doctor(['--node', 'eve'])
      expect(checks.filter(({ level }) => level !== 'ok')).to.deep.equal([])
      expect(code).to.equal(0)
    })

    it('needs endpoints and a deployment that can be read', async () => {
      expect((await init()).code).to.equal(2)
      expect((await init('--rpc-url', chain.devnet.url)).code).to.equal(2)
      const broken = join(folder.path, 'broken.json')
      await writeFile(broken, '{}')
      const ended = await init('--rpc-url', chain.devnet.url, '--deployment', broken)
      expect(ended.code).to.equal(1)
      expect(ended.err).to.include('CHAIN_DEPLOYMENT')
    })

    it('may name a local anchor, which answers or not', async () => {
      await run(['--node', 'loc', 'node', 'init', '--anchor-url', DEAD_URL])
      const { code, checks } = await doctor(['--node', 'loc'])
      expect(levelOf(checks, 'local')).to.deep.equal(['fail'])
      expect(code).to.equal(1)
      expect((await run(['--node', 'loc', 'chain', 'status'])).out).to.include('does not answer')
    })

    it('may be broken, or not there', async () => {
      expect((await run(['--node', 'nobody', 'chain', 'doctor'])).code).to.equal(2)
      await writeFile(join(folder.path, 'eve/config.toml'), 'not = [toml')
      const { code, checks } = await doctor(['--node', 'eve'])
      expect(levelOf(checks, 'configuration')).to.deep.equal(['fail'])
      expect(code).to.equal(1)
    })

    it('is not mixed with flags', async () => {
      const { code } = await run(['chain', 'status', '--rpc-url', chain.devnet.url])
      expect(code).to.equal(2)
    })
  })

  describe('run', () => {
    it('serves a chain with the contracts until a signal comes', async () => {
      const path = join(folder.path, 'run.json')
      const args = ['chain', 'run', '--chain', 'ethereum', '--port', '0', '--out', path]
      await using cli = startCli([...args, '--output-format', 'json'], {
        env: { MEROGATE_HOME: folder.path },
      })
      const ready = JSON.parse((await cli.line()) ?? '') as {
        url: string
        deployment: unknown
        accounts: { address: string }[]
      }
      expect(parseDeployment(ready.deployment, 'stdout')).to.deep.equal(await readDeployment(path))
      expect(ready.accounts).to.have.length(4)
      const { code, checks } = await doctor(['--deployment', path, '--rpc-url', ready.url])
      expect(code, JSON.stringify(checks)).to.equal(0)
      cli.child.kill('SIGINT')
      expect((await cli.ended).code).to.equal(0)
    })

    it('serves an empty chain to deploy to', async () => {
      await using cli = startCli([
        ...['chain', 'run', '--chain', 'ethereum', '--empty', '--port', '0'],
        ...['--output-format', 'json'],
      ])
      const { url } = JSON.parse((await cli.line()) ?? '') as { url: string }
      const { out } = await run(['chain', 'deploy', '--network', url, '--dry-run'])
      expect(out).to.include('to be made')
      cli.child.kill('SIGINT')
      expect((await cli.ended).code).to.equal(0)
    })

    it('tells people how to point a node at it', async () => {
      const path = join(folder.path, 'run.json')
      const args = ['chain', 'run', '--chain', 'ethereum', '--port', '0', '--out', path]
      await using cli = startCli(args)
      let line = await cli.line()
      while (line !== undefined && !line.includes('node init')) line = await cli.line()
      expect(line).to.include(`--deployment ${path}`).and.include('--confirmations 0')
      cli.child.kill('SIGTERM')
      const { code, out } = await cli.ended
      expect(code).to.equal(0)
      expect(out).to.include('everybody knows these keys')
    })
  })
})
