/** The part of `merogate node init` that says which contracts decide over membership, and who pays. */
import { readDeployment } from '../../../chains/near/index.ts'
import { type CommonInitOptions, commonSettings } from '../shared/node-settings.ts'
import { accountArgument } from './arguments.ts'
import type { NearUser } from './settings.ts'

export interface InitOptions extends CommonInitOptions {
  readonly account?: string
}

/** What the configuration says of it. @throws CLI_USAGE; CHAIN_DEPLOYMENT (input) when the file cannot be used */
export async function nodeSettings({ account, ...options }: InitOptions): Promise<NearUser> {
  return {
    ...(await commonSettings('near', options, readDeployment)),
    ...(account === undefined ? {} : { account: accountArgument('--account', account) }),
  }
}
