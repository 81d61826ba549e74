/** `merogate context members` and its like: who is in a context, and as what. */
import { Argument, Option } from 'commander'
import type { Command } from 'commander'
import type { Member, MemberRole } from '../../client/index.ts'
import { ROLES } from '../../node/anchor/anchor.ts'
import { table } from '../output.ts'
import { action } from '../session.ts'

export function memberCommands(context: Command): void {
  context
    .command('members <id>')
    .description('list the members of a context')
    .action(
      action(async ({ output, client }, id) => {
        const members = await (await client()).admin.members(id)
        const columns = {
          IDENTITY: (row: Member) => row.publicKey,
          ROLE: (row: Member) => row.role,
          CAPABILITIES: (row: Member) => row.capabilities.join(','),
        }
        output.result(members, table(members, columns, 'no members'))
      }),
    )
  context
    .command('remove-member <id> <identity>')
    .description('exclude a member; keys are renewed without it')
    .option('--may-return', 'let it come back by an invitation that it holds')
    .action(
      action<{ mayReturn?: boolean }>(async ({ output, client, options }, id, identity) => {
        const { mayReturn = false } = options
        output.result(await (await client()).admin.removeMembers(id, [identity], { mayReturn }))
      }),
    )
  context
    .command('void-invitations <id>')
    .description('end every open invitation that was given until now')
    .option('--as <identity>', 'identity that gave them')
    .action(
      action<{ as?: string }>(async ({ output, client, options }, id) => {
        output.result(await (await client()).admin.voidInvitations(id, options.as))
      }),
    )
  context
    .command('migrate <id>')
    .description('move the group to another contract in a week, or show whether it moves')
    .addOption(new Option('--to <address>', 'the other contract, hexadecimal').conflicts('cancel'))
    .option('--cancel', 'let the group stay where it is')
    .option('--as <identity>', 'identity that asks for it; needs ManageMembers and Proxy')
    .action(
      action<{ to?: string; cancel?: true; as?: string }>(
        async ({ output, client, options }, id) => {
          const { admin } = await client()
          const { to, cancel, as } = options
          const successor = to?.replace(/^0x/i, '').toLowerCase()
          if (successor !== undefined || cancel === true) {
            await admin.migrate(id, successor ?? null, as)
          }
          output.result(await admin.migration(id))
        },
      ),
    )
  context
    .command('set-role <id> <identity>')
    .description('make a member a writer, a reader or a relay')
    .addArgument(new Argument('<role>', 'the new role').choices(ROLES))
    .action(
      action(async ({ output, client }, id, identity, role) => {
        // checked by choices() above
        output.result(await (await client()).admin.setRole(id, [identity], role as MemberRole))
      }),
    )
}
