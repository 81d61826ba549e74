/** What the commands ask of NEAR. Its SDK is loaded by those that need it. */
import { nearAnchor } from '../../../chains/near/index.ts'
import { withSdk } from '../../../chains/shared/sdk.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import type { RelayCarrier } from '../../../server/index.ts'
import type { Output } from '../../output.ts'
import type { ChainTools, RunPlace } from '../chain.ts'
import { type RunOptions, serve, startLocal } from '../shared/local-chain.ts'
import { relayingOf } from '../shared/node-settings.ts'
import type { PayerEntry } from '../shared/settings.ts'
import type { DeployOptions } from './deploy.ts'
import { nearInit } from './init.ts'
import type { KeyOptions } from './key.ts'
import { nodeSettings } from './node-settings.ts'
import type { NearEntry } from './settings.ts'
import { configuredTarget, givenTarget } from './target.ts'

interface Relayed {
  readonly payer: PayerEntry
  readonly entry: NearEntry | undefined
  readonly logger: Logger
}

/** @throws CLI_RELAYER_CHAIN, CHAIN_KEY, CHAIN_DEPLOYMENT (input) */
async function openCarrier({ logger, ...asked }: Relayed): Promise<RelayCarrier> {
  const { key, entry, perDay } = relayingOf('near', asked)
  const { key: nodeKey, relayer: _other, ...init } = await nearInit(entry)
  const { openRelay } = await withSdk('near', () => import('../../../chains/near/send/relay.ts'))
  return openRelay({ ...init, key, nodeKey, perDay }, { clock: systemClock, logger })
}

export const tools: ChainTools = {
  init: nodeSettings,
  openAnchor: async (entry: NearEntry) => nearAnchor(await nearInit(entry)),
  openCarrier,
  configured: configuredTarget,
  given: givenTarget,
  async deploy(options: DeployOptions, output: Output) {
    const { openDeployment } = await withSdk('near', () => import('./deploy.ts'))
    return openDeployment(options, output)
  },
  async key(options: KeyOptions) {
    const { makeKey } = await withSdk('near', () => import('./key.ts'))
    return makeKey(options)
  },
  async run(options: RunOptions, place: RunPlace) {
    const { chains } = await withSdk('near', () => import('./local-chain.ts'))
    return serve(chains, options, place)
  },
  async start(folder) {
    const { chains } = await withSdk('near', () => import('./local-chain.ts'))
    return startLocal(chains, folder)
  },
}
