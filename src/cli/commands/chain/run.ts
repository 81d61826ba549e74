/** `merogate chain run`: a local anchor, or a local Ethereum chain with the contracts on it, until Ctrl-C. */
import { type Command, Option } from 'commander'
import { join, resolve } from 'node:path'
import type { EthereumChain } from '../../ethereum-chain.ts'
import type { Output } from '../../output.ts'
import { action, homeOf, integerArgument, type Session } from '../../session.ts'
import { untilSignal } from '../../until-signal.ts'

/** Where nodes look for the local anchor, and tools for an Ethereum chain, when nothing else is said. */
const DEFAULT_PORTS = { local: '2540', ethereum: '8545' } as const
/** Accounts that are shown: one deploys, three are for nodes. */
const SHOWN_ACCOUNTS = 4

interface RunOptions {
  chain: 'local' | 'ethereum'
  port?: string
  file?: string
  out?: string
  empty?: true
}

export function runCommand(chain: Command): void {
  chain
    .command('run')
    .description('serve memberships on 127.0.0.1 until Ctrl-C')
    .addOption(
      new Option('--chain <name>', 'the local anchor, or a local Ethereum chain')
        .choices(Object.keys(DEFAULT_PORTS))
        .default('local'),
    )
    .option('--port <port>', 'port; 0: any; default: 2540, for ethereum 8545')
    .option('--file <file>', 'local: file that keeps them; default: <home>/local-chain.log')
    .option('--out <file>', 'ethereum: deployment file; default: local.deployment.json')
    .option('--empty', 'ethereum: without the contracts, to try `chain deploy`')
    .addHelpText(
      'after',
      '\nExamples:\n  merogate chain run\n  merogate chain run --chain ethereum --port 8545 --out local.deployment.json\n\n' +
        'The Ethereum chain keeps nothing: it and its accounts are for development only.',
    )
    .action(
      action<RunOptions>(async (session) => {
        const { chain: name } = session.options
        const port = integerArgument('--port', session.options.port ?? DEFAULT_PORTS[name], 65_535)
        if (name === 'ethereum')
          await (session.options.empty ? runEmpty : runEthereum)(session, port)
        else await runLocal(session, port)
      }),
    )
}

async function runLocal({ options, output }: Session<RunOptions>, port: number): Promise<void> {
  const signal = untilSignal()
  const { mkdir } = await import('node:fs/promises')
  const { startLocalChain } = await import('../../../chains/local/index.ts')
  const home = homeOf(options)
  if (options.file === undefined) await mkdir(home, { recursive: true, mode: 0o700 })
  const service = await startLocalChain({
    port,
    file: options.file ?? join(home, 'local-chain.log'),
  })
  output.event({ event: 'ready', url: service.url }, `local anchor at ${service.url}`)
  await signal
  await service.stop()
}

async function runEthereum({ options, output }: Session<RunOptions>, port: number): Promise<void> {
  const signal = untilSignal()
  const { startEthereumChain } = await import('../../ethereum-chain.ts')
  const { openOutFile } = await import('./deployment-file.ts')
  const started = await startEthereumChain(port)
  try {
    const path = resolve(options.out ?? 'local.deployment.json')
    // the chain is new, so an older release's addresses in the file mean nothing any more
    const file = await openOutFile(path, started.deployment.chainId, { anyContracts: true })
    await file.write(started.deployment)
    announce(output, started, path)
    await signal
  } finally {
    await started.devnet.stop()
  }
}

async function runEmpty({ output }: Session<RunOptions>, port: number): Promise<void> {
  const signal = untilSignal()
  const { startEthereumDevnet } = await import('../../../devnet/ethereum/index.ts')
  await using devnet = await startEthereumDevnet({ port })
  const { url, wsUrl, chainId } = devnet
  const accounts = devnet.accounts.slice(0, SHOWN_ACCOUNTS)
  const lines = [
    ...chainLines(devnet),
    '',
    'put the contracts on it:',
    `  DEPLOYER_KEY=${accounts[0]?.privateKey} merogate chain deploy --network local --rpc-url ${url} --key-env DEPLOYER_KEY`,
    '',
    FAREWELL,
  ]
  output.event({ event: 'ready', url, wsUrl, chainId, accounts }, lines.join('\n'))
  await signal
}

/** The last line of what people read. */
const FAREWELL = 'Ctrl-C stops it, and everything on it is gone.'

function chainLines({ url, wsUrl, chainId, accounts }: EthereumChain['devnet']): string[] {
  return [
    `url         ${url}`,
    `ws url      ${wsUrl}`,
    `chain id    ${chainId}`,
    '',
    'accounts with funds; everybody knows these keys, so never send anything real to them:',
    ...accounts
      .slice(0, SHOWN_ACCOUNTS)
      .map(({ address, privateKey }, i) => `  ${i}  ${address}  ${privateKey}`),
  ]
}

function announce(output: Output, { devnet, deployment }: EthereumChain, path: string): void {
  const { url, wsUrl, chainId } = devnet
  const accounts = devnet.accounts.slice(0, SHOWN_ACCOUNTS)
  const lines = [
    ...chainLines(devnet),
    '',
    `deployment  ${path}`,
    '',
    'point a node at it (accounts 1 to 3 are unused):',
    `  export MEROGATE_ETHEREUM_KEY=${accounts[1]?.privateKey}`,
    `  merogate node init --chain ethereum --rpc-url ${url} --deployment ${path} --key-env MEROGATE_ETHEREUM_KEY --confirmations 0`,
    '',
    FAREWELL,
  ]
  output.event(
    { event: 'ready', url, wsUrl, chainId, deploymentFile: path, deployment, accounts },
    lines.join('\n'),
  )
}
