/** What the commands ask of NEAR. Its SDK is loaded by those that need it. */
import { nearAnchor } from '../../../chains/near/index.ts'
import { withSdk } from '../../../chains/shared/sdk.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import type { RelayCarrier } from '../../../server/index.ts'
import { secretReference } from '../../arguments.ts'
import { cliError } from '../../errors.ts'
import type { Output } from '../../output.ts'
import type { ChainTools, RunPlace } from '../chain.ts'
import type { PayerEntry } from '../settings.ts'
import type { DeployOptions } from './deploy.ts'
import { nearInit } from './init.ts'
import type { KeyOptions } from './key.ts'
import { nodeSettings } from './node-settings.ts'
import type { RunOptions } from './run.ts'
import type { NearEntry } from './settings.ts'
import { configuredTarget, givenTarget } from './target.ts'

interface Relaying {
  readonly payer: PayerEntry
  readonly entry: NearEntry | undefined
  readonly logger: Logger
}

/** @throws CLI_RELAYER_CHAIN, CHAIN_KEY, CHAIN_DEPLOYMENT (input) */
async function openCarrier({ payer, entry, logger }: Relaying): Promise<RelayCarrier> {
  const key = secretReference(payer.keyFile, payer.keyEnv)
  if (key === undefined || entry === undefined) {
    const message =
      'the relayer pays on the chain of anchor.near: expected its rpc_urls and deployment'
    throw cliError('CLI_RELAYER_CHAIN', message)
  }
  const { key: nodeKey, relayer: _other, ...init } = await nearInit(entry)
  const { openRelay } = await withSdk('near', () => import('../../../chains/near/send/relay.ts'))
  const perDay = payer.perDay === undefined ? undefined : BigInt(payer.perDay)
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
    const { run } = await withSdk('near', () => import('./run.ts'))
    return run(options, place)
  },
  async start(folder) {
    const { start } = await withSdk('near', () => import('./run.ts'))
    return start(folder)
  },
}
