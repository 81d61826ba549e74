import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Address, Keypair, Operation, type rpc } from '@stellar/stellar-sdk'
import { expect } from 'chai'
import { PASSPHRASES } from '../../../src/chains/stellar/constants.ts'
import { codeHashOf, codeOf } from '../../../src/chains/stellar/contracts/artifacts.ts'
import {
  type Deployment,
  deployments,
  readDeployment,
} from '../../../src/chains/stellar/deploy/deployment.ts'
import { planDeployment, saltOf } from '../../../src/chains/stellar/deploy/plan.ts'
import type { Check } from '../../../src/chains/shared/checks.ts'
import { domainOf } from '../../../src/chains/stellar/domain.ts'
import { deployOn } from '../../../src/cli/chains/stellar/local-chain.ts'
import type { StellarDevnet } from '../../../src/devnet/stellar/index.ts'
import { envelopeCodec } from '../../../src/node/anchor/envelope.ts'
import { ED25519_SCHEME } from '../../../src/node/anchor/ticket.ts'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { contextOf, creation, person } from '../../compliance/anchor-support.ts'
import { type Ended, runCli, startCli } from '../../support/cli.ts'
import { type FaultyRpc, startFaultyRpc } from '../../support/faulty-rpc.ts'
import { bytesVal, openStellar, type StellarWorld } from '../../support/stellar-devnet.ts'
import { tempFolder } from '../../support/temp-folder.ts'

/** Nobody listens there. */
const DEAD_URL = 'http://127.0.0.1:9'
/** Transactions of a deployment: code, contract, and what keeps both alive, of two contracts. */
const TRANSACTIONS = 6n
const DAY_LEDGERS = 17_280

interface Plan {
  readonly contracts: readonly {
    readonly name: string
    readonly address: string
    readonly steps: readonly { readonly step: string; readonly isEstimated: boolean }[]
  }[]
  readonly totalCost: string
  readonly isReset: boolean
}

const events = ({ out }: Ended): Record<string, unknown>[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const codeOfFailure = ({ err }: Ended): unknown =>
  (JSON.parse(err.trim().split('\n').at(-1) ?? '') as { error: { code: string } }).error.code
const json = ['--output-format', 'json']

describe('merogate chain deploy on Stellar', function () {
  this.timeout(60_000)
  let world: StellarWorld
  let chain: StellarDevnet
  let empty: number
  let deployer: string
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let out: string

  before(async () => {
    world = await openStellar()
    ;({ chain } = world)
    deployer = chain.accounts[0].publicKey
    empty = await chain.snapshot()
  })
  after(() => chain.stop())
  beforeEach(async () => {
    folder = await tempFolder()
    out = join(folder.path, 'out.json')
  })
  afterEach(async () => {
    await folder[Symbol.asyncDispose]()
    await chain.revert(empty)
  })

  const argsOf = (url: string, ...args: string[]): string[] => [
    ...['chain', 'deploy', '--chain', 'stellar', '--out', out],
    ...['--network', 'local', '--rpc-url', url, ...args],
  ]
  const env = (): Record<string, string> => ({ TEST_KEY: chain.accounts[0].secret })
  const run = async (...args: string[]): Promise<Ended> => {
    const ended = await runCli(argsOf(chain.url, ...args), { env: env() })
    // whatever happens, no key is ever shown
    expect(ended.out + ended.err).not.to.include(chain.accounts[0].secret)
    return ended
  }
  const paid = (...args: string[]): Promise<Ended> => run('--key-env', 'TEST_KEY', '--yes', ...args)
  /** Numbers that the account has used. */
  const used = async (): Promise<bigint> =>
    BigInt((await world.server.getAccount(deployer)).sequenceNumber())

  it('says what it would make and what that costs by simulation, and changes nothing', async () => {
    const before = await used()
    const ended = await run('--account', deployer, '--dry-run', ...json)
    expect(ended.code, ended.err).to.equal(0)
    const [plan] = events(ended) as unknown as [Plan]
    const planned = planDeployment(chain.networkPassphrase, deployer)
    expect(plan.contracts.map(({ address }) => address)).to.deep.equal(
      planned.map(({ address }) => address),
    )
    for (const { steps } of plan.contracts) {
      const shown = steps.map(({ step, isEstimated }) => `${step} ${isEstimated}`)
      expect(shown).to.deep.equal(['upload false', 'create true', 'keep true'])
    }
    const shown = await run('--account', deployer, '--dry-run')
    expect(shown.out).to.include('to be made').and.include('about').and.include('enough')
    expect(await used()).to.equal(before)
    // what was said is what it takes, and what simulation adds to rent and gets back
    const { balance } = await balanceOf(world, deployer)
    await deployOn(chain)
    const cost = balance - (await balanceOf(world, deployer)).balance
    expect(Number(plan.totalCost) / Number(cost)).to.be.within(1, 1.2)
  })

  it('puts code there, makes contracts and keeps both alive, and nothing when it is repeated', async () => {
    const before = await used()
    const ended = await paid(...json)
    expect(ended.code, ended.err).to.equal(0)
    const steps = events(ended).flatMap(({ event, step, contract }) =>
      event === 'contract' ? [`${String(contract)} ${String(step)}`] : [],
    )
    expect(steps).to.deep.equal(
      ['contexts', 'packages'].flatMap((name) =>
        ['uploaded', 'created', 'kept alive'].map((step) => `${name} ${step}`),
      ),
    )
    const { contracts, passphrase } = await readDeployment(out)
    expect(passphrase).to.equal(chain.networkPassphrase)
    expect(contracts.contexts.codeHash).to.equal(codeHashOf('contexts'))
    expect(contracts.contexts).to.include.keys('transaction', 'height')
    expect(await used()).to.equal(before + TRANSACTIONS)
    const text = await readFile(out, 'utf8')
    // nothing is paid, so nobody has to agree
    const again = await run('--key-env', 'TEST_KEY')
    expect(again.code, again.err).to.equal(0)
    expect(again.out).to.include('nothing to pay').and.include('unchanged')
    expect(await readFile(out, 'utf8')).to.equal(text)
    expect(await used()).to.equal(before + TRANSACTIONS)
  })

  it('refuses other code at the address, an account that cannot pay, and endpoints of another network', async () => {
    const testnet = argsOf(chain.url, '--account', deployer, '--dry-run', ...json)
    testnet[testnet.indexOf('local')] = 'testnet'
    expect(codeOfFailure(await runCli(testnet))).to.equal('CHAIN_WRONG_NETWORK')
    const poor = Keypair.random()
    await chain.fund(poor.publicKey(), 1_000_000_000n)
    const refused = await runCli(argsOf(chain.url, '--key-env', 'TEST_KEY', '--yes', ...json), {
      env: { TEST_KEY: poor.secret() },
    })
    expect(codeOfFailure(refused)).to.equal('CHAIN_FUNDS')
    expect(refused.err).to.include('send it').and.not.include(poor.secret())
    // the address follows from account and salt, whatever the code
    const wasmHash = await world.upload(codeOf('packages'))
    const address = Address.fromString(deployer)
    const salt = Buffer.from(saltOf('contexts'))
    await world.run(Operation.createCustomContract({ address, wasmHash, salt }))
    const other = await paid(...json)
    expect(codeOfFailure(other)).to.equal('CHAIN_DEPLOY')
    expect(other.err).to.include(codeHashOf('packages')).and.include('another account')
  })

  it('says that the network began anew, and gives the same addresses', async () => {
    const before = await deployOn(chain)
    await deployments.write(out, before)
    expect((await paid()).out).not.to.include('began anew')
    await chain.revert(empty)
    const looked = await run('--account', deployer, '--dry-run')
    expect(looked.out).to.include('began anew').and.include('made in ledger')
    const ended = await paid(...json)
    expect(ended.code, ended.err).to.equal(0)
    const [plan] = events(ended) as unknown as [Plan]
    expect(plan.isReset).to.equal(true)
    const { contracts } = await readDeployment(out)
    expect(contracts.contexts.address).to.equal(before.contracts.contexts.address)
  })

  it('is one deployment that is paid once, wherever it was killed before', async () => {
    await using endpoint: FaultyRpc = await startFaultyRpc(chain.url)
    const before = await used()
    const args = argsOf(endpoint.url, '--key-env', 'TEST_KEY', '--yes')
    // each run goes on where the one before it ended, and is killed at the next thing that it sends
    for (let sent = 0; sent <= Number(TRANSACTIONS); sent++) {
      const cli = startCli(args, { env: env() })
      endpoint.rules({
        method: 'sendTransaction',
        fault: {
          kind: 'answer',
          async make(asked, forward) {
            // the first is killed before anything of it arrives
            if (sent > 0) await forward(asked)
            cli.child.kill('SIGKILL')
            await cli.ended
            return {}
          },
        },
      })
      const ended = await cli.ended
      expect(ended.signal, ended.err).to.equal('SIGKILL')
      expect(await stat(out).catch(() => undefined), 'no file').to.equal(undefined)
      expect(await used()).to.equal(before + BigInt(sent))
    }
    endpoint.rules()
    const again = await paid(...json)
    expect(again.code, again.err).to.equal(0)
    expect(events(again).filter(({ event }) => event === 'contract')).to.deep.equal([])
    const planned = planDeployment(chain.networkPassphrase, deployer)
    const { contexts, packages } = (await readDeployment(out)).contracts
    expect([contexts.address, packages?.address]).to.deep.equal(
      planned.map(({ address }) => address),
    )
    expect(await used()).to.equal(before + TRANSACTIONS)
  })
})

describe('merogate chain with Stellar', function () {
  this.timeout(60_000)
  let world: StellarWorld
  let chain: StellarDevnet
  let deployment: Deployment
  let beginning: number
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let file: string

  before(async () => {
    // there is time until now to be left out
    const startMs = systemClock.nowMs() - 140 * 86_400_000
    world = await openStellar({ accounts: 2, startMs })
    ;({ chain } = world)
    deployment = await deployOn(chain)
    beginning = await chain.snapshot()
    folder = await tempFolder()
    file = join(folder.path, 'local.deployment.json')
    await deployments.write(file, deployment)
  })
  after(async () => {
    await chain.stop()
    await folder[Symbol.asyncDispose]()
  })
  afterEach(() => chain.revert(beginning))

  const run = (args: readonly string[]): Promise<Ended> =>
    runCli(args, { env: { MEROGATE_HOME: folder.path, TEST_KEY: chain.accounts[1]?.secret ?? '' } })
  const given = (...urls: string[]): string[] => [
    ...['--deployment', file, '--key-env', 'TEST_KEY'],
    ...urls.flatMap((url) => ['--rpc-url', url]),
  ]
  const doctor = async (
    ...args: string[]
  ): Promise<{ code: number | null; checks: readonly Check[] }> => {
    const { code, out, err } = await run(['chain', 'doctor', ...json, ...args])
    if (out === '') return expect.fail(err)
    return { code, checks: (JSON.parse(out) as { checks: Check[] }).checks }
  }
  const levelOf = (checks: readonly Check[], name: string): readonly string[] =>
    checks.filter((check) => check.name === name).map(({ level }) => level)

  it('shows endpoints, contracts with the days that they live, and account', async () => {
    const { code, out, err } = await run(['chain', 'status', ...given(chain.url, DEAD_URL)])
    expect(code, err).to.equal(0)
    expect(out).to.include(chain.networkPassphrase).and.include('unreachable')
    expect(out).to.include(deployment.contracts.contexts.address).and.include('119 days')
    expect(out).to.include(chain.accounts[1]?.publicKey).and.include('XLM')
    expect(out).not.to.include(chain.accounts[1]?.secret)
  })

  it('finds nothing wrong where nothing is, and says when code, contracts and a group lapse', async () => {
    const context = toBase58(await makeContext(world, deployment))
    const { code, checks } = await doctor(...given(chain.url, chain.url), '--context', context)
    expect(checks.filter(({ level }) => level !== 'ok')).to.deep.equal([])
    expect([code, levelOf(checks, 'group')]).to.deep.equal([0, ['ok']])
    await chain.moveLedgers(100 * DAY_LEDGERS)
    const late = await doctor(...given(chain.url), '--context', context)
    expect(levelOf(late.checks, 'life')).to.deep.equal(['warn', 'warn'])
    const group = late.checks.find(({ name }) => name === 'group')
    expect(group).to.include({ level: 'warn' })
    expect(group?.next).to.include(`keep-alive --context ${context}`)
  })

  it('keeps alive what has little time left, and nothing when it is repeated', async () => {
    const context = toBase58(await makeContext(world, deployment))
    // long enough for all of it to be archived
    await chain.moveLedgers(130 * DAY_LEDGERS)
    const keep = (...more: string[]): Promise<Ended> =>
      run([
        ...['chain', 'keep-alive', '--chain', 'stellar', ...given(chain.url)],
        ...['--context', context, ...more],
      ])
    const looked = await keep('--dry-run')
    expect(looked.out).to.include('contract and code').and.include('entries of a group')
    // code, and what it is paid for, may be left to others
    const rows = await keep('--no-code', '--yes', ...json)
    expect(rows.code, rows.err).to.equal(0)
    const kept = events(rows).filter(({ event }) => event === 'kept')
    expect(kept.map(({ what, entries }) => `${String(what)} ${String(entries)}`)).to.deep.equal([
      'rows 4',
    ])
    const code = await keep('--yes', ...json)
    expect(events(code).flatMap(({ event, what }) => (event === 'kept' ? what : []))).to.deep.equal(
      ['code', 'code'],
    )
    const again = await keep()
    expect(again.out, again.err).to.include('nothing to pay')
  })

  it('fails where the contracts are not, or have other code, or the network is another', async () => {
    const wrong = join(folder.path, 'wrong.json')
    const { contexts, packages = contexts } = deployment.contracts
    const nowhere = planDeployment(PASSPHRASES.testnet, chain.accounts[0].publicKey)[0]?.address
    for (const [more, name] of [
      [{ contracts: { contexts: { address: nowhere ?? '' } } }, 'contracts'],
      [{ contracts: { contexts: packages } }, 'release'],
      [{ passphrase: PASSPHRASES.testnet }, 'endpoint'],
    ] as const) {
      await deployments.write(wrong, { ...deployment, ...more })
      const { code, checks } = await doctor('--deployment', wrong, '--rpc-url', chain.url)
      expect([code, levelOf(checks, name)], name).to.deep.equal([1, ['fail']])
    }
  })

  it('makes a key for a node, and its accounts by a friendbot, and nothing when it is repeated', async () => {
    const path = join(folder.path, 'node.key')
    const args = ['chain', 'key', '--chain', 'stellar', '--out', path, '--channels', '2']
    const made = await run([...args, ...json])
    expect(made.code, made.err).to.equal(0)
    const secret = (await readFile(path, 'utf8')).trim()
    expect(made.out + made.err).not.to.include(secret)
    expect((await stat(path)).mode & 0o777).to.equal(0o600)
    const { account, channels } = JSON.parse(made.out) as {
      account: { address: string }
      channels: { address: string }[]
    }
    expect(account.address).to.equal(Keypair.fromSecret(secret).publicKey())
    expect(channels).to.have.length(2)
    const on = ['--network', 'local', '--rpc-url', chain.url]
    const funded = await run([...args, '--fund', ...on])
    expect(funded.out.match(/was made/g), funded.err).to.have.length(3)
    const again = await run([...args, '--fund', ...on])
    expect(again.out).to.include('is there').and.not.include('was made')
    await chmod(path, 0o644)
    expect((await run(args)).code, 'a file that others can read').not.to.equal(0)
    expect(
      (await run(['chain', 'key', '--chain', 'stellar', '--out', path, '--fund'])).code,
    ).to.equal(2)
  })

  it('says what an account needs where nobody gives anything away', async () => {
    await using endpoint = await startFaultyRpc(chain.url)
    endpoint.rules({
      method: 'getNetwork',
      fault: {
        kind: 'answer',
        make: () => ({ passphrase: chain.networkPassphrase, protocolVersion: 28 }),
      },
    })
    const path = join(folder.path, 'poor.key')
    const args = ['chain', 'key', '--chain', 'stellar', '--out', path, '--fund', ...json]
    const refused = await run([...args, '--rpc-url', endpoint.url])
    expect(codeOfFailure(refused)).to.equal('CHAIN_FUNDS')
    expect(refused.err).to.include('send it 6 XLM or more')
  })

  it('serves a network with the contracts on it, to which a node can be pointed', async () => {
    const out = join(folder.path, 'served.json')
    const args = ['chain', 'run', '--chain', 'stellar', '--port', '0', '--out', out]
    await using cli = startCli([...args, ...json])
    const ready = JSON.parse((await cli.line()) ?? '') as {
      url: string
      accounts: { publicKey: string; secret: string }[]
    }
    expect(ready).to.have.property('event', 'ready')
    expect((await readDeployment(out)).network).to.equal('local')
    const key = join(folder.path, 'node1.key')
    await writeFile(key, ready.accounts[1]?.secret ?? '', { mode: 0o600 })
    const init = await run([
      ...['node', 'init', '--home', join(folder.path, 'home'), '--chain', 'stellar'],
      ...['--rpc-url', ready.url, '--deployment', out, '--key-file', key],
    ])
    expect(init.code, init.err).to.equal(0)
    const config = await readFile(join(folder.path, 'home/default/config.toml'), 'utf8')
    expect(config).to.include('[anchor.stellar]').and.include('key_file')
  })
})

/** Stroops of an account. */
async function balanceOf(
  { server }: { readonly server: rpc.Server },
  address: string,
): Promise<{ readonly balance: bigint }> {
  const { balance } = await server.getAccountEntry(address)
  return { balance: BigInt(balance) }
}

/** A context with a group of its own, as somebody who is a member anchors it. */
async function makeContext(
  world: StellarWorld,
  { contracts: { contexts }, passphrase }: Deployment,
): Promise<Uint8Array> {
  const signer = person('A')
  const envelope = envelopeCodec.encode({
    domain: domainOf(passphrase, contexts.address),
    ...{ subject: contextOf(signer), nonce: 0n, signer: signer.publicKey },
    validUntil: BigInt(await world.chain.now()) + 600n,
    operation: creation(),
  })
  const { signature } = await ED25519_SCHEME.signEnvelope(envelope, signer)
  await world.call(contexts.address, 'apply', bytesVal(envelope), bytesVal(signature))
  return contextOf(signer)
}
