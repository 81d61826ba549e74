/** The relayer of a node, from its configuration: which chains it pays on, from which account, for whom. */
import type { Config } from './config/schema.ts'
import type { Metrics } from '../node/metrics.ts'
import { systemClock } from '../node/primitives/clock.ts'
import type { Logger } from '../node/primitives/logger.ts'
import { readApiKeys, relayer } from '../server/index.ts'
import type { RelayCarrier, Relayer } from '../server/index.ts'
import { secretReference } from './arguments.ts'
import { CHAINS } from './chains/chains.ts'

/**
 * Undefined when the relayer is off.
 * @throws CLI_RELAYER_CHAIN, RELAYER_CONFIG, CHAIN_KEY, CHAIN_DEPLOYMENT (input)
 */
export async function openRelayer(
  config: Config,
  components: { readonly logger: Logger; readonly metrics: Metrics },
): Promise<Relayer | undefined> {
  const { relayer: settings } = config
  if (!settings.enabled) return undefined
  const { operations, maxUnderWay, apiKeysFile, apiKeysEnv } = settings
  const apiKeys = secretReference(apiKeysFile, apiKeysEnv)
  const init = {
    apiKeys: apiKeys && (await readApiKeys(apiKeys)),
    isOpen: settings.open,
    quotas: settings,
    carriers: await openCarriers(config, components.logger),
  }
  return relayer({ ...init, operations, maxUnderWay })({ ...components, clock: systemClock })
}

/** One for each chain that the configuration names an account on. */
async function openCarriers(config: Config, logger: Logger): Promise<RelayCarrier[]> {
  const carriers: RelayCarrier[] = []
  try {
    for (const { name, tools } of CHAINS) {
      const payer = config.relayer[name] as object | undefined // the chain's own settings made it
      if (payer === undefined) continue
      const { openCarrier } = await tools()
      const carrier = await openCarrier?.({ payer, entry: config.anchor[name], logger })
      if (carrier !== undefined) carriers.push(carrier)
    }
    return carriers
  } catch (error) {
    for (const carrier of carriers) carrier.stop()
    throw error
  }
}
