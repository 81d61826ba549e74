/** Which anchors `chain status` and `chain doctor` look at: those of a node's configuration, or a deployment file with endpoints. */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { FinalityRule, KeyReference } from '../../../chains/ethereum/index.ts'
import { cliError } from '../../errors.ts'
import {
  addressArgument,
  finalityArgument,
  keyReference,
  maxFeeArgument,
  rpcUrlsArgument,
  weiOf,
} from '../../ethereum-flags.ts'
import type { Session } from '../../session.ts'

export interface TargetOptions {
  readonly chain?: 'local' | 'ethereum'
  readonly deployment?: string
  readonly rpcUrl?: string[]
  readonly wsUrl?: string
  readonly finality?: string
  readonly keyFile?: string
  readonly keyEnv?: string
  readonly from?: string
  readonly maxFeeGwei?: string
}

/** The local anchor. */
export interface LocalTarget {
  readonly protocol: 'local'
  readonly url: string
}

/** An Ethereum chain. */
export interface EthereumTarget {
  readonly protocol: 'ethereum'
  readonly rpcUrls: readonly string[]
  readonly wsUrl?: string | undefined
  /** Deployment file. */
  readonly deployment: string
  /** @default the adapter's */
  readonly finality?: FinalityRule | undefined
  readonly key?: KeyReference | undefined
  /** Account in the key's place, which nobody can send with. */
  readonly from?: string | undefined
  readonly relayerUrl?: string | undefined
  /** @default the adapter's */
  readonly maxFeePerGas?: bigint | undefined
}

export type Target = LocalTarget | EthereumTarget

/** Adds the options to a command. */
export function withTargetOptions(command: Command): Command {
  return command
    .addOption(new Option('--chain <name>', 'only this one').choices(['local', 'ethereum']))
    .option('--deployment <file>', 'look at this deployment, not at the configuration of a node')
    .option('--rpc-url <url...>', 'its JSON-RPC endpoints')
    .option('--ws-url <url>', 'its endpoint for subscriptions')
    .option('--finality <rule>', 'finalized, safe, or blocks above one that counts')
    .option('--key-file <file>', 'file with the private key of the account')
    .addOption(
      new Option('--key-env <name>', 'environment variable with that key').conflicts('keyFile'),
    )
    .addOption(
      new Option('--from <address>', 'the account, in place of its key').conflicts([
        'keyFile',
        'keyEnv',
      ]),
    )
    .option('--max-fee-gwei <n>', 'most that is paid per gas')
}

/** What to look at. @throws CLI_USAGE, and what reading the configuration throws */
export async function resolveTargets({
  options,
  folder,
}: Pick<Session<TargetOptions>, 'options' | 'folder'>): Promise<readonly Target[]> {
  const { deployment, ...flags } = options
  if (deployment !== undefined) return [givenTarget(deployment, flags)]
  const loose = ['rpcUrl', 'wsUrl', 'finality', 'keyFile', 'keyEnv', 'from', 'maxFeeGwei'] as const
  if (loose.some((name) => options[name] !== undefined)) {
    throw cliError(
      'CLI_USAGE',
      'these options go with --deployment; without it the node’s configuration says them',
    )
  }
  const { loadConfig } = await import('../../config/load.ts')
  const { isChainAnchor } = await import('../../config/options/anchor.ts')
  const { anchor } = await loadConfig({ home: folder, env: process.env })
  const targets = Object.entries(anchor).flatMap(([protocol, entry]): Target[] => {
    if (options.chain !== undefined && options.chain !== protocol) return []
    if (!isChainAnchor(entry)) return protocol === 'local' ? [{ protocol, url: entry.url }] : []
    if (protocol !== 'ethereum') return []
    const { keyFile, keyEnv, maxFeeGwei, ...same } = entry
    const maxFeePerGas = maxFeeGwei === undefined ? undefined : weiOf(maxFeeGwei)
    return [{ ...same, protocol, key: keyReference(keyFile, keyEnv), maxFeePerGas }]
  })
  if (targets.length > 0) return targets
  const named = options.chain === undefined ? 'anchor' : `anchor.${options.chain}`
  const message = `the configuration in ${folder} has no ${named}: write one with \`merogate node init\`, or give --deployment and --rpc-url`
  throw cliError('CLI_USAGE', message)
}

function givenTarget(deployment: string, options: TargetOptions): EthereumTarget {
  const { rpcUrl, wsUrl, finality, keyFile, keyEnv, from, maxFeeGwei } = options
  if (rpcUrl === undefined) {
    throw cliError('CLI_USAGE', 'expected --rpc-url beside --deployment: no endpoint is built in')
  }
  return {
    protocol: 'ethereum',
    rpcUrls: rpcUrlsArgument(rpcUrl),
    wsUrl,
    deployment: resolve(deployment),
    finality: finality === undefined ? undefined : finalityArgument(finality),
    key: keyReference(keyFile, keyEnv),
    from: from === undefined ? undefined : addressArgument('--from', from),
    maxFeePerGas: maxFeeGwei === undefined ? undefined : maxFeeArgument(maxFeeGwei),
  }
}
