/** The part of `merogate node init` that says which contracts decide over membership, and who pays. */
import { resolve } from 'node:path'
import { readDeployment } from '../../../chains/near/index.ts'
import { rpcUrlsArgument } from '../../arguments.ts'
import { cliError } from '../../errors.ts'
import { accountArgument } from './arguments.ts'
import type { NearUser } from './settings.ts'

export interface InitOptions {
  readonly rpcUrl?: string[]
  readonly deployment?: string
  readonly account?: string
  readonly keyFile?: string
  readonly keyEnv?: string
}

/** What the configuration says of it. @throws CLI_USAGE; CHAIN_DEPLOYMENT (input) when the file cannot be used */
export async function nodeSettings(options: InitOptions): Promise<NearUser> {
  const { rpcUrl, deployment, account, keyFile, keyEnv } = options
  if (rpcUrl === undefined || deployment === undefined) {
    throw cliError('CLI_USAGE', 'expected --rpc-url and --deployment for --chain near')
  }
  await readDeployment(deployment)
  return {
    rpc_urls: [...rpcUrlsArgument(rpcUrl)],
    deployment: resolve(deployment),
    ...(account === undefined ? {} : { account: accountArgument('--account', account) }),
    ...(keyFile === undefined ? {} : { key_file: resolve(keyFile) }),
    ...(keyEnv === undefined ? {} : { key_env: keyEnv }),
  }
}
