/** The tree of commands. Building it loads nothing but commander; each command loads what it needs when it runs. */
import { Command, Option } from 'commander'
import { appCommand } from './commands/app.ts'
import { blobCommand } from './commands/blob.ts'
import { callCommand } from './commands/call.ts'
import { chainCommand } from './commands/chain/chain.ts'
import { contextCommand } from './commands/context.ts'
import { devCommand } from './commands/dev.ts'
import { keyCommand, tokenCommand } from './commands/key.ts'
import { loginCommands } from './commands/login.ts'
import { nodeCommand } from './commands/node.ts'
import { peersCommand } from './commands/peers.ts'
import { DEFAULT_NODE } from './session.ts'

const EXAMPLES = `
Examples:
  merogate dev                                   a local anchor, two nodes, one shared context
  merogate node init && merogate node run        a node of your own
  merogate login
  merogate app install --path app.mpk
  merogate context create --application <id>
  merogate call set --context <id> --args '{"key":"a","value":"b"}'

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 not allowed.`

/** The program; parsing runs the command. @param version printed by --version */
export function program(version: string): Command {
  const root = new Command('merogate')
    .description('A peer-to-peer application node: sandboxed apps with replicated state.')
    .version(version)
    .option('--home <folder>', 'folder of all nodes; default: $MEROGATE_HOME or ~/.merogate')
    .addOption(
      new Option(
        '--node <name>',
        `node the command is about, a folder in the home; default: ${DEFAULT_NODE}`,
      ),
    )
    .addOption(
      new Option('--api <url>', 'address of the node the command talks to').conflicts('node'),
    )
    .addOption(
      new Option('--output-format <format>', 'how results are printed')
        .choices(['human', 'json'])
        .default('human'),
    )
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(add --help for the options)')
    .exitOverride()
  for (const add of [
    devCommand,
    nodeCommand,
    loginCommands,
    tokenCommand,
    keyCommand,
    chainCommand,
    appCommand,
    contextCommand,
    callCommand,
    blobCommand,
    peersCommand,
  ]) {
    add(root)
  }
  return root
}
