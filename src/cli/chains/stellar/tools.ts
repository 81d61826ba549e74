/** What the commands ask of Stellar. Its SDK is loaded by those that need it. */
import { withSdk } from '../../../chains/shared/sdk.ts'
import { stellarAnchor } from '../../../chains/stellar/index.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import type { RelayCarrier } from '../../../server/index.ts'
import type { Output } from '../../output.ts'
import type { ChainTools, RunPlace } from '../chain.ts'
import { type RunOptions, serve, startLocal } from '../shared/local-chain.ts'
import { relayingOf } from '../shared/node-settings.ts'
import type { PayerEntry } from '../shared/settings.ts'
import { givenPlace } from '../shared/target.ts'
import type { DeployOptions } from './deploy.ts'
import { stellarInit } from './init.ts'
import type { KeepOptions } from './keep-alive.ts'
import type { KeyOptions } from './key.ts'
import { nodeSettings } from './node-settings.ts'
import type { StellarEntry } from './settings.ts'
import { configuredPlace, configuredTarget, givenTarget, type LookOptions } from './target.ts'

interface Relayed {
  readonly payer: PayerEntry
  readonly entry: StellarEntry | undefined
  readonly logger: Logger
}

interface KeepAsked {
  readonly entry: StellarEntry | undefined
  readonly contexts: readonly string[]
  readonly options: KeepOptions & LookOptions & { readonly deployment?: string }
}

/** @throws CLI_RELAYER_CHAIN, CHAIN_KEY, CHAIN_DEPLOYMENT (input) */
async function openCarrier({ logger, ...asked }: Relayed): Promise<RelayCarrier> {
  const { key, entry, perDay } = relayingOf('stellar', asked)
  const { key: nodeKey, relayer: _other, ...init } = await stellarInit(entry)
  const { openRelay } = await withSdk(
    'stellar',
    () => import('../../../chains/stellar/send/relay.ts'),
  )
  return openRelay({ ...init, key, nodeKey, perDay }, { clock: systemClock, logger })
}

export const tools: ChainTools = {
  init: nodeSettings,
  openAnchor: async (entry: StellarEntry) => stellarAnchor(await stellarInit(entry)),
  openCarrier,
  configured: configuredTarget,
  given: givenTarget,
  async deploy(options: DeployOptions, output: Output) {
    const { openDeployment } = await withSdk('stellar', () => import('./deploy.ts'))
    return openDeployment(options, output)
  },
  async key(options: KeyOptions, output: Output) {
    const { makeKey } = await withSdk('stellar', () => import('./key.ts'))
    return makeKey(options, output)
  },
  async keepAlive({ entry, contexts, options }: KeepAsked) {
    const place =
      entry === undefined
        ? givenPlace(options.deployment ?? '', options)
        : configuredPlace(entry, options)
    const { openKeepAlive } = await withSdk('stellar', () => import('./keep-alive.ts'))
    return openKeepAlive(place, contexts, options)
  },
  async run(options: RunOptions, place: RunPlace) {
    const { chains } = await withSdk('stellar', () => import('./local-chain.ts'))
    return serve(chains, options, place)
  },
  async start(folder) {
    const { chains } = await withSdk('stellar', () => import('./local-chain.ts'))
    return startLocal(chains, folder)
  },
}
