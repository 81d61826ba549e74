/** `merogate chain run`: a chain on this machine, until Ctrl-C. */
import type { Command } from 'commander'
import { integerArgument } from '../../arguments.ts'
import { chainNamed, CHAINS } from '../../chains/chains.ts'
import { action, homeOf } from '../../session.ts'
import { untilSignal } from '../../until-signal.ts'
import { chainHelp, chainOption, withChainOptions } from '../chain-options.ts'

/** No bound: the largest port there is. */
const MAX_PORT = 65_535

interface RunOptions {
  chain: string
  port?: string
}

export function runCommand(chain: Command): void {
  const [first, ...others] = CHAINS
  // where there are contracts to deploy, what runs is a chain
  const words = CHAINS.map(({ words: { anchor, chain: itself }, commands }) =>
    commands.deploy === undefined ? anchor : itself,
  )
  const ports = [
    String(first.defaultPort),
    ...others.map(({ name, defaultPort }) => `for ${name} ${defaultPort}`),
  ]
  const command = chain
    .command('run')
    .description('serve memberships on 127.0.0.1 until Ctrl-C')
    .addOption(chainOption(words.join(', or ')).default(first.name))
    .option('--port <port>', `port; 0: any; default: ${ports.join(', ')}`)
  withChainOptions(command, 'run')
    .addHelpText('after', chainHelp('run', []))
    .action(
      action<RunOptions>(async ({ options, output }) => {
        const { defaultPort, tools } = chainNamed(options.chain)
        const port = integerArgument('--port', options.port ?? String(defaultPort), MAX_PORT)
        process.umask(0o077) // what it keeps is its owner's alone
        const signal = untilSignal()
        const { run } = await tools()
        await using serving = await run(options, { port, home: homeOf(options) })
        const { facts, text } = serving.ready
        output.event({ event: 'ready', ...facts }, text)
        await signal
      }),
    )
}
