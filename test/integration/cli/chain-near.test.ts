import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { codeHashOf } from '../../../src/chains/near/contracts/artifacts.ts'
import { deployments, readDeployment } from '../../../src/chains/near/deploy/deployment.ts'
import type { Check } from '../../../src/chains/shared/checks.ts'
import { credentialsOf, LOCAL_ACCOUNTS } from '../../../src/cli/chains/near/local-chain.ts'
import { type NearDevnet, startNearDevnet } from '../../../src/devnet/near/index.ts'
import { type Ended, runCli, startCli } from '../../support/cli.ts'
import { type FaultyRpc, startFaultyRpc } from '../../support/faulty-rpc.ts'
import { type NearTestChain, startNearTestChain } from '../../support/near.ts'
import { tempFolder } from '../../support/temp-folder.ts'

/** Nobody listens there. */
const DEAD_URL = 'http://127.0.0.1:9'

interface Plan {
  readonly event: string
  readonly contracts: readonly {
    readonly name: string
    readonly address: string
    readonly isPresent: boolean
    readonly storage: number
  }[]
  readonly totalCost: string
}

const events = ({ out }: Ended): Record<string, unknown>[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const codeOf = ({ err }: Ended): unknown =>
  (JSON.parse(err.trim().split('\n').at(-1) ?? '') as { error: { code: string } }).error.code

/** Nonces that a chain's account has used since its beginning. */
async function nonceOf(chain: NearDevnet, index: number): Promise<number> {
  const account = chain.accounts[index]
  const answer = (await chain.send('query', {
    ...{ request_type: 'view_access_key', finality: 'optimistic' },
    ...{ account_id: account?.accountId, public_key: account?.publicKey },
  })) as { nonce: number } // of our own chain
  return answer.nonce
}

describe('merogate chain deploy on NEAR', function () {
  this.timeout(60_000)
  let chain: NearDevnet
  let empty: number
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let out: string
  let secret: string

  before(async () => {
    chain = await startNearDevnet({ port: 0, accounts: LOCAL_ACCOUNTS })
    secret = chain.accounts[0].secretKey ?? ''
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
    ...['chain', 'deploy', '--chain', 'near', '--out', out],
    ...['--network', 'local', '--rpc-url', url, ...args],
  ]
  const env = (): Record<string, string> => ({ TEST_KEY: credentialsOf(chain.accounts[0]) })
  const run = async (...args: string[]): Promise<Ended> => {
    const ended = await runCli(argsOf(chain.url, ...args), { env: env() })
    // whatever happens, no key is ever shown
    expect(ended.out + ended.err).not.to.include(secret.slice(8))
    return ended
  }
  const paid = (...args: string[]): Promise<Ended> => run('--key-env', 'TEST_KEY', '--yes', ...args)
  const json = ['--output-format', 'json']
  const setAmount = async (id: string, amount: bigint): Promise<void> => {
    const account = { amount: String(amount), locked: '0' }
    await chain.send('sandbox_patch_state', { records: [{ Account: { account_id: id, account } }] })
  }

  it('says what it would make and what that costs, and changes nothing', async () => {
    const ended = await run('--account', 'test.near', '--dry-run', ...json)
    expect(ended.code, ended.err).to.equal(0)
    const [plan] = events(ended) as unknown as [Plan]
    expect(plan.contracts.map(({ name, address }) => `${name} ${address}`)).to.deep.equal([
      'contexts contexts.test.near',
      'packages packages.test.near',
    ])
    for (const { isPresent, storage } of plan.contracts) {
      expect(isPresent).to.equal(false)
      expect(storage).to.be.greaterThan(10_000)
    }
    const shown = await run('--account', 'test.near', '--dry-run')
    expect(shown.out).to.include('to be made').and.include('locked for storage')
    expect(shown.out).to.include('NEAR').and.include('enough')
    expect(await nonceOf(chain, 0)).to.equal(0)
    expect((await run('--dry-run', ...json)).err).to.include('--account')
    // an account that is a key has no room for names below it
    const implicit = await run('--account', 'ab'.repeat(32), '--dry-run', ...json)
    expect(codeOf(implicit)).to.equal('CLI_USAGE')
  })

  it('makes each contract by one transaction that leaves no key, and nothing when it is repeated', async () => {
    const ended = await paid(...json)
    expect(ended.code, ended.err).to.equal(0)
    expect(events(ended).filter(({ event }) => event === 'contract')).to.have.length(2)
    const { contracts, chainId } = await readDeployment(out)
    expect(chainId).to.equal(chain.chainId)
    expect(contracts.contexts.codeHash).to.equal(codeHashOf('contexts'))
    for (const contract of [contracts.contexts, contracts.packages]) {
      const answer = (await chain.send('query', {
        ...{ request_type: 'view_access_key_list', finality: 'final' },
        account_id: contract?.address,
      })) as { keys: unknown[] }
      expect(answer.keys).to.deep.equal([])
    }
    expect(await nonceOf(chain, 0)).to.equal(2)
    const text = await readFile(out, 'utf8')
    // nothing is paid, so nobody has to agree
    const again = await run('--key-env', 'TEST_KEY')
    expect(again.code, again.err).to.equal(0)
    expect(again.out).to.include('nothing to pay').and.include('unchanged')
    expect(await readFile(out, 'utf8')).to.equal(text)
    expect(await nonceOf(chain, 0)).to.equal(2)
  })

  it('refuses an account that has something else, and one that cannot pay', async () => {
    await setAmount('contexts.test.near', 10n ** 24n)
    expect(codeOf(await paid(...json))).to.equal('CHAIN_DEPLOY')
    await chain.revert(empty)
    await setAmount('test.near', 10n ** 23n)
    expect(codeOf(await paid(...json))).to.equal('CHAIN_FUNDS')
    expect(await nonceOf(chain, 0)).to.equal(0)
  })

  it('is one deployment that is paid once, wherever it was killed before', async () => {
    await using endpoint: FaultyRpc = await startFaultyRpc(chain.url)
    for (const [nth, isForwarded] of [
      [1, false],
      [1, true],
      [2, false],
      [2, true],
    ] as const) {
      await chain.revert(empty)
      let sent = 0
      const cli = startCli(argsOf(endpoint.url, '--key-env', 'TEST_KEY', '--yes'), { env: env() })
      endpoint.rules({
        method: 'send_tx',
        when: () => ++sent === nth,
        fault: {
          kind: 'answer',
          async make(asked, forward) {
            if (isForwarded) await forward(asked)
            cli.child.kill('SIGKILL')
            await cli.ended
            return {}
          },
        },
      })
      expect((await cli.ended).signal).to.equal('SIGKILL')
      expect(await stat(out).catch(() => undefined), 'no file').to.equal(undefined)
      endpoint.rules()
      const again = await paid(...json)
      expect(again.code, again.err).to.equal(0)
      expect(await nonceOf(chain, 0), 'two transactions in all').to.equal(2)
      await rm(out)
    }
  })
})

describe('merogate chain with NEAR', function () {
  this.timeout(60_000)
  let chain: NearTestChain
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let file: string

  before(async () => {
    chain = await startNearTestChain()
    folder = await tempFolder()
    file = join(folder.path, 'local.deployment.json')
    await deployments.write(file, chain.deployment)
  })
  after(async () => {
    await chain.stop()
    await folder[Symbol.asyncDispose]()
  })
  afterEach(() => chain.reset())

  const run = (args: readonly string[], key: string = chain.key(1)): Promise<Ended> =>
    runCli(args, { env: { MEROGATE_HOME: folder.path, TEST_KEY: key } })
  const given = (...urls: string[]): string[] => [
    ...['--deployment', file, '--key-env', 'TEST_KEY'],
    ...urls.flatMap((url) => ['--rpc-url', url]),
  ]
  const doctor = async (
    args: readonly string[],
  ): Promise<{ code: number | null; checks: Check[] }> => {
    const { code, out, err } = await run(['chain', 'doctor', '--output-format', 'json', ...args])
    if (out === '') return expect.fail(err)
    return { code, checks: (JSON.parse(out) as { checks: Check[] }).checks }
  }
  const levelOf = (checks: readonly Check[], name: string): readonly string[] =>
    checks.filter((check) => check.name === name).map(({ level }) => level)

  it('shows endpoints, contracts and account', async () => {
    const { code, out, err } = await run(['chain', 'status', ...given(chain.url, DEAD_URL)])
    expect(code, err).to.equal(0)
    expect(out).to.include('local, chain localnet').and.include('unreachable')
    expect(out).to.include('contexts.test.near').and.include('node1.near')
    expect(out).to.include('has full access').and.include('NEAR')
    expect(out).not.to.include(chain.devnet.accounts[1]?.secretKey?.slice(8))
    const args = ['chain', 'status', '--output-format', 'json', ...given(chain.url)]
    const report = JSON.parse((await run(args)).out) as Record<string, unknown>
    expect(report).to.include({ protocol: 'near', network: 'local', chainId: 'localnet' })
  })

  it('warns of a full-access key, and of nothing else where nothing is wrong', async () => {
    const { code, checks } = await doctor(given(chain.url, chain.url))
    expect(checks.filter(({ level }) => level !== 'ok').map(({ name }) => name)).to.deep.equal([
      'key',
    ])
    expect(code).to.equal(0)
    const dead = await doctor(given(DEAD_URL))
    expect([dead.code, levelOf(dead.checks, 'endpoint')]).to.deep.equal([1, ['fail']])
  })

  it('fails where the contracts are not, or others are', async () => {
    const wrong = join(folder.path, 'wrong.json')
    const { contracts } = chain.deployment
    const packages = contracts.packages ?? contracts.contexts
    for (const [address, name] of [
      ['nobody.test.near', 'contracts'],
      [packages.address, 'release'],
    ] as const) {
      const contexts = { address }
      await deployments.write(wrong, { ...chain.deployment, contracts: { contexts } })
      const args = ['--deployment', wrong, '--rpc-url', chain.url]
      const { code, checks } = await doctor(args)
      expect([code, levelOf(checks, name)], address).to.deep.equal([1, ['fail']])
    }
  })

  it('makes a key for a node that may call apply and nothing else', async () => {
    const path = join(folder.path, 'node.json')
    const args = (...more: string[]): string[] => [
      ...['chain', 'key', '--chain', 'near', '--out', path, ...given(chain.url)],
      ...['--allowance', '0.5', '--credit', '1', ...more],
    ]
    const made = await run(args())
    expect(made.code, made.err).to.equal(0)
    expect(made.out).to.include('was added').and.include('apply of contexts.test.near')
    expect((await stat(path)).mode & 0o777).to.equal(0o600)
    const { private_key: secret } = JSON.parse(await readFile(path, 'utf8')) as {
      private_key: string
    }
    expect(made.out + made.err).not.to.include(secret.slice(8))
    const again = await run(args())
    expect(again.out).to.include('was there')
    const { code, checks } = await doctor([
      ...['--deployment', file, '--rpc-url', chain.url, '--key-file', path],
    ])
    expect(code).to.equal(0)
    expect([levelOf(checks, 'key'), levelOf(checks, 'credit')]).to.deep.equal([
      ['ok', 'ok'],
      ['ok'],
    ])
    await chmod(path, 0o644)
    expect((await run(args())).code, 'a file that others can read').not.to.equal(0)
    const usage = await run(['chain', 'key', '--chain', 'near', '--out', path])
    expect(usage.code).not.to.equal(0)
  })

  it('serves a chain with the contracts on it, to which a node can be pointed', async () => {
    const out = join(folder.path, 'served.json')
    const args = ['chain', 'run', '--chain', 'near', '--port', '0', '--out', out]
    await using cli = startCli([...args, '--output-format', 'json'])
    const ready = JSON.parse((await cli.line()) ?? '') as { url: string; accounts: unknown[] }
    expect(ready).to.have.property('event', 'ready')
    const deployment = await readDeployment(out)
    expect(deployment.contracts.contexts.address).to.equal('contexts.test.near')
    const key = join(folder.path, 'node1.json')
    await writeFile(key, chain.key(1), { mode: 0o600 })
    const init = await run([
      ...['node', 'init', '--home', join(folder.path, 'home'), '--chain', 'near'],
      ...['--rpc-url', ready.url, '--deployment', out, '--key-file', key],
    ])
    expect(init.code, init.err).to.equal(0)
  })
})
