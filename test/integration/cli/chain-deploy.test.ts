import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Wallet } from 'ethers'
import { deployWith } from '../../../src/chains/ethereum/deploy/deploy.ts'
import { DEPLOYER } from '../../../src/chains/ethereum/constants.ts'
import { deployments, readDeployment } from '../../../src/chains/ethereum/deploy/deployment.ts'
import { abiOf } from '../../../src/chains/ethereum/contracts/codec.ts'
import { planDeployment } from '../../../src/chains/ethereum/deploy/plan.ts'
import { type EthereumDevnet, startEthereumDevnet } from '../../../src/devnet/ethereum/index.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { type Ended, runCli } from '../../support/cli.ts'
import { tempFolder } from '../../support/temp-folder.ts'

/** An account that nobody has sent anything to. */
const POOR_KEY = `0x${'42'.repeat(32)}`
const GWEI = 1_000_000_000

interface Plan {
  event: string
  contracts: { name: string; address: string; isPresent: boolean; gas: string }[]
  deployer?: { value: string }
  account?: { address: string; balance: string }
  estimate: string
  totalGas: string
}

describe('merogate chain deploy', function () {
  this.timeout(30_000)
  let chain: EthereumDevnet
  let empty: unknown
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let out: string

  before(async () => {
    chain = await startEthereumDevnet({ port: 0 })
    empty = await chain.send('evm_snapshot')
  })
  after(() => chain.stop())
  beforeEach(async () => {
    folder = await tempFolder()
    out = join(folder.path, 'out.json')
  })
  afterEach(async () => {
    await folder[Symbol.asyncDispose]()
    await chain.send('evm_revert', [empty])
    empty = await chain.send('evm_snapshot')
  })

  const run = async (args: readonly string[], key?: string): Promise<Ended> => {
    const ended = await runCli(['chain', 'deploy', '--out', out, ...args], {
      env: { TEST_KEY: key ?? chain.accounts[0].privateKey },
    })
    // whatever happens, no key is ever shown
    const secret = key ?? chain.accounts[0].privateKey
    expect(ended.out + ended.err).not.to.include(secret.slice(2))
    return ended
  }
  const local = (...args: string[]): string[] => [
    '--network',
    'local',
    '--rpc-url',
    chain.url,
    ...args,
  ]
  const paid = (...args: string[]): string[] => local('--key-env', 'TEST_KEY', '--yes', ...args)
  const events = ({ out: text }: Ended): Record<string, unknown>[] =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  const codeOf = ({ err }: Ended): unknown =>
    (JSON.parse(err.trim().split('\n').at(-1) ?? '') as { error: { code: string } }).error.code
  const height = async (): Promise<number> => Number(await chain.send('eth_blockNumber'))
  const exists = (path: string): Promise<boolean> =>
    stat(path).then(
      () => true,
      () => false,
    )

  it('says what it would make and what that costs, and changes nothing', async () => {
    const ended = await run(local('--dry-run', '--output-format', 'json'))
    expect(ended.code, ended.err).to.equal(0)
    const [plan] = events(ended) as unknown as [Plan]
    expect(plan.contracts.map(({ name }) => name)).to.deep.equal([
      'IdentityRegistry',
      'ContextAnchor',
      'PackageRegistry',
    ])
    for (const { isPresent, gas } of plan.contracts) {
      expect(isPresent).to.equal(false)
      expect(Number(gas)).to.be.greaterThan(1_000_000)
    }
    expect(plan).to.include({ event: 'plan', estimate: 'plain' })
    expect(plan.deployer?.value).to.equal(String(DEPLOYER.funding))
    expect(plan.account).to.equal(undefined)
    expect(await height()).to.equal(0)
    expect(await exists(out)).to.equal(false)

    const shown = await run(local('--dry-run', '--from', chain.accounts[0].address))
    expect(shown.out).to.include('to be made').and.include(chain.accounts[0].address)
    expect(shown.out).to.include('enough')
  })

  it('makes all contracts on an empty chain, and nothing when it is repeated', async () => {
    const ended = await run(paid('--output-format', 'json'))
    expect(ended.code, ended.err).to.equal(0)
    const made = events(ended).filter(({ event }) => event === 'contract')
    expect(made).to.have.length(3)
    const deployment = await readDeployment(out)
    expect(deployment).to.include({ network: 'local', chainId: chain.chainId })
    const { identityRegistry, contextAnchor, packageRegistry } = deployment.contracts
    for (const contract of [identityRegistry, contextAnchor, packageRegistry]) {
      expect(contract?.transaction).to.match(/^0x/)
      expect(await chain.send('eth_getCode', [contract?.address])).not.to.equal('0x')
    }
    expect(await chain.send('eth_getCode', [DEPLOYER.address])).not.to.equal('0x')

    const before = { height: await height(), text: await readFile(out, 'utf8') }
    // nothing is paid, so nobody has to agree
    const again = await run(local('--key-env', 'TEST_KEY'))
    expect(again.code, again.err).to.equal(0)
    expect(again.out).to.include('nothing to pay').and.include('unchanged')
    expect({ height: await height(), text: await readFile(out, 'utf8') }).to.deep.equal(before)
  })

  it('costs about what the plan said', async () => {
    const before = BigInt(String(await chain.send('eth_getBalance', [chain.accounts[0].address])))
    const [plan] = events(await run(paid('--output-format', 'json'))) as unknown as [
      Plan & { totalCost: string },
    ]
    const after = BigInt(String(await chain.send('eth_getBalance', [chain.accounts[0].address])))
    const ratio = Number(before - after) / Number(plan.totalCost)
    // the base fee of a quiet chain falls meanwhile
    expect(ratio).to.be.within(0.6, 1.1)
  })

  it('names the network of a bare endpoint by its chain', async () => {
    await using other = await startEthereumDevnet({ port: 0, chainId: 4242 })
    const args = ['--network', other.url, '--dry-run', '--output-format', 'json']
    expect(events(await run(args))[0]).to.include({ network: 'chain-4242', chainId: 4242 })

    const mixed = await run([
      '--network',
      other.url,
      '--rpc-url',
      chain.url,
      '--dry-run',
      '--output-format',
      'json',
    ])
    expect(codeOf(mixed)).to.equal('CHAIN_WRONG_NETWORK')
  })

  it('refuses another chain than the one that is named, before anything is sent', async () => {
    const args = ['--network', 'sepolia', '--rpc-url', chain.url, '--key-env', 'TEST_KEY', '--yes']
    const ended = await run([...args, '--output-format', 'json'])
    expect(ended.code).to.equal(1)
    expect(codeOf(ended)).to.equal('CHAIN_WRONG_NETWORK')
    expect(await height()).to.equal(0)
    expect(await exists(out)).to.equal(false)
  })

  it('refuses an account that cannot pay, and a fee above the ceiling, before anything is sent', async () => {
    const poor = await run(paid('--output-format', 'json'), POOR_KEY)
    expect(codeOf(poor)).to.equal('CHAIN_FUNDS')
    expect(poor.err).to.include(new Wallet(POOR_KEY).address)

    await chain.send('hardhat_setNextBlockBaseFeePerGas', [`0x${(50 * GWEI).toString(16)}`])
    const dear = await run(paid('--max-fee-gwei', '10', '--output-format', 'json'))
    expect(codeOf(dear)).to.equal('CHAIN_FEE')
    const look = await run(local('--dry-run', '--max-fee-gwei', '10'))
    expect(look.code).to.equal(0)
    expect(look.out).to.include('above the ceiling')
    expect(await height()).to.equal(0)
  })

  it('waits rather than fund a deployer whose transaction no block takes', async () => {
    await chain.send('hardhat_setNextBlockBaseFeePerGas', [`0x${(120 * GWEI).toString(16)}`])
    const ended = await run(paid('--output-format', 'json'))
    expect(codeOf(ended)).to.equal('CHAIN_FEE')
    expect(await height()).to.equal(0)
  })

  it('goes on where an interrupted deployment ended', async () => {
    const [first] = planDeployment()
    const interrupted = deployWith({
      rpcUrls: [chain.url],
      key: chain.accounts[0].privateKey,
      network: 'local',
      chainId: chain.chainId,
      finality: 0,
      clock: systemClock,
      logger: silentLogger,
      onContract: ({ name }) => {
        throw new RangeError(`interrupted after ${name}`)
      },
    })
    await interrupted.then(
      () => expect.fail('expected an interruption'),
      (error: unknown) => expect(String(error)).to.include('interrupted'),
    )
    const ended = await run(paid('--output-format', 'json'))
    expect(ended.code, ended.err).to.equal(0)
    const [plan, ...others] = events(ended)
    expect((plan as unknown as Plan).contracts.map(({ isPresent }) => isPresent)).to.deep.equal([
      true,
      false,
      false,
    ])
    expect((plan as unknown as Plan).estimate).to.equal('creation')
    expect(others.filter(({ event }) => event === 'contract')).to.have.length(2)
    const { contracts } = await readDeployment(out)
    expect(contracts.identityRegistry).to.deep.equal({ address: first?.address })
    expect(contracts.contextAnchor.height).to.be.a('number')
  })

  it('makes a contract beside another one, whose groups may move to it', async () => {
    expect((await run(paid())).code).to.equal(0)
    const { contracts: before } = await readDeployment(out)
    const to = ['--predecessor', before.contextAnchor.address, '--force']
    const ended = await run(paid(...to))
    expect(ended.code, ended.err).to.equal(0)
    const { contracts } = await readDeployment(out)
    expect(contracts.identityRegistry.address).to.equal(before.identityRegistry.address)
    expect(contracts.contextAnchor.address).not.to.equal(before.contextAnchor.address)
    const data = abiOf('ContextAnchor').encodeFunctionData('predecessor')
    const call = { to: contracts.contextAnchor.address, data }
    const told = String(await chain.send('eth_call', [call, 'latest']))
    expect(told.slice(26)).to.equal(before.contextAnchor.address.slice(2).toLowerCase())
    expect(codeOf(await run(paid('--predecessor', '0x12', '--output-format', 'json')))).to.equal(
      'CLI_USAGE',
    )
  })

  it('keeps a file that holds something else, unless told to replace it', async () => {
    await writeFile(out, '{"some":"thing"}\n')
    const other = await run(paid('--output-format', 'json'))
    expect(codeOf(other)).to.equal('CLI_FILE')
    expect(await height()).to.equal(0)
    expect((await run(paid('--force'))).code).to.equal(0)

    const deployment = await readDeployment(out)
    await deployments.write(out, { ...deployment, chainId: 1 })
    expect(codeOf(await run(paid('--output-format', 'json')))).to.equal('CLI_FILE')
    // the name by which a group knows its network stays
    await deployments.write(out, { ...deployment, network: 'ours' })
    expect((await run(paid())).code).to.equal(0)
    expect((await readDeployment(out)).network).to.equal('ours')
  })

  it('finds out that it cannot write before it sends', async () => {
    const ended = await runCli(
      [
        'chain',
        'deploy',
        ...paid('--output-format', 'json'),
        '--out',
        join(folder.path, 'no/x.json'),
      ],
      { env: { TEST_KEY: chain.accounts[0].privateKey } },
    )
    expect(codeOf(ended)).to.equal('CLI_FILE')
    expect(await height()).to.equal(0)
  })

  it('asks, and sends nothing where nobody is there to agree', async () => {
    const ended = await run(local('--key-env', 'TEST_KEY'))
    expect(ended.code).to.equal(2)
    expect(ended.out).to.include('total')
    expect(ended.err).to.include('--yes')
    expect(await height()).to.equal(0)
  })

  it('takes the key from a file of its owner, and says what is wrong with others', async () => {
    const file = join(folder.path, 'account.key')
    const withFile = (...args: string[]): Promise<Ended> =>
      run(local('--key-file', file, '--output-format', 'json', ...args))
    expect(codeOf(await withFile('--yes'))).to.equal('CHAIN_KEY')
    await writeFile(file, 'no key at all: secret words\n', { mode: 0o600 })
    const malformed = await withFile('--yes')
    expect(codeOf(malformed)).to.equal('CHAIN_KEY')
    expect(malformed.err).not.to.include('secret words')
    await writeFile(file, `${chain.accounts[0].privateKey}\n`)
    await chmod(file, 0o644)
    expect(codeOf(await withFile('--yes'))).to.equal('CHAIN_KEY')
    await chmod(file, 0o600)
    const ended = await withFile('--yes')
    expect(ended.code, ended.err).to.equal(0)
    expect(codeOf(await run(local('--key-env', 'NOT_SET', '--output-format', 'json')))).to.equal(
      'CHAIN_KEY',
    )
  })

  const WRONG: readonly (readonly string[])[] = [
    [],
    ['--network', 'moon', '--dry-run'],
    ['--network', 'sepolia', '--dry-run'],
    ['--network', 'local'],
    ['--network', 'local', '--key-env', 'A', '--key-file', 'b'],
    ['--network', 'local', '--dry-run', '--from', '0x12'],
    ['--network', 'local', '--dry-run', '--max-fee-gwei', '0'],
    ['--network', 'local', '--dry-run', '--finality', 'soon'],
    ['--network', 'local', '--dry-run', '--rpc-url', 'ftp://127.0.0.1'],
  ]
  for (const args of WRONG) {
    it(`ends with 2 for deploy ${args.join(' ')}`, async () => {
      const { code, err } = await run(args)
      expect(code, err).to.equal(2)
    })
  }
})
