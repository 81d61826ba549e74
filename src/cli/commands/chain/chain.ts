/** `merogate chain`: what decides over membership: a local service, or contracts on a chain. */
import type { Command } from 'commander'
import { deployCommand } from './deploy.ts'
import { doctorCommand } from './doctor.ts'
import { keepAliveCommand } from './keep-alive.ts'
import { keyCommand } from './key.ts'
import { upgradeCommand } from './upgrade.ts'
import { runCommand } from './run.ts'
import { statusCommand } from './status.ts'

export function chainCommand(program: Command): void {
  const chain = program
    .command('chain')
    .description('what decides over membership: run it locally, deploy it, look after it')
  for (const add of [
    runCommand,
    deployCommand,
    upgradeCommand,
    keyCommand,
    keepAliveCommand,
    statusCommand,
    doctorCommand,
  ])
    add(chain)
}
