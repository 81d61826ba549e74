/** The part of `merogate node init` that says which contracts decide over membership. */
import { readDeployment } from '../../../chains/stellar/index.ts'
import { type CommonInitOptions, commonSettings } from '../shared/node-settings.ts'
import type { StellarUser } from './settings.ts'

/** What the configuration says of it. @throws CLI_USAGE; CHAIN_DEPLOYMENT (input) when the file cannot be used */
export async function nodeSettings(options: CommonInitOptions): Promise<StellarUser> {
  return commonSettings('stellar', options, readDeployment)
}
