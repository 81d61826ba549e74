/** `merogate chain keep-alive`: pays for what a chain would put away otherwise, where it does that. */
import type { Command } from 'commander'
import type { ChainTools } from '../../chains/chain.ts'
import { CHAINS, namesOf, toolsOf } from '../../chains/chains.ts'
import { confirm } from '../../confirm.ts'
import { cliError } from '../../errors.ts'
import { action, type Session } from '../../session.ts'
import { chainHelp, chainOption, withChainOptions } from '../chain-options.ts'
import { planText } from './deploy.ts'
import { entryOf } from './target.ts'

interface KeepAliveOptions {
  readonly chain: string
  readonly deployment?: string
  readonly context?: string[]
  readonly dryRun?: true
  readonly yes?: true
}

export function keepAliveCommand(chain: Command): void {
  const names = namesOf(CHAINS.filter(({ commands }) => commands['keep-alive'] !== undefined))
  const command = chain
    .command('keep-alive')
    .description('pay for contracts and groups to stay on a chain that puts away what nobody uses')
    .addOption(chainOption('sort of chain', names).default(names[0]))
  withChainOptions(command, 'keep-alive')
    .option(
      '--context <id...>',
      'contexts or groups; default: those of the node, where its configuration is used and it runs',
    )
    .option('--dry-run', 'say what would be paid, and stop')
    .option('--yes', 'do not ask')
  withChainOptions(command, 'keep-alive', 'details')
    .addHelpText('after', chainHelp('keep-alive', [], 'See docs/deploying.md.'))
    .action(
      action<KeepAliveOptions>(async (session) => {
        const { options, output } = session
        using keeping = await (await openerOf(session))(await contextsOf(session))
        const plan = await keeping.plan()
        output.event({ event: 'plan', ...plan.facts }, planText(plan))
        if (options.dryRun === true || plan.cost === undefined) return
        if (plan.missing !== undefined) throw plan.missing
        if (options.yes !== true) await confirm(`Pay about ${plan.cost}?`, output)
        await keeping.send(output)
        output.event({ event: 'done' }, 'done')
      }),
    )
}

/** What opens it: for a deployment that is given, or for a node's. @throws CLI_USAGE, and what reading the configuration throws */
async function openerOf({ options, folder }: Session<KeepAliveOptions>) {
  const { chain, deployment } = options
  const tools: ChainTools = await toolsOf(chain)
  const { keepAlive } = tools
  if (keepAlive === undefined) throw cliError('CLI_USAGE', `nothing lapses on ${chain}`)
  const entry = deployment === undefined ? await entryOf(folder, chain) : undefined
  return (contexts: readonly string[]) => keepAlive({ entry, contexts, options })
}

/** Contexts that are named, or those of the node on this chain, as far as it runs. */
async function contextsOf(session: Session<KeepAliveOptions>): Promise<readonly string[]> {
  const { context, deployment, chain } = session.options
  if (context !== undefined) return context
  if (deployment !== undefined) return []
  try {
    const { admin } = await session.client()
    const found = (await admin.contexts()).filter(({ protocol }) => protocol === chain)
    return found.map(({ id }) => id)
  } catch (error) {
    session.output.note(
      `the node does not say which contexts it has (${error instanceof Error ? error.message : 'no answer'}): name them with --context`,
    )
    return []
  }
}
