/** `merogate login`, `logout` and `whoami`. */
import type { Command } from 'commander'
import { WALLETS } from '../chains/chains.ts'
import { cliError } from '../errors.ts'
import { action } from '../session.ts'
import type { LoginOptions } from '../sign-in/sign-in.ts'

interface PasswordOptions {
  readonly passwordFile?: string
  readonly newPasswordFile?: string
}

export function loginCommands(program: Command): void {
  const words = WALLETS.flatMap(({ keyWords }) => keyWords ?? [])
  program
    .command('login')
    .description('sign in to a node: at its login page, with a password, or with a key file')
    .option('--user <name>', 'with a password, which is asked for')
    .option('--password-file <file>', 'the password, in a file that only you can read')
    .option('--key-file <file>', `with ${words.join(', or ')}`)
    .option('--permissions <list>', 'what the login page is asked for, by comma; default: admin')
    .option(
      '--bootstrap-secret-file <file>',
      'the secret of the first sign-in, as node init printed it',
    )
    .option('--no-open', 'only print the address of the login page')
    .addHelpText(
      'after',
      '\nExamples:\n  merogate login\n  merogate --api https://node.example login --permissions context:execute\n' +
        '  merogate login --user alice --password-file password.txt\n\n' +
        'Tokens are kept below the home, a file for each node, and refreshed when needed. MEROGATE_TOKEN goes before them.',
    )
    .action(
      action<LoginOptions>(async ({ options, output, client, tokens }) => {
        const { signIn } = await import('../sign-in/sign-in.ts')
        const node = await client()
        const store = await tokens()
        await signIn(options, { client: node, tokens: store, output })
        const { keyId, permissions } = await (await client()).auth.whoami()
        const facts = { node: node.url, keyId, permissions }
        output.result(facts, `signed in to ${node.url}: ${permissions.join(', ')}`)
      }),
    )
  program
    .command('logout')
    .description('end the session at the node, and remove its tokens')
    .action(
      action(async ({ output, client, tokens }) => {
        const [node, store] = [await client(), await tokens()]
        if ((await store.load()) === undefined) {
          output.result({ node: node.url, signedIn: false }, `nobody is signed in to ${node.url}`)
          return
        }
        const { merogateClient } = await import('../../client/index.ts')
        try {
          // of the tokens that are kept, whatever else commands may use
          await merogateClient({ url: node.url, tokens: store }).auth.signOut()
        } catch (error) {
          output.note(`the tokens are removed; the node was not told: ${String(error)}`)
        }
        output.result({ node: node.url, signedIn: false }, `signed out of ${node.url}`)
      }),
    )
  program
    .command('password')
    .description('change the password of whoever is signed in with one')
    .option('--password-file <file>', 'the old one, in a file that only you can read')
    .option('--new-password-file <file>', 'the new one, likewise')
    .action(
      action<PasswordOptions>(async ({ options, output, client }) => {
        const { askPassword } = await import('../sign-in/ask-password.ts')
        const node = await client()
        const { passwordFile, newPasswordFile } = options
        const oldPassword = await askPassword(passwordFile, { prompt: 'Old password' })
        const option = '--new-password-file'
        const newPassword = await askPassword(newPasswordFile, { prompt: 'New password', option })
        const again =
          newPasswordFile === undefined
            ? await askPassword(undefined, { prompt: 'New password, again', option })
            : newPassword
        if (again !== newPassword) throw cliError('CLI_USAGE', 'the new passwords differ')
        await node.auth.changePassword({ oldPassword, newPassword })
        const text = 'the password is changed; other sessions are over'
        output.result({ node: node.url, changed: true }, text)
      }),
    )
  program
    .command('whoami')
    .description('show which key the node takes you for, and what it may do')
    .action(
      action(async ({ output, client }) => {
        const node = await client()
        const { keyId, permissions } = await node.auth.whoami()
        output.result({ node: node.url, keyId, permissions })
      }),
    )
}
