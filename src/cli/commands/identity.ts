/** `merogate context identity`: keys of a node, and what members may do. */
import { Argument } from 'commander'
import type { Command } from 'commander'
import type { Capability, Identity } from '../../client/index.ts'
import { intentText } from '../intent-text.ts'
import { table } from '../output.ts'
import { action } from '../session.ts'

const CAPABILITIES = ['ManageApplication', 'ManageMembers', 'Proxy', 'Govern', 'ManageContexts']

export function identityCommand(context: Command): void {
  const identity = context.command('identity').description('identities and their capabilities')

  identity
    .command('list')
    .alias('ls')
    .description('list the identities of a context, or all that this node holds')
    .option('-c, --context <id>', 'the context')
    .option('--owned', 'only those whose key this node holds')
    .action(
      action<{ context?: string; owned?: true }>(async ({ options, output, client }) => {
        const { admin } = await client()
        const { context: id, owned } = options
        if (id !== undefined) {
          output.result(await (owned === true ? admin.identitiesOwned(id) : admin.identities(id)))
          return
        }
        const identities = await admin.allIdentities()
        const columns = {
          IDENTITY: (row: Identity) => row.publicKey,
          CONTEXTS: (row: Identity) => row.contextIds.join(' '),
          'GOES ON WITH': (row: Identity) => row.intents.map(intentText).join('; '),
        }
        output.result(identities, table(identities, columns, 'no identities'))
      }),
    )
  identity
    .command('generate')
    .alias('new')
    .description('make a new identity on this node, to be invited')
    .action(
      action(async ({ output, client }) => {
        const made = await (await client()).admin.createIdentity()
        output.result(made, made.publicKey)
      }),
    )
  for (const verb of ['grant', 'revoke'] as const) {
    identity
      .command(`${verb} <identity>`)
      .description(`${verb} a capability`)
      .addArgument(new Argument('<capability>', 'what it is about').choices(CAPABILITIES))
      .requiredOption('-c, --context <id>', 'the context')
      .action(
        action<{ context: string }>(async ({ options, output, client }, member, capability) => {
          const { admin } = await client()
          // checked by choices() above
          output.result(await admin[verb](options.context, member, capability as Capability))
        }),
      )
  }
}
