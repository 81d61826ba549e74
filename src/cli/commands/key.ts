/** `merogate key` and `merogate token`: who may use a node, and for what. */
import type { Command } from 'commander'
import { type NewRootKey, splitPermissions } from '../../client/auth.ts'
import { WALLETS } from '../chains/chains.ts'
import { cliError } from '../errors.ts'
import { table } from '../output.ts'
import { action } from '../session.ts'

interface MintOptions {
  permissions: string
  context?: string
  identity?: string
  name?: string
}

export function tokenCommand(program: Command): void {
  program
    .command('token')
    .description('tokens for programs')
    .command('mint')
    .description('make a client key, and print its tokens')
    .requiredOption('--permissions <list>', 'what it may do, by comma')
    .option('--context <id>', 'the context that it is for; with --identity')
    .option('--identity <id>', 'the identity that it acts as')
    .option('--name <text>', 'shown in lists of keys')
    .addHelpText(
      'after',
      "\nExample:\n  merogate --output-format json token mint --permissions 'context:execute[<id>,,get]'",
    )
    .action(
      action<MintOptions>(async ({ options, output, client }) => {
        const { context, identity, name } = options
        const permissions = splitPermissions(options.permissions)
        const { auth } = await client()
        const tokens = await auth.clientKey({
          permissions,
          ...(context === undefined ? {} : { contextId: context }),
          ...(identity === undefined ? {} : { contextIdentity: identity }),
          ...(name === undefined ? {} : { name }),
        })
        output.result({ ...tokens, permissions })
      }),
    )
}

interface CreateOptions {
  subject?: string
  user?: string
  passwordFile?: string
  permissions?: string
  name?: string
}

/** Subjects that wallets prove. */
const EXAMPLES = WALLETS.map(({ example }) => example).join(' or ')

export function keyCommand(program: Command): void {
  const key = program.command('key').description('keys: who may use the node, and for what')
  key
    .command('list')
    .alias('ls')
    .description('list root keys, and the client keys below them')
    .action(
      action(async ({ output, client }) => {
        const { auth } = await client()
        const [roots, clients] = await Promise.all([auth.keys(), auth.clientKeys()])
        const rows = [
          ...roots.map(({ key_id: id, subject, auth_method, ...rest }) => {
            return { ...rest, id, kind: auth_method, name: subject }
          }),
          ...clients.map(({ client_id: id, ...rest }) => ({ ...rest, id, kind: 'client' })),
        ]
        type Row = (typeof rows)[number]
        const columns = {
          KEY: ({ id }: Row) => id,
          KIND: ({ kind }: Row) => kind,
          NAME: ({ name }: Row) => name,
          VALID: ({ is_valid }: Row) => (is_valid ? 'yes' : 'revoked'),
          PERMISSIONS: ({ permissions }: Row) => permissions.join(','),
        }
        output.result({ roots, clients }, table(rows, columns, 'no keys'))
      }),
    )
  key
    .command('create')
    .description('let somebody sign in: with a wallet, or a name and a password')
    .option('--subject <text>', `account of a wallet, as in ${EXAMPLES}`)
    .option('--user <name>', 'user name; the password is asked for')
    .option('--password-file <file>', 'the password, in a file that only you can read')
    .option('--permissions <list>', 'what it may do, by comma; default: admin')
    .option('--name <text>', 'shown in lists')
    .action(
      action<CreateOptions>(async ({ options, output, client }) => {
        const { permissions, name } = options
        const made = await (
          await client()
        ).auth.createKey({
          ...(await accountOf(options)),
          ...(permissions === undefined ? {} : { permissions: splitPermissions(permissions) }),
          ...(name === undefined ? {} : { name }),
        })
        output.result(made, made.key_id ?? made.message)
      }),
    )
  key
    .command('revoke <id>')
    .description('take away the access of a key; of a root key with all client keys below it')
    .action(
      action(async ({ output, client }, id) => {
        const { auth } = await client()
        const clients = await auth.clientKeys()
        if (clients.some(({ client_id }) => client_id === id)) {
          output.result(await auth.revokeClientKey(id), `revoked ${id}`)
          return
        }
        const answer = await auth.revokeKey(id)
        if (!answer.status) throw cliError('CLI_CHECK_FAILED', answer.message)
        output.result(answer, `revoked ${id}`)
      }),
    )
}

async function accountOf(options: CreateOptions): Promise<NewRootKey> {
  const { subject, user, passwordFile } = options
  if (user !== undefined && subject === undefined) {
    const { askPassword } = await import('../sign-in/ask-password.ts')
    const data = { username: user, password: await askPassword(passwordFile) }
    return { method: 'user_password', subject: user, data }
  }
  const method = WALLETS.find(({ prefix }) => subject?.startsWith(prefix))?.method
  if (subject !== undefined && user === undefined && method !== undefined)
    return { method, subject }
  throw cliError(
    'CLI_USAGE',
    `expected --user NAME, or --subject with ${WALLETS.map(({ prefix }) => prefix).join(' or ')} and the account`,
  )
}
