/** The part of `merogate node init` that says who decides over membership. */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { AnchorUser } from '../config/options/anchor.ts'
import { cliError } from '../errors.ts'
import { finalityArgument, rpcUrlsArgument } from '../ethereum-flags.ts'

/** Where `merogate chain run` serves when nothing else is said. */
const DEFAULT_CHAIN_URL = 'http://127.0.0.1:2540'

export interface AnchorOptions {
  readonly chain: 'local' | 'ethereum'
  readonly anchorUrl?: string
  readonly rpcUrl?: string[]
  readonly wsUrl?: string
  readonly deployment?: string
  readonly keyFile?: string
  readonly keyEnv?: string
  readonly confirmations?: string
  readonly finality?: string
}

/** Adds the options to a command. */
export function withAnchorOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--chain <name>', 'what decides who is a member')
        .choices(['local', 'ethereum'])
        .default('local'),
    )
    .option('--anchor-url <url>', `local: the service; default: ${DEFAULT_CHAIN_URL}`)
    .option('--rpc-url <url...>', 'ethereum: JSON-RPC endpoints, the preferred first')
    .option('--ws-url <url>', 'ethereum: endpoint for subscriptions')
    .option('--deployment <file>', 'ethereum: file that says where the contracts are')
    .option('--key-file <file>', 'ethereum: file with the private key of the account that pays')
    .addOption(
      new Option('--key-env <name>', 'ethereum: environment variable with it').conflicts('keyFile'),
    )
    .option('--finality <rule>', 'ethereum: finalized or safe; default: finalized')
    .addOption(
      new Option('--confirmations <n>', 'ethereum: blocks above one that counts').conflicts(
        'finality',
      ),
    )
}

/** What the configuration says of it. @throws CLI_USAGE; ETHEREUM_DEPLOYMENT (input) when the file cannot be used */
export async function anchorSettings(options: AnchorOptions): Promise<AnchorUser> {
  const { chain, anchorUrl, rpcUrl, wsUrl, deployment, keyFile, keyEnv } = options
  if (chain === 'local') return { local: { url: anchorUrl ?? DEFAULT_CHAIN_URL } }
  if (rpcUrl === undefined || deployment === undefined) {
    throw cliError('CLI_USAGE', 'expected --rpc-url and --deployment for --chain ethereum')
  }
  const { readDeployment } = await import('../../chains/ethereum/index.ts')
  await readDeployment(deployment)
  return {
    ethereum: {
      rpc_urls: [...rpcUrlsArgument(rpcUrl)],
      deployment: resolve(deployment),
      ...(wsUrl === undefined ? {} : { ws_url: wsUrl }),
      ...(keyFile === undefined ? {} : { key_file: resolve(keyFile) }),
      ...(keyEnv === undefined ? {} : { key_env: keyEnv }),
      ...finalitySettings(options),
    },
  }
}

function finalitySettings({
  finality,
  confirmations,
}: AnchorOptions): Pick<AnchorUser[string], 'finality' | 'confirmations'> {
  const text = confirmations ?? finality
  if (text === undefined) return {}
  const rule = finalityArgument(text)
  return typeof rule === 'number' ? { confirmations: rule } : { finality: rule }
}
