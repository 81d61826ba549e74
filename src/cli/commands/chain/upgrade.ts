/** `merogate chain upgrade`: contracts of an earlier release are brought to this one, where somebody may do that. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { CHAINS, namesOf, toolsOf } from '../../chains/chains.ts'
import { cliError } from '../../errors.ts'
import { action } from '../../session.ts'
import { chainHelp, chainOption, withChainOptions } from '../chain-options.ts'
import { carryOut } from './deploy.ts'

interface UpgradeOptions {
  readonly chain: string
  readonly deployment: string
  readonly dryRun?: true
  readonly yes?: true
}

export function upgradeCommand(chain: Command): void {
  const names = namesOf(CHAINS.filter(({ commands }) => commands.upgrade !== undefined))
  const command = chain
    .command('upgrade')
    .description('bring contracts to this release, where they have controllers')
    .addOption(chainOption('sort of chain', names).default(names[0]))
  withChainOptions(command, 'upgrade')
    .option('--dry-run', 'say what would be done, and stop')
    .option('--yes', 'do not ask')
  withChainOptions(command, 'upgrade', 'details')
    .addHelpText('after', chainHelp('upgrade', [], 'See docs/deploying.md.'))
    .action(
      action<UpgradeOptions>(async ({ options, output }) => {
        const tools = await toolsOf(options.chain)
        if (tools.upgrade === undefined) {
          throw cliError('CLI_USAGE', `nobody can change contracts on ${options.chain}`)
        }
        using upgrade = await tools.upgrade(options, output)
        const path = resolve(options.deployment)
        await carryOut(upgrade, path, { ...options, question: 'Upgrade' }, output)
      }),
    )
}
