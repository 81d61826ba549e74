/** `merogate chain key`: a key for a node, that may do no more than a node needs where a chain has such keys. */
import type { Command } from 'commander'
import { CHAINS, namesOf, toolsOf } from '../../chains/chains.ts'
import { cliError } from '../../errors.ts'
import { action } from '../../session.ts'
import { chainHelp, chainOption, withChainOptions } from '../chain-options.ts'

interface KeyOptions {
  readonly chain: string
}

export function keyCommand(chain: Command): void {
  const names = namesOf(CHAINS.filter(({ commands }) => commands.key !== undefined))
  const command = chain
    .command('key')
    .description(
      'make a key for a node: one that may do no more than it needs, or with the accounts that it needs',
    )
    .addOption(chainOption('sort of chain', names).default(names[0]))
  withChainOptions(command, 'key')
  withChainOptions(command, 'key', 'details')
    .addHelpText('after', chainHelp('key', [], 'See docs/deploying.md.'))
    .action(
      action<KeyOptions>(async ({ options, output }) => {
        const tools = await toolsOf(options.chain)
        if (tools.key === undefined) {
          throw cliError('CLI_USAGE', `there are no such keys on ${options.chain}`)
        }
        const { facts, text } = await tools.key(options, output)
        output.event({ event: 'key', ...facts }, text)
      }),
    )
}
