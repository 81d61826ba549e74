/** `merogate chain run`: the local anchor, for groups without a chain. */
import type { Command } from 'commander'
import { join } from 'node:path'
import { action, homeOf, integerArgument } from '../session.ts'
import { untilSignal } from '../until-signal.ts'

/** Where nodes look for it when nothing else is said. */
const DEFAULT_PORT = '2540'

interface RunOptions {
  port: string
  file?: string
}

export function chainCommand(program: Command): void {
  const chain = program
    .command('chain')
    .description('the local anchor, which stands in for a chain')
  chain
    .command('run')
    .description('serve memberships on 127.0.0.1 until Ctrl-C')
    .option('--port <port>', 'port; 0: any', DEFAULT_PORT)
    .option('--file <file>', 'file that keeps them; default: <home>/local-chain.log')
    .action(
      action<RunOptions>(async ({ options, output }) => {
        const signal = untilSignal()
        const { mkdir } = await import('node:fs/promises')
        const { startLocalChain } = await import('../../chains/local/index.ts')
        const home = homeOf(options)
        if (options.file === undefined) await mkdir(home, { recursive: true, mode: 0o700 })
        const service = await startLocalChain({
          port: integerArgument('--port', options.port, 65_535),
          file: options.file ?? join(home, 'local-chain.log'),
        })
        output.event({ event: 'ready', url: service.url }, `local anchor at ${service.url}`)
        await signal
        await service.stop()
      }),
    )
}
