/** What the commands ask of Ethereum. Its SDK is loaded by those that need it. */
import { withSdk } from '../../../chains/shared/sdk.ts'
import { ethereumAnchor } from '../../../chains/ethereum/index.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import type { RelayCarrier } from '../../../server/index.ts'
import { secretReference } from '../../arguments.ts'
import { cliError } from '../../errors.ts'
import type { Output } from '../../output.ts'
import type { ChainTools, RunPlace } from '../chain.ts'
import type { PayerEntry } from '../settings.ts'
import type { DeployOptions } from './deploy.ts'
import { ethereumInit } from './init.ts'
import { nodeSettings } from './node-settings.ts'
import type { RunOptions } from './run.ts'
import type { EthereumEntry } from './settings.ts'
import { configuredTarget, givenTarget } from './target.ts'

interface Relaying {
  readonly payer: PayerEntry
  readonly entry: EthereumEntry | undefined
  readonly logger: Logger
}

/** @throws CLI_RELAYER_CHAIN, CHAIN_KEY, CHAIN_DEPLOYMENT (input) */
async function openCarrier({ payer, entry, logger }: Relaying): Promise<RelayCarrier> {
  const key = secretReference(payer.keyFile, payer.keyEnv)
  if (key === undefined || entry === undefined) {
    const message =
      'the relayer pays on the chain of anchor.ethereum: expected its rpc_urls and deployment'
    throw cliError('CLI_RELAYER_CHAIN', message)
  }
  const { key: nodeKey, relayer: _other, ...init } = await ethereumInit(entry)
  const { openRelay } = await withSdk(
    'ethereum',
    () => import('../../../chains/ethereum/send/relay.ts'),
  )
  const gasPerDay = payer.perDay === undefined ? undefined : BigInt(payer.perDay)
  return openRelay({ ...init, key, nodeKey, gasPerDay }, { clock: systemClock, logger })
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
    const { run } = await withSdk('ethereum', () => import('./run.ts'))
    return run(options, place)
  },
  async start(folder) {
    const { start } = await withSdk('ethereum', () => import('./run.ts'))
    return start(folder)
  },
}
