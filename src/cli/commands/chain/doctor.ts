/** `merogate chain doctor`: what `status` sees, judged, with what to do next. */
import type { Command } from 'commander'
import { integerArgument } from '../../arguments.ts'
import { cliError } from '../../errors.ts'
import { action } from '../../session.ts'
import { chainHelp } from '../chain-options.ts'
import { type TargetOptions, withTargetOptions } from './target.ts'

/** Operations that the account should be able to pay. */
const DEFAULT_OPERATIONS = '20'
/** Operations that may be asked about. */
const MAX_OPERATIONS = 1_000_000

const EXAMPLES = [
  'merogate chain doctor',
  'merogate --output-format json chain doctor | jq .checks',
]

interface DoctorOptions extends TargetOptions {
  readonly operations: string
}

export function doctorCommand(chain: Command): void {
  withTargetOptions(chain.command('doctor'), 'doctor')
    .description(
      'check configuration, endpoints, contracts, account and clock; ends with 1 when something fails',
    )
    .option('--operations <n>', 'operations the account should be able to pay', DEFAULT_OPERATIONS)
    .addHelpText('after', chainHelp('doctor', EXAMPLES))
    .action(
      action<DoctorOptions>(async (session) => {
        const { options, output } = session
        const operations = integerArgument('--operations', options.operations, MAX_OPERATIONS)
        const { diagnose } = await import('./diagnose.ts')
        const checks = await diagnose(session, operations)
        const failed = checks.filter(({ level }) => level === 'fail').length
        const lines = checks.flatMap(({ level, name, message, next }) => [
          `${level.padEnd(5)} ${name.padEnd(13)} ${message}`,
          ...(next === undefined ? [] : [`${' '.repeat(20)}-> ${next}`]),
        ])
        output.result({ ok: failed === 0, checks }, lines.join('\n'))
        if (failed === 0) return
        const message = `${failed} of ${checks.length} checks failed`
        throw cliError('CLI_CHECK_FAILED', message, { failed, checks: checks.length })
      }),
    )
}
