/** `merogate chain status`: where the chain stands, and what it costs. */
import type { Command } from 'commander'
import { action } from '../../session.ts'
import { chainHelp } from '../chain-options.ts'
import { resolveTargets, type TargetOptions, withTargetOptions } from './target.ts'

export function statusCommand(chain: Command): void {
  withTargetOptions(chain.command('status'), 'status')
    .description('show endpoints, heights, contracts, account and costs')
    .addHelpText('after', chainHelp('status', ['merogate chain status']))
    .action(
      action<TargetOptions>(async (session) => {
        for (const target of await resolveTargets(session, 'status')) {
          const { facts, text } = await target.inspect()
          session.output.event(facts, text)
        }
      }),
    )
}
