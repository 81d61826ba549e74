/** The part of `merogate node init` that says which contracts decide over membership, and who pays. */
import { resolve } from 'node:path'
import { readDeployment } from '../../../chains/ethereum/index.ts'
import { cliError } from '../../errors.ts'
import { rpcUrlsArgument } from '../../arguments.ts'
import { finalityArgument } from './arguments.ts'
import type { EthereumUser } from './settings.ts'

export interface InitOptions {
  readonly rpcUrl?: string[]
  readonly wsUrl?: string
  readonly deployment?: string
  readonly keyFile?: string
  readonly keyEnv?: string
  readonly confirmations?: string
  readonly finality?: string
}

/** What the configuration says of it. @throws CLI_USAGE; CHAIN_DEPLOYMENT (input) when the file cannot be used */
export async function nodeSettings(options: InitOptions): Promise<EthereumUser> {
  const { rpcUrl, wsUrl, deployment, keyFile, keyEnv } = options
  if (rpcUrl === undefined || deployment === undefined) {
    throw cliError('CLI_USAGE', 'expected --rpc-url and --deployment for --chain ethereum')
  }
  await readDeployment(deployment)
  return {
    rpc_urls: [...rpcUrlsArgument(rpcUrl)],
    deployment: resolve(deployment),
    ...(wsUrl === undefined ? {} : { ws_url: wsUrl }),
    ...(keyFile === undefined ? {} : { key_file: resolve(keyFile) }),
    ...(keyEnv === undefined ? {} : { key_env: keyEnv }),
    ...finalitySettings(options),
  }
}

function finalitySettings({
  finality,
  confirmations,
}: InitOptions): Pick<EthereumUser, 'finality' | 'confirmations'> {
  const text = confirmations ?? finality
  if (text === undefined) return {}
  const rule = finalityArgument(text)
  return typeof rule === 'number' ? { confirmations: rule } : { finality: rule }
}
