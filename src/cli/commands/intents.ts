/** `merogate context intent`: what a node has begun and goes on with by itself. */
import type { Command } from 'commander'
import type { Intent } from '../../client/index.ts'
import { cliError } from '../errors.ts'
import { nextText } from '../intent-text.ts'
import { table } from '../output.ts'
import { action } from '../session.ts'

export function intentCommand(context: Command): void {
  const intent = context
    .command('intent')
    .description('what the node goes on with until it is done, refused or withdrawn')
  intent
    .command('list')
    .alias('ls')
    .description('list it, with the reason why it is not done and the time of the next try')
    .action(
      action(async ({ output, client }) => {
        const intents = await (await client()).admin.intents()
        const columns = {
          ID: (row: Intent) => row.id,
          KIND: (row: Intent) => row.kind,
          CONTEXT: (row: Intent) => row.contextId,
          STATE: (row: Intent) => row.state,
          TRIES: (row: Intent) => String(row.tries),
          NEXT: nextText,
          REASON: ({ reason }: Intent) =>
            reason === undefined ? '' : `${reason.code}: ${reason.message}`,
        }
        output.result(intents, table(intents, columns, 'nothing is left to do'))
      }),
    )
  intent
    .command('withdraw <id>')
    .description('give one up')
    .action(
      action(async ({ output, client }, id) => {
        const result = await (await client()).admin.withdraw(id)
        if (!result.isWithdrawn) throw cliError('CLI_NOT_FOUND', `there is no intent ${id}`)
        output.result(result, `withdrew ${id}`)
      }),
    )
}
