/** The part of `merogate node init` that says which canisters decide over membership. */
import { readDeployment } from '../../../chains/icp/deploy/deployment.ts'
import { type CommonInitOptions, commonSettings } from '../shared/node-settings.ts'
import type { IcpUser } from './settings.ts'

/** What the configuration says of it. @throws CLI_USAGE; CHAIN_DEPLOYMENT (input) when the file cannot be used */
export async function nodeSettings(options: CommonInitOptions): Promise<IcpUser> {
  return commonSettings('icp', options, readDeployment)
}
