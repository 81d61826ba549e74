/** `merogate chain deploy`: the contracts on a chain, for real. */
import { type Command, Option } from 'commander'
import { action } from '../../session.ts'
import type { DeployOptions } from './deploy-contracts.ts'

const HELP = `
The contracts have no owner: whoever deploys has no rights over them, and the account needs to hold funds just once. Their addresses follow
from their code, so they are the same on every chain, and one deployment serves everybody on it: repeating it changes nothing.

Examples:
  merogate chain deploy --network sepolia --rpc-url https://... --dry-run
  merogate chain deploy --network sepolia --rpc-url https://... --key-file deployer.key
  DEPLOYER_KEY=0x... merogate chain deploy --network https://... --key-env DEPLOYER_KEY --yes

See docs/deploying.md.`

export function deployCommand(chain: Command): void {
  chain
    .command('deploy')
    .description('put the contracts on a chain; says first what that costs')
    .addOption(
      new Option('--chain <name>', 'sort of chain').choices(['ethereum']).default('ethereum'),
    )
    .requiredOption(
      '--network <name|url>',
      'sepolia, mainnet, holesky, hoodi, local, or an endpoint',
    )
    .option('--rpc-url <url...>', 'JSON-RPC endpoints of the network, the preferred first')
    .addOption(
      new Option('--key-file <file>', 'file with the private key of the account that pays'),
    )
    .addOption(
      new Option('--key-env <name>', 'environment variable with that key').conflicts('keyFile'),
    )
    .addOption(
      new Option('--from <address>', 'account that would pay, for --dry-run').conflicts([
        'keyFile',
        'keyEnv',
      ]),
    )
    .option('--predecessor <address>', 'contract of contexts whose groups may move to the new one')
    .option('--out <file>', 'deployment file to write; default: <network>.deployment.json')
    .option('--force', 'replace a deployment file of other contracts')
    .option('--dry-run', 'say what would be made and what it costs, and stop')
    .option('--yes', 'do not ask')
    .option('--max-fee-gwei <n>', 'most that is paid per gas; default: 200')
    .option(
      '--finality <rule>',
      'wait until blocks are finalized, safe or have N above; default: 5, local 0',
    )
    .addHelpText('after', HELP)
    .action(
      action<DeployOptions>(async ({ options, output }) => {
        const { deploy } = await import('./deploy-contracts.ts')
        await deploy(options, output)
      }),
    )
}
