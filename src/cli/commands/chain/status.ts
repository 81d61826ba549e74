/** `merogate chain status`: where the chain stands, and what it costs. */
import type { Command } from 'commander'
import { action } from '../../session.ts'
import { jsonSafe } from '../../json-safe.ts'
import { resolveTargets, type TargetOptions, withTargetOptions } from './target.ts'

export function statusCommand(chain: Command): void {
  withTargetOptions(chain.command('status'))
    .description('show endpoints, heights, contracts, account and costs')
    .addHelpText(
      'after',
      '\nExamples:\n  merogate chain status\n  merogate --node bob chain status --chain ethereum\n' +
        '  merogate chain status --deployment sepolia.deployment.json --rpc-url https://... --from 0x...',
    )
    .action(
      action<TargetOptions>(async (session) => {
        const { output } = session
        const targets = await resolveTargets(session)
        const { accountOf, lookAtEthereum, lookAtLocal } = await import('./look.ts')
        const { readDeployment } = await import('../../../chains/ethereum/index.ts')
        const { localText, statusText } = await import('./status-text.ts')
        for (const target of targets) {
          if (target.protocol === 'local') {
            const report = await lookAtLocal(target)
            output.event({ ...report }, localText(report))
            continue
          }
          const deployment = await readDeployment(target.deployment)
          const report = await lookAtEthereum(target, deployment, await accountOf(target))
          output.event(jsonSafe({ protocol: 'ethereum', ...report }), statusText(report))
        }
      }),
    )
}
