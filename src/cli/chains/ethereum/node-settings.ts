/** The part of `merogate node init` that says which contracts decide over membership, and who pays. */
import { readDeployment } from '../../../chains/ethereum/index.ts'
import { type CommonInitOptions, commonSettings } from '../shared/node-settings.ts'
import { finalityArgument } from './arguments.ts'
import type { EthereumUser } from './settings.ts'

export interface InitOptions extends CommonInitOptions {
  readonly wsUrl?: string
  readonly confirmations?: string
  readonly finality?: string
}

/** What the configuration says of it. @throws CLI_USAGE; CHAIN_DEPLOYMENT (input) when the file cannot be used */
export async function nodeSettings(options: InitOptions): Promise<EthereumUser> {
  const { wsUrl } = options
  return {
    ...(await commonSettings('ethereum', options, readDeployment)),
    ...(wsUrl === undefined ? {} : { ws_url: wsUrl }),
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
