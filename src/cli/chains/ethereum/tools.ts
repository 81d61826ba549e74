/** What the commands ask of Ethereum. Its SDK is loaded by those that need it. */
import { withSdk } from '../../../chains/shared/sdk.ts'
import { ethereumAnchor } from '../../../chains/ethereum/index.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import type { RelayCarrier } from '../../../server/index.ts'
import type { Output } from '../../output.ts'
import type { ChainTools, RunPlace } from '../chain.ts'
import { type RunOptions, serve, startLocal } from '../shared/local-chain.ts'
import { relayingOf } from '../shared/node-settings.ts'
import type { PayerEntry } from '../shared/settings.ts'
import type { DeployOptions } from './deploy.ts'
import { ethereumInit } from './init.ts'
import { nodeSettings } from './node-settings.ts'
import type { EthereumEntry } from './settings.ts'
import { configuredTarget, givenTarget } from './target.ts'

interface Relayed {
  readonly payer: PayerEntry
  readonly entry: EthereumEntry | undefined
  readonly logger: Logger
}

/** @throws CLI_RELAYER_CHAIN, CHAIN_KEY, CHAIN_DEPLOYMENT (input) */
async function openCarrier({ logger, ...asked }: Relayed): Promise<RelayCarrier> {
  const { key, entry, perDay } = relayingOf('ethereum', asked)
  const { key: nodeKey, relayer: _other, ...init } = await ethereumInit(entry)
  const { openRelay } = await withSdk(
    'ethereum',
    () => import('../../../chains/ethereum/send/relay.ts'),
  )
  return openRelay({ ...init, key, nodeKey, gasPerDay: perDay }, { clock: systemClock, logger })
}

export const tools: ChainTools = {
  init: nodeSettings,
  openAnchor: async (entry: EthereumEntry) => ethereumAnchor(await ethereumInit(entry)),
  openCarrier,
  configured: configuredTarget,
  given: givenTarget,
  async deploy(options: DeployOptions, output: Output) {
    const { openDeployment } = await withSdk('ethereum', () => import('./deploy.ts'))
    return openDeployment(options, output)
  },
  async run(options: RunOptions, place: RunPlace) {
    const { chains } = await withSdk('ethereum', () => import('./local-chain.ts'))
    return serve(chains, options, place)
  },
  async start(folder) {
    const { chains } = await withSdk('ethereum', () => import('./local-chain.ts'))
    return startLocal(chains, folder)
  },
}
