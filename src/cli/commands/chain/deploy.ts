/** `merogate chain deploy`: the contracts on a chain, for real. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Deployment, DeployPlan } from '../../chains/chain.ts'
import { CHAINS, namesOf, toolsOf } from '../../chains/chains.ts'
import { confirm } from '../../confirm.ts'
import { cliError } from '../../errors.ts'
import { type Output, table } from '../../output.ts'
import { action } from '../../session.ts'
import { chainHelp, chainOption, withChainOptions } from '../chain-options.ts'

interface DeployOptions {
  readonly chain: string
  readonly out?: string
  readonly force?: true
  readonly dryRun?: true
  readonly yes?: true
}

export function deployCommand(chain: Command): void {
  const names = namesOf(CHAINS.filter(({ commands }) => commands.deploy !== undefined))
  const command = chain
    .command('deploy')
    .description('put the contracts on a chain; says first what that costs')
    .addOption(chainOption('sort of chain', names).default(names[0]))
  withChainOptions(command, 'deploy')
    .option('--out <file>', 'deployment file to write; default: <network>.deployment.json')
    .option('--force', 'replace a deployment file of other contracts')
    .option('--dry-run', 'say what would be made and what it costs, and stop')
    .option('--yes', 'do not ask')
  withChainOptions(command, 'deploy', 'details')
    .addHelpText('after', chainHelp('deploy', [], 'See docs/deploying.md.'))
    .action(action<DeployOptions>(({ options, output }) => deploy(options, output)))
}

async function deploy(options: DeployOptions, output: Output): Promise<void> {
  const tools = await toolsOf(options.chain)
  if (tools.deploy === undefined) {
    throw cliError('CLI_USAGE', `there are no contracts to put on ${options.chain}`)
  }
  using deployment = await tools.deploy(options, output)
  const path = resolve(options.out ?? `${deployment.network}.deployment.json`)
  await carryOut(deployment, path, { ...options, question: 'Deploy' }, output)
}

/** What {@link carryOut} asks and does. */
interface CarryOptions extends Pick<DeployOptions, 'dryRun' | 'force' | 'yes'> {
  /** What is done, as a question begins. */
  readonly question: string
}

/** Looks, tells, asks, sends, writes down. */
export async function carryOut(
  deployment: Deployment,
  path: string,
  options: CarryOptions,
  output: Output,
): Promise<void> {
  const plan = await deployment.plan(path)
  output.event({ event: 'plan', ...plan.facts, file: path }, planText(plan))
  if (options.dryRun === true) return
  const file = await deployment.openFile(path, { force: options.force })
  if (plan.missing !== undefined) throw plan.missing
  const { cost, consent } = plan
  if ((cost !== undefined || consent !== undefined) && options.yes !== true) {
    const price = cost === undefined ? '' : ` for about ${cost}`
    const told = consent === undefined ? '' : `${consent} `
    await confirm(`${told}${options.question}${price}?`, output)
  }
  const made = await deployment.send(output)
  const isWritten = await file.write(made.deployment)
  await deployment.written?.()
  output.event(
    { event: 'deployed', file: file.path, isWritten, deployment: made.deployment },
    [`\n${isWritten ? 'wrote' : 'unchanged:'} ${file.path}`, made.text].join('\n'),
  )
}

type Row = DeployPlan['rows'][number]

/** A plan for people. */
export function planText({ head, rows, tail }: DeployPlan): string {
  const headings = Object.keys(rows[0] ?? {})
  const columns = Object.fromEntries(headings.map((name) => [name, (row: Row) => row[name] ?? '']))
  return [...head, '', table(rows, columns, ''), '', ...tail].join('\n')
}
