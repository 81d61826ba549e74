/** The relayer of a node, from its configuration: which chains it pays on, from which account, for whom. */
import { isChainAnchor } from './config/options/anchor.ts'
import type { Config } from './config/schema.ts'
import type { Metrics } from '../node/metrics.ts'
import { systemClock } from '../node/primitives/clock.ts'
import type { Logger } from '../node/primitives/logger.ts'
import { readApiKeys, relayer } from '../server/index.ts'
import type { RelayCarrier, Relayer } from '../server/index.ts'
import { cliError } from './errors.ts'
import { keyReference } from './ethereum-flags.ts'
import { ethereumInit } from './ethereum-init.ts'

/**
 * Undefined when the relayer is off.
 * @throws CLI_RELAYER_CHAIN, RELAYER_CONFIG, ETHEREUM_KEY, ETHEREUM_DEPLOYMENT (input)
 */
export async function openRelayer(
  config: Config,
  components: { readonly logger: Logger; readonly metrics: Metrics },
): Promise<Relayer | undefined> {
  const { relayer: settings } = config
  if (!settings.enabled) return undefined
  const { operations, maxUnderWay, gasPerDay, apiKeysFile, apiKeysEnv } = settings
  const apiKeys = keyReference(apiKeysFile, apiKeysEnv)
  const init = {
    apiKeys: apiKeys && (await readApiKeys(apiKeys)),
    isOpen: settings.open,
    quotas: { ...settings, gasPerDay: BigInt(gasPerDay) },
    carriers: [await openCarrier(config, components.logger)],
  }
  return relayer({ ...init, operations, maxUnderWay })({ ...components, clock: systemClock })
}

async function openCarrier(config: Config, logger: Logger): Promise<RelayCarrier> {
  const { keyFile, keyEnv } = config.relayer.ethereum ?? {}
  const key = keyReference(keyFile, keyEnv)
  const entry = config.anchor['ethereum']
  if (key === undefined || entry === undefined || !isChainAnchor(entry)) {
    const message =
      'the relayer pays on the chain of anchor.ethereum: expected its rpc_urls and deployment'
    throw cliError('CLI_RELAYER_CHAIN', message)
  }
  const { key: nodeKey, relayer: _other, ...init } = await ethereumInit(entry)
  const { openRelay } = await import('../chains/ethereum/send/relay.ts')
  return openRelay({ ...init, key, nodeKey }, { clock: systemClock, logger })
}
